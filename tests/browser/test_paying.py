"""A customer buys at the checkout of a simulator of Mollie; two colleagues send money back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bursar.access.models import User
from bursar.billing.store import set_details
from bursar.core import clock
from bursar.mollie_sim import posting
from bursar.mollie_sim.server import serving
from bursar.mollie_sim.simulator import Simulator
from bursar.payments import gateway as gateways
from bursar.payments.models import Charge, Payment, Refund
from bursar.staff.models import Role, StaffMember
from tests.browser.test_visit import sign_in
from tests.cast import PASSWORD, Cast, bring_all, person, prove, seat
from tests.payments.buying import DETAILS, apply_all
from tests.payments.counter import PATH, _take_job
from tests.payments.till import KEY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass
class Mollie:
    """The simulator, and a worker that works when it is asked to."""

    simulator: Simulator

    def work(self) -> None:
        from procrastinate.contrib.django import app

        self.simulator.tick()
        while job := _take_job():
            app.tasks[job[1]](**job[2])
        apply_all()

    def work_until(self, page: Any, is_there: Callable[[], bool]) -> None:
        for _ in range(300):
            self.work()
            if is_there():
                return
            page.wait_for_timeout(100)
        raise AssertionError(f"it never came: {page.url} {page.inner_text('main')[:300]}")


def deliver(parcel: posting.Parcel) -> int:
    kind = parcel.headers["Content-Type"]
    headers = {name: value for name, value in parcel.headers.items() if name != "Content-Type"}
    return Client().post(PATH, parcel.body, kind, headers=headers).status_code


@pytest.fixture
def mollie(committed: Cast, live_server: Any, settings: Any) -> Iterator[Mollie]:
    simulator = Simulator(clock.now(), send=deliver)
    with serving(simulator) as address:
        settings.BURSAR_ADDRESS, settings.BURSAR_TERMS_VERSION = live_server.url, "2026-11"
        settings.BURSAR_MOLLIE_KEY, settings.BURSAR_MOLLIE_URL = KEY, address
        gateways.forget()
        yield Mollie(simulator)
    gateways.forget()


def test_bought_at_the_checkout(committed: Cast, live_server: Any, mollie: Mollie, page: Any) -> None:
    base, old = live_server.url, clock.now() - timedelta(days=9)
    bring_all(*[line for who in ("ann", "ben") for line in person(who, who.capitalize())])
    bring_all(seat("panel", "ann", "member", old), seat("panel", "ben", "member", old))
    set_details({committed.samen.pk: DETAILS}, clock.now())
    sign_in(page, base, "lotte@client.example")
    page.goto(f"{base}/billing/{committed.samen.public_id}")
    assert "test, no money moves" in page.inner_text("#paying")
    page.click("#paying >> text=Buy a plan")
    page.wait_for_selector("dialog[open] #preview:has-text('Together € 3,267.00 with VAT.')")
    page.locator("#dialog .button.main").click()
    page.wait_for_selector("#dialog .fault")
    page.check("#f-agrees")
    page.locator("#dialog .button.main").click()
    page.wait_for_selector("h1:has-text('Your checkout is being made')")
    mollie.work_until(page, lambda: "/checkout/" in page.url)
    page.click("text=Continue")
    page.wait_for_selector("section.paying")
    mollie.work_until(page, lambda: "Paid, thank you" in page.inner_text("main"))
    charge = Charge.objects.get(kind="first")
    assert f"/pay/{charge.public_id}" in page.url and charge.gross == Decimal("3267.00")
    page.click("text=To your account")
    page.wait_for_selector("#paying:has-text('€ 3,267.00')")
    text = page.inner_text("#paying")
    assert "Cancel plan" in text and "Change plan" in text and "Buy a plan" not in text
    assert "First interval: Changemaker, billed yearly, 3 seats" in text
    prove()


def test_left_at_the_checkout(committed: Cast, live_server: Any, mollie: Mollie, page: Any) -> None:
    """Whoever comes back has not paid because they came back."""
    base = live_server.url
    set_details({committed.samen.pk: DETAILS}, clock.now())
    sign_in(page, base, "lotte@client.example")
    page.goto(f"{base}/billing/{committed.samen.public_id}")
    page.click("#paying >> text=Buy a plan")
    page.check("#f-agrees")
    page.locator("#dialog .button.main").click()
    mollie.work_until(page, lambda: "/checkout/" in page.url)
    page.select_option("select[name=outcome]", "open")
    page.click("text=Continue")
    mollie.work_until(page, lambda: "We have not heard of a payment yet" in page.inner_text("main"))
    mollie.work()
    assert "Paid" not in page.inner_text("main")
    page.click("text=Go on to pay")
    page.select_option("select[name=outcome]", "failed:card_declined")
    page.click("text=Continue")
    mollie.work_until(page, lambda: "This checkout is over" in page.inner_text("main"))
    page.locator(".own-levers a", has_text="Buy a plan").click()
    page.wait_for_selector("dialog[open]")
    prove()


def colleague(name: str) -> StaffMember:
    user = User.objects.create_user(f"{name}@agora.example", name.capitalize(), PASSWORD)
    member = StaffMember.objects.create(user=user)
    member.roles.add(Role.objects.get(slug="finance"))
    return member


def test_refunded_by_two_people(committed: Cast, live_server: Any, mollie: Mollie, page: Any, chromium: Any) -> None:
    base, now = live_server.url, clock.now()
    fien, floor = colleague("fien"), colleague("floor")
    paid = Payment.objects.create(
        account=committed.samen, mollie_id="tr_ofTheBrowser", kind="first", mode="test", amount=Decimal("400.00"),
        status="paid", method="directdebit", at=now, paid_at=now, learned_at=now, to_apply=False,
    )  # fmt: skip
    sign_in(page, base, "fien@agora.example")
    page.goto(f"{base}/panel/accounts/{committed.samen.public_id}")
    page.click(".tools .kebab")
    page.click("#menu >> text=Refund…")
    page.wait_for_selector("dialog[open]")
    page.fill("#f-amount", "300")
    page.wait_for_selector("#preview:has-text('the money has left twice')")
    page.check("#f-accepts_twice")
    page.fill("#f-reason", "Bought by mistake")
    page.wait_for_selector("#preview:has-text('A second person decides')")
    page.locator("#dialog .button.main").click()
    page.wait_for_selector(".toasts:has-text('wait for a second person')")
    page.goto(f"{base}/panel/to-approve/")
    page.wait_for_selector("nav[aria-label=Panel] a:has-text('To approve 1')")
    assert "You asked for this yourself. Somebody else decides." in page.inner_text("main")

    other = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    other.set_default_timeout(15_000)
    sign_in(other, base, "floor@agora.example")
    other.goto(f"{base}/panel/to-approve/")
    assert "Bought by mistake" in other.inner_text("main")
    other.click("text=Approve…")
    other.wait_for_selector("dialog[open]")
    other.locator("#dialog .button.main").click()
    other.wait_for_selector("text=Nothing waits for a second person")
    made = Refund.objects.get(payment=paid)
    assert (made.state, made.asked_by, made.decided_by) == ("sending", fien, floor)

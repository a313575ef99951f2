"""One customer's life with payments, from the checkout to a plan that is cancelled and resumed, as all sides see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bursar.billing.store import set_details
from bursar.core import clock
from bursar.core.ticks import TICKS
from bursar.payments.models import Charge, Mandate, Payment, Refund, Subscription
from bursar.payments.queries import get_meant
from bursar.rollup.refresh import refresh
from tests.browser.test_paying import Mollie, colleague, mollie
from tests.browser.test_visit import sign_in
from tests.cast import Cast, bring_all, person, prove, seat
from tests.payments.buying import DETAILS

__all__ = ["mollie"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def moved() -> Iterator[None]:
    """The clock may be moved; afterwards it runs again."""
    yield
    clock.set_fixed(None)


class Sides:
    """Lotte pays, Iris leads, Fien and Floor decide on money; each in a browser of their own."""

    def __init__(self, chromium: Any, base: str, cast: Cast, there: Mollie) -> None:
        self.chromium, self.base, self.cast, self.there = chromium, base, cast, there
        self.pages: dict[str, Any] = {}

    def of(self, email: str) -> Any:
        if email not in self.pages:
            page = self.chromium.new_context(viewport={"width": 1480, "height": 900}).new_page()
            page.set_default_timeout(60_000)
            sign_in(page, self.base, email)
            self.pages[email] = page
        return self.pages[email]

    @property
    def lotte(self) -> Any:
        page = self.of("lotte@client.example")
        page.goto(f"{self.base}/billing/{self.cast.samen.public_id}")
        return page

    def staff(self, path: str, who: str = "iris") -> Any:
        page = self.of(f"{who}@agora.example")
        page.goto(f"{self.base}{path}")
        return page

    def lever(self, page: Any, words: str, **fields: str) -> None:
        """A lever of staff on the account's page; who asks for it gives a reason."""
        page.goto(f"{self.base}/panel/accounts/{self.cast.samen.public_id}")
        page.click(".tools .kebab")
        page.click(f"#menu >> text={words}")
        page.wait_for_selector("dialog[open]")
        for name, value in fields.items():
            field = page.locator(f"#f-{name}")
            field.select_option(value) if field.evaluate("e => e.tagName") == "SELECT" else field.fill(value)
        page.fill("#f-reason", "They asked for it")

    def confirm(self, page: Any) -> None:
        page.locator("#dialog .button.main").click()
        page.wait_for_selector("dialog[open]", state="hidden")

    def later(self, **span: int) -> None:
        """Days pass; the worker wakes at their end."""
        clock.set_fixed(clock.now() + timedelta(**span))
        self.there.simulator.advance(timedelta(**span))
        self.work()

    def work(self) -> None:
        for name in [name for name in TICKS if name.startswith("payments.")]:
            TICKS[name](clock.now())
        for _ in range(3):  # what is asked for is decided, told, and looked up
            self.there.work()
        refresh(clock.now())


def buy(sides: Sides) -> None:
    page = sides.lotte
    page.click("#paying >> text=Buy a plan")
    page.wait_for_selector("dialog[open]")
    page.select_option("#f-cadence", "monthly")
    page.wait_for_selector("#preview:has-text('Together € 312.18 with VAT.')")
    page.check("#f-agrees")
    page.locator("#dialog .button.main").click()
    sides.there.work_until(page, lambda: "/checkout/" in page.url)
    page.select_option("select[name=method]", "creditcard")
    page.click("text=Continue")
    page.wait_for_selector("section.paying")
    sides.there.work_until(page, lambda: "Paid, thank you" in page.inner_text("main"))
    sides.work()


def see_it_everywhere(sides: Sides, mrr: str) -> None:
    page = sides.lotte
    assert "3 seats" in page.inner_text("#paying") and "Cancel plan" in page.inner_text("#paying")
    page = sides.staff("/panel/usage/?q=samen")
    row = page.locator("tbody tr").first.inner_text()
    assert mrr in row and "Changemaker" in row, row
    page = sides.staff("/panel/payments/?month=all")
    assert "312.18" in page.inner_text("main") and "Samen" in page.inner_text("main")


def fail_and_retry(sides: Sides) -> None:
    for one in sides.there.simulator.world.mandates.values():
        one.next = ["failed:insufficient_funds"]
    sides.later(days=31)
    charge = Charge.objects.get(kind="renewal", state="failed")
    page = sides.lotte
    assert "Pay now" in page.inner_text("#paying")
    page = sides.staff("/panel/usage/?q=samen")
    assert "past due" in page.locator("tbody tr").first.inner_text().lower()
    page = sides.staff("/panel/at-risk/")
    page = sides.staff("/panel/payments/?status=failed")
    assert "312.18" in page.inner_text("main")
    page = sides.staff("/panel/payments/gap/")
    page = sides.staff(f"/panel/accounts/{sides.cast.samen.public_id}")
    sides.lever(page, "Retry charge")
    page.wait_for_selector("#preview:has-text('one of 4 tries')")
    sides.confirm(page)
    sides.later(minutes=5)
    charge.refresh_from_db()
    assert charge.state == "paid" and "Pay now" not in sides.lotte.inner_text("#paying")


def upgrade(sides: Sides) -> None:
    page = sides.staff("/panel/usage/")
    sides.lever(page, "Send checkout", tier="guardian", cadence="monthly")
    sides.confirm(page)
    page = sides.lotte
    assert "Guardian" in page.inner_text("#paying")
    page.locator("#paying .own-levers a", has_text="Change plan").click()
    page.wait_for_selector("dialog[open]")
    page.select_option("#f-tier", "guardian")
    page.wait_for_selector("#preview:has-text('The next charge: € 624.36 with VAT')")
    page.locator("#dialog .button.main").click()
    page.wait_for_url(re.compile("/pay/"))
    sides.later(minutes=5)
    sides.there.work_until(page, lambda: "Paid, thank you" in page.inner_text("main"))
    sides.later(days=1)
    assert "Guardian" in sides.staff("/panel/usage/?q=samen").locator("tbody tr").first.inner_text()
    assert "offers you" not in sides.lotte.inner_text("#paying")
    meant = get_meant(sides.cast.samen.pk)
    assert meant is not None and str(meant.amount) == "624.36"


def refund_by_two(sides: Sides) -> None:
    colleague("fien"), colleague("floor")
    paid = Payment.objects.get(kind="first")
    page = sides.staff("/panel/usage/", "fien")
    sides.lever(page, "Refund", payment=paid.public_id, amount="300")
    page.wait_for_selector("#preview:has-text('A second person decides')")
    sides.confirm(page)
    assert Refund.objects.get().state == "asked" and not sides.there.simulator.world.refunds
    page = sides.staff("/panel/to-approve/", "fien")
    assert "Somebody else decides" in page.inner_text("main")
    page = sides.staff("/panel/to-approve/", "floor")
    page.click("text=Approve…")
    page.wait_for_selector("dialog[open]")
    sides.confirm(page)
    sides.work()
    sides.later(days=3)
    assert [one.status for one in sides.there.simulator.world.refunds.values()] == ["refunded"]
    text = sides.lotte.inner_text("#paying")
    assert "300.00" in text, text


def cancel_and_resume(sides: Sides) -> None:
    page = sides.lotte
    page.click("#paying >> text=Cancel plan")
    page.wait_for_selector("#preview:has-text('falls to Free')")
    sides.confirm(page)
    sides.work()
    assert {one.status for one in sides.there.simulator.world.subscriptions.values()} == {"canceled"}
    page = sides.lotte
    assert "Resume plan" in page.inner_text("#paying")
    page.click("#paying >> text=Resume plan")
    page.wait_for_selector("#preview:has-text('Nothing is charged now')")
    sides.confirm(page)
    sides.work()
    living = Subscription.objects.filter(status="active").get()
    assert living.is_meant and Mandate.objects.filter(mollie_id=living.mollie_mandate_id, status="valid").exists()
    page = sides.lotte
    assert "Cancel plan" in page.inner_text("#paying")


@pytest.mark.usefixtures("moved")
def test_one_life(committed: Cast, live_server: Any, mollie: Mollie, chromium: Any) -> None:
    old = clock.now() - timedelta(days=9)
    bring_all(*[line for who in ("ann", "ben") for line in person(who, who.capitalize())])
    bring_all(seat("panel", "ann", "member", old), seat("panel", "ben", "member", old))
    set_details({committed.samen.pk: DETAILS}, clock.now())
    clock.set_fixed(clock.now())
    sides = Sides(chromium, live_server.url, committed, mollie)
    buy(sides)
    see_it_everywhere(sides, "258.00")
    fail_and_retry(sides)
    upgrade(sides)
    refund_by_two(sides)
    cancel_and_resume(sides)
    sides.staff("/panel/payments/?month=all")
    prove()

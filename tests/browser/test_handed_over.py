"""A partner's client takes its workspace over: handed off by staff, and it pays for itself at the checkout."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.access.models import User
from bursar.billing.store import set_details
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.rollup.models import AccountMonth
from bursar.rollup.refresh import refresh
from bursar.tenants.models import Person
from tests.browser.test_partner import make_client_space, partner, shoot, sign_in
from tests.browser.test_paying import Mollie, mollie
from tests.cast import PASSWORD, Cast, bring_all, prove, seat
from tests.payments.buying import DETAILS

__all__ = ["mollie", "partner"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_partner_to_a_client_that_pays(
    partner: Cast, live_server: Any, mollie: Mollie, page: Any, chromium: Any
) -> None:
    base = live_server.url
    maud, jan = (chromium.new_context(viewport={"width": 1280, "height": 900}).new_page() for _ in range(2))
    for one in (maud, jan):
        one.set_default_timeout(15_000)
    sign_in(maud, base, "maud@client.example")
    raad = make_client_space(maud)
    bring_all(
        seat(raad.external_id, "jan", "observer", clock.now()),
        {"kind": "login", "person": "jan", "day": clock.now().date().isoformat(), "count": 6},
    )
    sign_in(page, base, "iris@agora.example")
    page.goto(f"{base}/panel/partners/external-led")
    page.wait_for_selector("td:has-text('Universiteit Oost')")

    page.goto(f"{base}/panel/actions/workspace/{raad.public_id}/hand_off")
    page.select_option("#f-admin", label="Jan")
    page.fill("#f-typed", "Raad van Oost")
    page.fill("[name=reason]", "Both agreed on the phone")
    shoot(page, "hand-off")
    page.locator("form button.main").last.click()
    page.wait_for_url(lambda url: "hand_off" not in url)
    raad.refresh_from_db()
    assert raad.organisation.external_id == "oost"
    assert maud.goto(f"{base}/workspaces/{raad.public_id}").status == 404

    Person.objects.filter(external_id="jan").update(user=User.objects.create_user("jan@oost.example", "Jan", PASSWORD))
    set_details({raad.account_id: DETAILS}, clock.now())
    sign_in(jan, base, "jan@oost.example")
    jan.goto(f"{base}/billing/{raad.account.public_id}")
    jan.click("#paying >> text=Buy a plan")
    jan.check("#f-agrees")
    jan.locator("#dialog .button.main").click()
    mollie.work_until(jan, lambda: "/checkout/" in jan.url)
    jan.click("text=Continue")
    jan.wait_for_selector("section.paying")
    mollie.work_until(jan, lambda: "Paid, thank you" in jan.inner_text("main"))
    refresh(clock.now())
    month = AccountMonth.objects.get(account=raad.account, month=Month.of(clock.now()).first)
    assert (month.klass, month.movement) == ("paying", "new") and month.mrr > 0
    prove()

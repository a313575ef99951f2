"""A partner makes a workspace for its client; staff see the client lead, and take that in hand."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.calendar import midnight
from bursar.partners.store.accruing import accrue
from bursar.tenants.models import Workspace
from tests.browser.axe import audit
from tests.browser.test_visit import kebab_of
from tests.cast import PASSWORD, Cast, bring_all, prove, seat
from tests.partners.helpers import refer
from tests.payments import ledger

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("SHOTS", "")


def sign_in(page: Any, base: str, email: str) -> None:
    """Colleagues land in the panel, customers at home."""
    page.goto(f"{base}/sign-in/")
    page.fill("#login", email)
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def shoot(page: Any, name: str) -> None:
    """For whoever wants to look at it."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.fixture
def partner(committed: Cast) -> Cast:
    """Haarlem is one, and Maud owns it; Jan of Oost has an address of his own house."""
    since = clock.now() - timedelta(minutes=5)
    run("tenants.organisation.set_partner", committed.iris, committed.haarlem.organisation.public_id,
        {"partner": "yes"}, reason="Agreement of May")  # fmt: skip
    bring_all(
        {"kind": "organisation_member", "organisation": "haarlem", "person": "maud", "role": "owner", "from": since},
        {"kind": "person", "external_id": "jan", "name": "Jan", "email": "jan@oost.example"},
    )
    return committed


def make_client_space(maud: Any) -> Workspace:
    """By the dialog on her page: for Oost, whose Jan is invited."""
    maud.click("text=Create client workspace…")
    maud.wait_for_selector("dialog[open]")
    maud.fill("#f-name", "Raad van Oost")
    maud.fill("#f-data_owner", "oost")
    maud.fill("#f-data_owner_email", "jan@oost.example")
    maud.check("#f-agreement")
    shoot(maud, "dialog")
    maud.locator("#dialog .button.main").click()
    maud.wait_for_selector("dialog[open]", state="hidden")
    return Workspace.objects.get(name="Raad van Oost")


def test_a_partner_makes_a_workspace_and_its_client_begins_to_lead(
    partner: Cast, live_server: Any, page: Any, chromium: Any
) -> None:
    base = live_server.url
    maud = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    maud.set_default_timeout(15_000)
    sign_in(maud, base, "maud@client.example")
    made = make_client_space(maud)
    bring_all(
        seat(made.external_id, "jan", "observer", clock.now()),
        {"kind": "login", "person": "jan", "day": clock.now().date().isoformat(), "count": 6},
    )

    sign_in(page, base, "ties@agora.example")
    page.goto(f"{base}/panel/partners/external-led")
    page.wait_for_selector("td:has-text('Universiteit Oost')")
    assert "6 of 6 logins of people in Raad van Oost in 30 days are of people at oost.example." in page.inner_text(
        "main"
    )
    kebab_of(page, "Universiteit Oost").click()
    page.click("text=Take…")
    page.wait_for_selector("dialog[open]")
    page.locator("#dialog .button.main").click()
    page.wait_for_selector("td:has-text('Ties')")
    shoot(page, "led")
    prove()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_about_partners(partner: Cast, live_server: Any, chromium: Any, scheme: str) -> None:
    base, today = live_server.url, clock.now().date()
    day = today - timedelta(days=150)
    entry = refer(partner, partner.samen, today - timedelta(days=200), partner.haarlem.organisation, cap="40.00",
                  expires_on=(today + timedelta(days=90)).isoformat())  # fmt: skip
    for method in ("creditcard", "directdebit"):
        owed = ledger.charge(partner.samen, day, "upgrade", settled_at=clock.now())
        ledger.payment(partner.samen, midnight(day), owed=owed, method=method, to_book=False)
    accrue(entry.partner_id, clock.now())
    page = chromium.new_context(
        viewport={"width": 1480, "height": 900}, color_scheme=scheme, bypass_csp=True
    ).new_page()
    page.set_default_timeout(15_000)
    sign_in(page, base, "iris@agora.example")
    found = []
    for name, path in {"page": "", "partner": entry.partner.public_id, "led": "external-led"}.items():
        page.goto(f"{base}/panel/partners/{path}")
        page.wait_for_selector("h1")
        shoot(page, f"{name}-{scheme}")
        found += audit(page, f"/panel/partners/{path}")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{base}/panel/partners/{entry.partner.public_id}")
    shoot(page, f"phone-{scheme}")
    customer = chromium.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=scheme, bypass_csp=True
    ).new_page()
    sign_in(customer, base, "maud@client.example")
    customer.goto(f"{base}/partner-programme/{entry.partner.public_id}")
    shoot(customer, f"own-{scheme}")
    found += audit(customer, "/partner-programme/")
    assert not found, found

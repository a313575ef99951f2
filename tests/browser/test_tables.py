"""Long names, many badges, large amounts: what a crowded company puts into the cells, at every width."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.core import clock
from bursar.tenants.models import BillingAccount, Workspace
from tests.browser.tables import WIDTHS, list_cut
from tests.browser.test_visit import kebab_of, sign_in
from tests.cast import Cast, bring_all, organisation, person, seat, usage, workspace
from tests.requests.helpers import ask

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "Coöperatie Kromme Rijn, Utrechtse Heuvelrug en Vallei"


def lines_of(n: int, now: datetime, **terms: Any) -> Iterator[dict[str, Any]]:
    """An organisation with three workspaces, of which the last is free, and full; `terms`: of the last twenty days."""
    old, ref = now - timedelta(days=400), f"long-{n}"
    account = {"account": {"organisation": ref}}
    yield {**organisation(ref, f"{LONG} {n}", old)[0], "is_partner": n < 2}
    for m, tier in enumerate(("guardian", "changemaker", "free")):
        yield from workspace(f"{ref}-{m}", ref, f"Omgevingsvisie en klimaatadaptatie {m}", old)
        yield seat(f"{ref}-{m}", "wil", "owner", old)
        yield {"kind": "tier", "workspace": f"{ref}-{m}", "tier": tier, "from": old}
        yield usage(f"{ref}-{m}", f"{ref}-{m}-u", now - timedelta(days=2), 3700, "wil")
    yield {"kind": "payment", **account, "mode": "self_serve", "status": "active", "cadence": "yearly", "from": old}
    paid = {"external_id": f"{ref}-p", "source": "mollie", "net": "54000.00", "gross": "65340.00"}
    booked = now - timedelta(days=360)
    yield {
        "kind": "paid",
        **account,
        **paid,
        "from": booked,
        "booked_at": booked,
        "until": now + timedelta(days=5, hours=3),
    }
    if terms:
        yield {"kind": "payment", **account, "cadence": "yearly", "from": now - timedelta(days=20), **terms}


@pytest.fixture
def crowded(committed: Cast) -> Cast:
    """Accounts of every kind of badge: partner, past due, cancelled, managed, discounted, at cap."""
    now = clock.now()
    late = {"status": "past_due", "past_due_since": now - timedelta(days=20)}
    ends = {"status": "cancelled", "paid_until": now + timedelta(days=5, hours=3)}
    kinds: list[dict[str, Any]] = [
        {},
        {"mode": "self_serve", **late},
        {"mode": "managed", "status": "none"},
        {"mode": "self_serve", **ends},
    ]
    bring_all(
        *person("wil", "Wilhelmina van den Berg-Hoogenboezem"),
        *[line for n, terms in enumerate(kinds) for line in lines_of(n, now, **terms)],
    )
    for account in BillingAccount.objects.filter(organisation__external_id__startswith="long-"):
        discount = {"kind": "scholarship", "percent": 50, "end_date": ""}
        run("plans.account.set_discount", committed.iris, account.public_id, discount, reason="Spring")
        manager = {"manager": committed.noor.id}
        run("plans.account.assign_manager", committed.iris, account.public_id, manager, reason="Hers")
    ask("lotte", committed.panel)
    return committed


def places(cast: Cast) -> Iterator[str]:
    account = BillingAccount.objects.filter(organisation__external_id="long-0").get()
    yield from ("/panel/usage/", "/panel/at-risk/", "/panel/requests/", "/panel/usage/movements", "/panel/book/")
    yield f"/panel/accounts/{account.public_id}"
    yield f"/panel/organisations/{account.organisation.public_id}"
    yield f"/panel/workspaces/{Workspace.objects.get(external_id='long-0-0').public_id}"


def test_no_amount_and_no_badge_is_cut(crowded: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    found = []
    for address in places(crowded):
        page.goto(live_server.url + address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{address} at {line}" for line in list_cut(page, width)]
    assert found == []


def test_a_table_that_goes_on_says_so_until_its_end(crowded: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.set_viewport_size({"width": 800, "height": 900})
    page.goto(f"{live_server.url}/panel/usage/")
    frame = page.locator(".table-frame").first
    page.wait_for_selector(".table-frame.more")
    frame.evaluate("(frame) => frame.scrollTo(frame.scrollWidth, 0)")
    page.wait_for_selector(".table-frame:not(.more)")


def test_a_tick_stands_where_a_bulk_bar_stands(crowded: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/usage/")
    assert page.locator(".pick").first.is_visible()
    page.goto(f"{live_server.url}/panel/accounts/{crowded.haarlem.public_id}")
    assert kebab_of(page, "Burgerberaad Klimaat").is_visible()
    assert not page.locator(".pick:visible").count()

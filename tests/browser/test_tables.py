"""Long names, many badges, large amounts: what a crowded company puts into the cells, at every width."""

from __future__ import annotations

import re
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
from tests.payments import ledger
from tests.requests.helpers import ask

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MESSAGE = "We meet each Tuesday, and the free hours are used up after the second round; a yearly plan would do."
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
    ends = {"kind": "partner", "percent": 25, "end_date": (now + timedelta(days=120)).date().isoformat()}
    place = Workspace.objects.get(external_id="long-0-0").public_id
    run("plans.workspace.set_discount", committed.iris, place, ends, reason="As agreed")
    ask("lotte", committed.panel, message=MESSAGE)
    _charge_and_invite(BillingAccount.objects.get(organisation__external_id="long-0"), now)
    return committed


def _charge_and_invite(account: BillingAccount, now: datetime) -> None:
    """What was bought, charged and refused there, and who is invited."""
    bought: dict[str, Any] = {"tier": "changemaker", "cadence": "yearly", "seats": 12, "settled_at": now}
    first = ledger.charge(account, now.date(), "first", **bought)
    ledger.payment(account, now, owed=first, kind="first", to_book=False)
    owed = ledger.charge(account, now.date(), state="failed", **{**bought, "settled_at": None, "failed_at": now})
    ledger.payment(account, now, "failed", owed=owed, method="creditcard", reason="insufficient_funds", to_book=False)
    bring_all({
        "kind": "invitation", "external_id": "long-i", "workspace": "long-0-0", "role": "external", "invited_by": "wil",
        "email": "colleague.van.den.berg@invited.example", "invited_at": (now - timedelta(days=2)).isoformat(),
    })  # fmt: skip


# Of each tag in a cell: how far it stands from where the cell's lines begin, and how high it is.
TAGS = """() => [...document.querySelectorAll("td .tag")].filter((tag) => tag.checkVisibility()).map((tag) => {
  const cell = tag.closest("td");
  const begins = cell.getBoundingClientRect().left + parseFloat(getComputedStyle(cell).paddingLeft);
  return [Math.abs(tag.getBoundingClientRect().left - begins), tag.offsetHeight];
})"""


def places(cast: Cast) -> Iterator[str]:
    account = BillingAccount.objects.filter(organisation__external_id="long-0").get()
    yield from ("/panel/usage/", "/panel/at-risk/", "/panel/requests/", "/panel/usage/movements/", "/panel/payments/")
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
    page.set_viewport_size({"width": 640, "height": 900})
    page.goto(f"{live_server.url}/panel/usage/movements/")
    frame = page.locator(".table-frame.scrolls.more").first
    frame.wait_for()
    handle = frame.element_handle()
    handle.evaluate("(frame) => frame.scrollTo(frame.scrollWidth, 0)")
    page.wait_for_function("(frame) => !frame.matches('.more')", arg=handle)


def test_the_head_of_a_long_table_stays_in_sight(crowded: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.set_viewport_size({"width": 1280, "height": 400})
    for address, head in (("/panel/usage/", "Account"), ("/panel/at-risk/", "Workspace")):
        page.goto(live_server.url + address)
        cell = page.get_by_role("columnheader", name=head).first
        last = page.locator("table").first.locator("tbody tr").last
        last.scroll_into_view_if_needed()
        assert page.evaluate("scrollY") > 100
        box = cell.bounding_box()
        assert 0 <= box["y"] < 20, (address, box)
        on_top = "([x, y]) => document.elementFromPoint(x, y).closest('th') !== null"
        assert page.evaluate(on_top, [box["x"] + 4, box["y"] + box["height"] / 2])


def test_a_rows_detail_holds_what_has_no_room_whole(crowded: Cast, live_server: Any, page: Any) -> None:
    """By key, at 1280: the hidden columns, the class's reason, every contact; and nothing that the row shows itself."""
    sign_in(page, live_server.url, "iris@agora.example")
    page.set_viewport_size({"width": 1280, "height": 900})
    address = f"{live_server.url}/panel/usage/?q={LONG.split()[1]}&sort=account"
    page.goto(address)
    page.keyboard.press("j")
    page.keyboard.press("o")
    detail = page.locator("tr.detail")
    detail.wait_for()
    labels = detail.locator("dt:visible")
    hidden = page.locator("thead th:not(:visible)").all_inner_texts()
    names = {one.strip().removesuffix(" €") for one in hidden} - {"Admin contact", "Actions"}
    assert {"Manager", "Last payment"} <= names <= set(labels.all_inner_texts())
    words = detail.inner_text()
    assert "A Mollie subscription is live." in words and "Noor" in words and "wil@client.example" in words
    assert "discounted 50 %, scholarship" in words and "Guardian, Changemaker, Free" in words
    assert not {"Seats", "Hours", "Tier"} & set(labels.all_inner_texts())
    page.set_viewport_size({"width": 1920, "height": 900})
    page.wait_for_function("() => !document.querySelector('.detail .c-manager').checkVisibility()")
    assert "A Mollie subscription is live." in detail.inner_text()
    page.keyboard.press("o")
    detail.wait_for(state="detached")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{address}&hide=manager")
    page.locator(".unfold").first.click()
    detail.wait_for()
    assert "Noor" not in detail.inner_text() and "Last payment" in detail.inner_text()


def test_a_tag_on_a_line_of_its_own_begins_where_the_line_does(crowded: Cast, live_server: Any, page: Any) -> None:
    """And is as high as its text; a menu's tabs show the whole of a long name, on a phone as well."""
    sign_in(page, live_server.url, "iris@agora.example")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/panel/usage/?q={LONG.split()[1]}&sort=account")
    tags = page.evaluate(TAGS)
    assert any(gap < 1 for gap, _ in tags), "one of them wraps"
    assert not [gap for gap, _ in tags if 1 <= gap < 12] and all(height < 22 for _, height in tags)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.locator("tr.nested .kebab").first.click()
        tabs = page.locator("#menu [role=tab]")
        tabs.first.wait_for()
        assert tabs.count() == 3
        assert tabs.evaluate_all("tabs => tabs.every((one) => one.scrollWidth <= one.clientWidth)")
        assert page.evaluate("() => document.getElementById('menu').scrollWidth <= innerWidth")
        page.keyboard.press("Escape")


def test_any_rows_detail_is_made_of_what_it_hides(crowded: Cast, live_server: Any, page: Any) -> None:
    """A long message: a few words in the row, whole in its detail, on a phone as well."""
    sign_in(page, live_server.url, "iris@agora.example")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{live_server.url}/panel/requests/")
        row = page.locator("tbody tr", has_text="Jeugdpanel")
        assert MESSAGE not in row.inner_text()
        row.locator(".unfold").click()
        assert MESSAGE in page.locator("tr.detail").inner_text()
        assert list_cut(page, width) == []


def test_a_workspaces_row_has_columns_of_its_own(crowded: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/panel/usage/?q={LONG.split()[1]}")
    rows = page.locator("tr.nested", has_text="Omgevingsvisie")
    words = rows.nth(0).inner_text()
    assert all(one in words for one in ("Guardian", "internal", "seat", "1.0 h")), words
    assert "unlimited" not in page.inner_text("main") and not rows.nth(0).locator("progress").count()
    assert "1 h 01 of 1 h" in rows.nth(2).inner_text() and rows.nth(2).locator("progress").is_visible()
    lefts = [[cell.bounding_box()["x"] for cell in rows.nth(n).locator("td").all()[:4]] for n in (0, 1, 3)]
    assert lefts[0] == lefts[1] == lefts[2]


def test_small_tables_become_lists_with_an_edge_on_a_phone(crowded: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(f"{live_server.url}/panel/accounts/{crowded.haarlem.public_id}")
    frame = page.locator(".panel .table-frame:has(.stack)").first
    assert frame.locator("td[data-head]").first.is_visible() and not frame.locator("thead").is_visible()
    edge = "(frame) => [getComputedStyle(frame).borderRightWidth, frame.matches('.scrolls'), frame.scrollWidth - frame.clientWidth]"
    assert frame.evaluate(edge) == ["1px", False, 0]


def test_movements_and_roles_are_whole_on_a_phone(crowded: Cast, live_server: Any, page: Any) -> None:
    """Nothing is swiped, on a tablet neither: each month's figures under their names, each action with the roles that
    may, folded by what it is on.
    """
    sign_in(page, live_server.url, "iris@agora.example")
    for width in (390, 768, 1024, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for address in ("/panel/usage/movements/", "/panel/staff/roles", "/panel/staff/roles?q=a"):
            page.goto(live_server.url + address)
            assert list_cut(page, width) == []
            assert not page.locator(".table-frame.scrolls").count(), (address, width)
    page.set_viewport_size({"width": 390, "height": 900})
    shown = "(cells) => cells.filter((cell) => cell.checkVisibility()).map((cell) => cell.dataset.head)"
    page.goto(f"{live_server.url}/panel/staff/roles")
    assert page.evaluate("document.body.scrollHeight") < 4000, "it was 27,000 px"
    page.fill("[name=q]", "change tier")
    row = page.locator(".matrix tr", has=page.locator("td.name", has_text=re.compile("^Change tier$")))
    row.wait_for()
    assert row.locator(".mid").evaluate_all(shown) == ["Success", "Finance", "Lead"]
    assert page.url.endswith("?q=change+tier") or page.url.endswith("?q=change%20tier")
    page.goto(f"{live_server.url}/panel/usage/movements/")
    month = page.locator("[data-chart=chart-movements] tbody tr").last
    heads = ["Start", "New", "Reactivation", "Expansion", "Contraction", "Churn"]
    assert month.locator("td").evaluate_all(shown) == [None, *heads, "Net", "End"]


def test_a_tick_stands_where_a_bulk_bar_stands(crowded: Cast, live_server: Any, page: Any) -> None:
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/usage/")
    assert page.locator(".pick").first.is_visible()
    page.goto(f"{live_server.url}/panel/accounts/{crowded.haarlem.public_id}")
    assert kebab_of(page, "Burgerberaad Klimaat").is_visible()
    assert not page.locator(".pick:visible").count()

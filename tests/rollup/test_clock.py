"""The clock alone: no worker runs in any of these."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.rollup import filters
from bursar.rollup.models import AccountMonth, MonthRestatement
from bursar.rollup.queries.totals import calc_totals
from bursar.rollup.refresh import refresh
from tests.cast import NOW, Cast, bring_all, export, fact, prove, shown_by, sign_in, usage


def figures(tmp_path: Any, address: str = "") -> tuple[Decimal, Decimal]:
    """MRR by page, API and CSV, which must be one figure; and the potential."""
    now = clock.now()
    view = filters.read(QueryDict(address), now)
    client = sign_in("iris@agora.example")
    page = client.get(f"/panel/usage/?{address}")
    api = client.get(f"/api/v1/rollup?{address}").json()
    totals = calc_totals(view)
    rows = export(client, "workspaces", address)
    for name, amount in (("mrr", totals.mrr), ("potential", totals.potential)):
        assert sum((Decimal(row[f"{name}_eur"] or 0) for row in rows), Decimal(0)) == amount
        assert Decimal(api["totals"][f"{name}_eur"]) == amount
    assert f"€ {totals.mrr:,.2f}" in shown_by(page)
    prove()
    return totals.mrr, totals.potential


def test_a_discount_ends_by_the_clock(cast: Cast, tmp_path: Any) -> None:
    data = {"kind": "scholarship", "percent": "50", "end_date": "2026-11-25"}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, data, reason="short")
    assert figures(tmp_path)[0] == 75
    with clock.frozen(datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC)):
        assert figures(tmp_path)[0] == 75
    with clock.frozen(datetime(2026, 11, 26, tzinfo=UTC)):
        assert figures(tmp_path)[0] == 150


def test_midnight_on_the_first(cast: Cast, tmp_path: Any) -> None:
    data = {"kind": "scholarship", "percent": "50", "end_date": "2026-12-01"}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, data, reason="short")
    with clock.frozen(Month.of(NOW).last_instant):
        assert figures(tmp_path)[0] == 75
    with clock.frozen(Month.of(NOW).end):
        assert figures(tmp_path)[0] == 75
        assert figures(tmp_path, "month=2026-11")[0] == 75
    with clock.frozen(datetime(2027, 2, 3, tzinfo=UTC)):
        assert figures(tmp_path)[0] == 150
        assert figures(tmp_path, "month=2026-11")[0] == 75
        assert figures(tmp_path, "month=2026-12")[0] == 150
        row = AccountMonth.objects.get(account=cast.haarlem, month="2026-12-01")
        assert (row.movement, row.previous_mrr) == ("expansion", 75)


def test_late_usage_restates_a_closed_month(cast: Cast) -> None:
    refresh(NOW)
    bring_all(usage("klimaat", "late", NOW - timedelta(days=40), 3600))
    restated = MonthRestatement.objects.get(account=cast.haarlem)
    assert (restated.why, restated.after) == ("late usage", {"recorded_seconds": 3600})
    row = AccountMonth.objects.get(account=cast.haarlem, month="2026-10-01")
    assert row.recorded_seconds == 3600 and row.restated_at is not None
    prove()


def test_history_imported_later_restates_and_says_so(cast: Cast) -> None:
    refresh(NOW)
    discount = {"kind": "discount", "account": {"organisation": "haarlem"}, "type": "partner", "percent": 50}
    bring_all({**discount, "from": NOW - timedelta(days=60), "until": NOW - timedelta(days=30)})
    restated = MonthRestatement.objects.filter(account=cast.haarlem)
    assert {row.month.isoformat() for row in restated} == {"2026-09-01"}
    assert fact(cast.haarlem).mrr == 150
    prove()


def test_late_booking_leaves_closed_months_as_they_were_known(cast: Cast) -> None:
    refresh(NOW)
    start = NOW - timedelta(days=100)
    line = {"kind": "paid", "account": {"organisation": "oost"}, "external_id": "i", "source": "managed", "from": start}
    bring_all({**line, "until": NOW + timedelta(days=265), "net": "1800", "gross": "2178", "booked_at": NOW})
    assert fact(cast.oost).klass == "paying"
    assert AccountMonth.objects.get(account=cast.oost, month="2026-10-01").klass == "managed"
    prove()


@pytest.mark.django_db(transaction=True)
def test_two_actions_of_one_account_in_parallel(committed: Cast) -> None:
    data = {"kind": "scholarship", "percent": "40", "end_date": ""}
    full = {"kind": "partner", "percent": "0", "end_date": ""}
    _together(
        lambda: run("plans.account.set_discount", committed.ties, committed.haarlem.public_id, data, reason="a"),
        lambda: run("plans.workspace.set_discount", committed.noor, committed.noord.public_id, full, reason="b"),
    )
    assert fact(committed.haarlem).mrr == Decimal("45") + 75
    prove()


@pytest.mark.django_db(transaction=True)
def test_two_resets_at_once_get_one_success_and_one_sentence(committed: Cast) -> None:
    results = _together(committed.reset_panel, committed.reset_panel)
    assert sorted(type(result).__name__ for result in results) == ["Blocked", "Outcome"]
    prove()


@pytest.mark.django_db(transaction=True)
def test_the_same_key_twice_at_once_has_one_effect(committed: Cast) -> None:
    results = _together(*[lambda: committed.reset_panel(idempotency_key="same")] * 2)
    assert len({result.line_id for result in results}) == 1
    prove()


def _together(*calls: Callable[[], Any]) -> list[Any]:
    results: list[Any] = []
    barrier = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results.append(call())
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_both_verifies_are_silent_while_people_work(committed: Cast) -> None:
    """Every account changes all the time; a proof that read each table at another instant would cry wolf."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                for percent in (10, 20):
                    data = {"kind": "scholarship", "percent": percent}
                    for account in (committed.haarlem, committed.samen, committed.oost):
                        run("plans.account.set_discount", committed.iris, account.public_id, data, reason="busy")
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(15):
            prove()
    finally:
        stop.set()
        thread.join()
    assert AuditLine.objects.filter(key="plans.account.set_discount").count() > 10

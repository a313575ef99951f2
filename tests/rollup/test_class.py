from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.core import clock
from bursar.core.calendar import Month, midnight
from tests.cast import NOW, Cast, bring_all, fact, prove

SAMEN: dict[str, Any] = {"account": {"organisation": "samen"}}
OOST: dict[str, Any] = {"account": {"organisation": "oost"}}
BEFORE = NOW - timedelta(days=40)


def tier(ref: str, name: str) -> dict[str, Any]:
    return {"kind": "tier", "workspace": ref, "tier": name, "from": BEFORE}


def payment(status: str, **more: Any) -> dict[str, Any]:
    return {"kind": "payment", **SAMEN, "mode": "self_serve", "status": status, "from": BEFORE, **more}


def paid(start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
    line = {"kind": "paid", **OOST, "external_id": "inv", "source": "managed", "from": start, "until": end}
    return {**line, "net": "1800", "gross": "2178", "booked_at": start, **more}


PAID = tier("panel", "changemaker")
CASES: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "free": ([], "free", "0"),
    "comped without a way of paying": ([PAID], "comped", "0"),
    "active": ([PAID, payment("active", cadence="monthly")], "paying", "86"),
    "past due counts": ([PAID, payment("past_due", past_due_since=NOW - timedelta(days=60))], "paying", "75"),
    "past due is written off": ([PAID, payment("past_due", past_due_since=NOW - timedelta(days=61))], "paying", "0"),
    "cancelled but paid on": ([PAID, payment("cancelled", paid_until=NOW + timedelta(days=9))], "paying", "75"),
    "cancelled and lapsed": ([PAID, payment("cancelled", paid_until=NOW - timedelta(days=1))], "free", "0"),
    "pending pays nothing yet": ([PAID, payment("pending")], "comped", "0"),
    "scholarship of 100 %": (
        [PAID, {"kind": "discount", **SAMEN, "type": "scholarship", "percent": 100, "from": BEFORE}],
        "comped",
        "0",
    ),
    "trial discount of 100 %": (
        [
            PAID,
            {"kind": "discount", **SAMEN, "type": "trial", "percent": 100, "from": BEFORE, "end_date": "2026-12-01"},
        ],
        "trial",
        "0",
    ),
    "half off stays paying": (
        [PAID, payment("active"), {"kind": "discount", **SAMEN, "type": "partner", "percent": 50, "from": BEFORE}],
        "paying",
        "37.50",
    ),
    "zero set before the interval": (
        [PAID, payment("active"), {"kind": "discount", **SAMEN, "type": "partner", "percent": 100, "from": BEFORE}],
        "comped",
        "0",
    ),
    "pilot without money": ([tier("panel", "pilot")], "free", "0"),
}


@pytest.mark.parametrize("name", CASES)
def test_class_and_mrr(cast: Cast, name: str) -> None:
    lines, klass, mrr = CASES[name]
    bring_all(*lines)
    row = fact(cast.samen)
    assert (row.klass, row.mrr) == (klass, Decimal(mrr))
    prove()


def test_managed_money(cast: Cast) -> None:
    assert (fact(cast.oost).klass, fact(cast.oost).potential) == ("managed", 150)
    bring_all(paid(NOW - timedelta(days=100), NOW + timedelta(days=200)))
    assert (fact(cast.oost).klass, fact(cast.oost).mrr) == ("paying", 150)
    end = NOW + timedelta(days=200)
    for days, klass, mrr in ((0, "paying", 150), (60, "paying", 150), (61, "managed", 0)):
        with clock.frozen(end + timedelta(days=days)):
            row = fact(cast.oost)
            assert (row.klass, row.mrr) == (klass, mrr)
            assert row.status == ("past_due" if days in (0, 60) else "none")
            prove()


def test_a_credited_invoice_is_no_money(cast: Cast) -> None:
    bring_all(paid(NOW - timedelta(days=100), NOW + timedelta(days=200), credited_at=NOW - timedelta(days=1)))
    assert fact(cast.oost).klass == "managed"


def test_a_zero_in_a_paid_interval_waits_for_its_end(cast: Cast) -> None:
    zero = {"kind": "discount", "account": {"organisation": "haarlem"}, "type": "scholarship", "percent": 100}
    bring_all({**zero, "from": NOW - timedelta(days=5)})
    assert (fact(cast.haarlem).klass, fact(cast.haarlem).mrr) == ("paying", 150)
    with clock.frozen(NOW + timedelta(days=170)):
        assert fact(cast.haarlem).mrr == 0
        prove()


def test_a_reverse_trial_is_trial_and_ends_by_itself(cast: Cast) -> None:
    until = NOW + timedelta(days=9)
    bring_all(
        {
            "kind": "grant",
            "workspace": "panel",
            "tier": "changemaker",
            "type": "reverse_trial",
            "from": BEFORE,
            "until": until,
        }
    )
    assert (fact(cast.samen).klass, fact(cast.samen).potential, fact(cast.samen).tier) == ("trial", 75, "changemaker")
    with clock.frozen(until):
        assert (fact(cast.samen).klass, fact(cast.samen).tier) == ("free", "free")
        prove()


def test_an_account_that_ceased_is_listed_no_more(cast: Cast) -> None:
    since = NOW - timedelta(days=200)
    deleted = {"kind": "workspace", "external_id": "panel", "organisation": "samen", "name": "Jeugdpanel"}
    bring_all({**deleted, "created_at": since, "deleted_at": midnight(Month.of(NOW).previous().first)})
    assert not fact(cast.samen).is_listed
    assert cast.samen.months.filter(is_listed=True).exists()
    prove()

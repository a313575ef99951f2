"""An invoice past its due day needs a human, unless it is on hold, and as long as something of it is open."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions.run import run
from bursar.attention.filters import Ask
from bursar.attention.queries import ACCOUNTS, Lists
from bursar.billing.models import Invoice
from bursar.core import clock
from bursar.rollup.refresh import refresh
from tests.attention.test_page import api
from tests.billing.invoiced import SELLER, day_after_due, issue, know
from tests.cast import Cast


@pytest.fixture
def row(cast: Cast, settings: Any) -> Invoice:
    """Of a self-serve account, which stays one."""
    for name, value in SELLER.items():
        setattr(settings, name, value)
    know(cast.haarlem)
    return issue(cast.ties, cast.haarlem)


def noon(row: Invoice, days: int) -> datetime:
    return datetime.combine(day_after_due(row, days), time(12), tzinfo=UTC)


def listed() -> list[tuple[str, str]]:
    return [(one["account"], one["since"]) for one in api("reason=invoice_overdue")["accounts"]]


def test_from_the_day_after_the_due_day_on_the_sellers(cast: Cast, row: Invoice) -> None:
    midnight = datetime.combine(day_after_due(row, 1), time(0), tzinfo=UTC) - timedelta(hours=1)  # in Amsterdam
    with clock.frozen(midnight - timedelta(seconds=1)):
        assert listed() == []
    with clock.frozen(midnight):
        assert listed() == [("Gemeente Haarlem", midnight.isoformat())]


def test_two_are_one_row_since_the_older_one(cast: Cast, row: Invoice) -> None:
    with clock.frozen(noon(row, 0)):
        issue(cast.ties, cast.haarlem, payment_days=1)
    with clock.frozen(noon(row, 9)):
        ((_, since),) = listed()
        assert since[:10] == row.due_on.isoformat()  # type: ignore[union-attr]  # 23:00 UTC is the next day there


@pytest.mark.parametrize("how", ["paid", "credited", "written off", "held"])
def test_not_what_is_settled_credited_given_up_or_held(cast: Cast, row: Invoice, how: str) -> None:
    with clock.frozen(noon(row, 1)):
        assert len(listed()) == 1
        today = clock.now().date()
        key, data = {
            "paid": ("mark_paid", {"amount": "484.00", "on": today}),
            "credited": ("credit", {}),
            "written off": ("write_off", {}),
            "held": ("hold", {"note": "They asked for time", "last_day": today + timedelta(days=2)}),
        }[how]
        run(f"billing.invoice.{key}", cast.iris, row.public_id, data, reason="x")
        assert listed() == []
    with clock.frozen(noon(row, 4)):
        assert len(listed()) == (1 if how == "held" else 0)


def test_the_count_stays_one_statement(cast: Cast, row: Invoice) -> None:
    with clock.frozen(noon(row, 3)):
        refresh(clock.now())
        lists = Lists(Ask(), clock.now(), None)
        with CaptureQueriesContext(connection) as seen:
            counts = lists.count(ACCOUNTS)
        assert len(seen) == 1 and counts.tabs[""]["invoice_overdue"] == 1

"""The gap of a month: what feeds the rule, and what the page and the file say."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.billing.models import Invoice
from bursar.core.calendar import Month
from bursar.payments.models import Charge, Payment
from bursar.payments.queries.gap import Gap, calc_gap, fill
from bursar.payments.rules.gap import Cause
from bursar.tenants.models import BillingAccount
from tests.cast import NOW, Cast, sign_in
from tests.payments.ledger import GROSS, charge, chargeback, entry, invoice, payment, refund

PAGE = "/panel/payments/gap/"
NOVEMBER = Month(2026, 11)


def on(day: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=UTC)


def parts_of(gap: Gap) -> dict[str, Decimal]:
    return {cause.value: amount for cause, amount in gap.parts.items() if amount}


def adds_up(gap: Gap) -> None:
    assert gap.difference == sum(gap.parts.values()) == sum((row.difference for row in gap.rows), Decimal(0))


@pytest.fixture
def november(cast: Cast) -> Cast:
    """Haarlem: even, failed, and taken back from October; Oost: to come, paid twice; nobody: seven euros."""
    payment(cast.haarlem, on(3), owed=charge(cast.haarlem, date(2026, 11, 3)))
    payment(
        cast.haarlem, on(4), "failed", owed=charge(cast.haarlem, date(2026, 11, 4), "seat", "failed"), reason="AM04"
    )
    october = payment(cast.haarlem, on(3, 10), owed=charge(cast.haarlem, date(2026, 10, 3)))
    chargeback(october, on(10))
    charge(cast.oost, date(2026, 11, 28), state="planned")
    twice = charge(cast.oost, date(2026, 11, 5), "seat")
    payment(cast.oost, on(5), owed=twice)
    refund(payment(cast.oost, on(6), owed=twice), "21.00", on(7))
    refund(payment(cast.oost, on(1), owed=charge(cast.oost, date(2026, 11, 1), "link")), "5.00", on(2), "failed")
    payment(None, on(8), kind="other", amount=Decimal("7.00"))
    charge(cast.samen, date(2026, 11, 9), "first", "ended")
    return cast


def test_only_what_differs_and_it_adds_up(november: Cast) -> None:
    gap = calc_gap(NOVEMBER, NOW)
    adds_up(gap)
    assert gap.due == 5 * GROSS and gap.arrived == 4 * GROSS + 7 - 21 - GROSS
    assert parts_of(gap) == {
        "not_yet_due": GROSS, "failed": GROSS, "charged_back": GROSS, "unexpected": -7 - (GROSS - 21),
    }  # fmt: skip
    assert [row.account_id for row in gap.rows] == [november.haarlem.pk, november.oost.pk, None]
    fill(gap.rows, NOVEMBER)
    for row in gap.rows:
        assert row.due - row.arrived == row.difference
    assert [row.due for row in gap.rows] == [2 * GROSS, 3 * GROSS, 0]


def test_the_page_opens_the_accounts_of_a_cause(november: Cast) -> None:
    iris = sign_in("iris@agora.example")
    page = iris.get(PAGE).content.decode()
    assert "From due to arrived" in page and "605.00" in page
    for words in ("not yet due", "failed", "charged back", "money nobody expected"):
        assert words in page
    one = iris.get(f"{PAGE}?cause=charged_back").content.decode()
    assert "Gemeente Haarlem" in one and "Universiteit Oost" not in one
    assert iris.get(f"{PAGE}?cause=luck").status_code == 400 == iris.get(f"{PAGE}?month=2027-01").status_code
    assert "Nothing was due in" in iris.get(f"{PAGE}?month=2025-01").content.decode()


def test_the_file_adds_up_row_by_row(november: Cast) -> None:
    iris = sign_in("iris@agora.example")
    file: Any = iris.get(iris.post(f"{PAGE}export", {"month": "2026-11"})["Location"])
    rows = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode())))
    assert [row["account"] for row in rows] == ["Gemeente Haarlem", "Universiteit Oost", ""]
    for row in rows:
        causes = sum((Decimal(row[f"{cause.value}_eur"]) for cause in Cause), Decimal(0))
        assert Decimal(row["due_eur"]) - Decimal(row["arrived_eur"]) == causes == Decimal(row["difference_eur"])


def test_test_money_is_none_of_the_live_gap(november: Cast, settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = "live_key"
    gap = calc_gap(NOVEMBER, NOW)
    adds_up(gap)
    assert gap.arrived == 0


def test_however_many_accounts_the_statements_are_the_same(november: Cast) -> None:
    iris = sign_in("iris@agora.example")

    def count() -> int:
        with CaptureQueriesContext(connection) as caught:
            iris.get(PAGE)
        return len(caught)

    iris.get(PAGE)
    few = count()
    for day in range(1, 24):
        charge(november.samen, date(2026, 11, day), "seat", "failed")
        payment(november.samen, on(day), kind="other")
    assert count() == few


def test_invoices_are_due_by_their_day_and_money_by_bank_arrives(november: Cast) -> None:
    asked = invoice(november.oost, date(2026, 11, 30), Decimal("1000.00"))
    entry(november.oost, asked, "received", "400.00", date(2026, 11, 20))
    entry(november.oost, asked, "moved", "100.00", date(2026, 11, 21))
    entry(november.oost, None, "moved", "-100.00", date(2026, 11, 21))
    entry(november.oost, None, "received", "30.00", date(2026, 11, 22))
    entry(november.oost, None, "returned", "-5.00", date(2026, 11, 23))
    before = calc_gap(NOVEMBER, NOW)
    adds_up(before)
    assert before.due == 5 * GROSS + 1000
    assert before.parts[Cause.FROM_CREDIT] == 100 and before.parts[Cause.PART_PAID] == 500
    assert before.parts[Cause.UNEXPECTED] == -7 - (GROSS - 21) - 25


def test_a_charge_and_its_invoice_are_due_once(november: Cast) -> None:
    before = calc_gap(NOVEMBER, NOW)
    own = charge(november.oost, date(2026, 11, 12))
    made = invoice(november.oost, date(2026, 11, 12), made_for=own.public_id)
    Charge.objects.filter(pk=own.pk).update(invoice=made)
    paid = payment(november.oost, on(12), owed=own)
    entry(november.oost, made, "received", "121.00", date(2026, 11, 12), paid.public_id)
    after = calc_gap(NOVEMBER, NOW)
    adds_up(after)
    assert (after.due, after.arrived) == (before.due + GROSS, before.arrived + GROSS) and after.parts == before.parts
    chargeback(paid, on(15))
    entry(november.oost, made, "returned", "-121.00", date(2026, 11, 15), paid.public_id)
    assert calc_gap(NOVEMBER, NOW).parts[Cause.CHARGED_BACK] == before.parts[Cause.CHARGED_BACK] + GROSS
    entry(november.oost, made, "received", "121.00", date(2026, 11, 20))
    settled = calc_gap(NOVEMBER, NOW)
    adds_up(settled)
    assert settled.parts == before.parts, "a bank line made up for it"


def test_what_a_link_collects_is_due_with_its_invoice(november: Cast) -> None:
    before = calc_gap(NOVEMBER, NOW)
    asked = invoice(november.oost, date(2026, 11, 20))
    link = charge(november.oost, date(2026, 11, 19), "link", invoice=asked)
    payment(november.oost, on(19), owed=link)
    after = calc_gap(NOVEMBER, NOW)
    adds_up(after)
    assert (after.due, after.arrived, after.parts) == (before.due + GROSS, before.arrived + GROSS, before.parts)


moments = st.integers(0, 120).map(lambda n: on(1, 9) + timedelta(days=n, hours=n * 7 % 24))
amounts = st.sampled_from([Decimal("121.00"), Decimal("60.50"), Decimal("0.01"), Decimal("300.33")])
ENTRIES = [("received", 1), ("returned", -1), ("moved", 1), ("credited", 1), ("written_off", 1), ("written_off", -1),
           ("difference", 1)]  # fmt: skip
states = st.sampled_from(["planned", "paid", "failed", "under_way", "ended", "open"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_history_adds_up(cast: Cast, data: st.DataObject) -> None:
    with transaction.atomic():
        _write_history(list(BillingAccount.objects.order_by("pk")), data)
        for number in (9, 10, 11):
            _check_month(Month(2026, number))
        transaction.set_rollback(True)


def _check_month(month: Month) -> None:
    gap = calc_gap(month, NOW)
    adds_up(gap)
    fill(gap.rows, month)
    for row in gap.rows:
        own = Charge.objects.filter(account_id=row.account_id, due_on__gte=month.first, due_on__lt=month.next().first)
        asked = Invoice.objects.filter(
            account_id=row.account_id, due_on__gte=month.first, due_on__lt=month.next().first
        )
        due = [one.gross for one in own.exclude(state="ended") if _is_due_itself(one)]
        due += [one.gross for one in asked if not one.made_for]
        assert row.due == sum(due, Decimal(0))


def _is_due_itself(one: Charge) -> bool:
    return one.invoice is None or one.invoice.made_for == one.public_id


def _write_history(accounts: list[BillingAccount], data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(0, 6))):
        account = data.draw(st.sampled_from(accounts))
        day = data.draw(st.one_of(st.none(), moments))
        owed = charge(account, day.date() if day else None, "seat", data.draw(states), gross=data.draw(amounts))
        _invoice_it(account, owed, data)
        for _ in range(data.draw(st.integers(0, 2))):
            _try_once(account, owed, data)
    _try_once(data.draw(st.sampled_from([None, *accounts])), None, data)


def _invoice_it(account: BillingAccount, owed: Charge, data: st.DataObject) -> None:
    """Its own, or one that it collects, or none; and what was booked of it and beside it without Mollie."""
    made_for = data.draw(st.sampled_from([None, owed.public_id, ""]))
    if made_for is None:
        return
    due = data.draw(st.one_of(st.none(), moments))
    made = invoice(account, due.date() if due else None, data.draw(amounts), made_for)
    Charge.objects.filter(pk=owed.pk).update(invoice=made)
    for _ in range(data.draw(st.integers(0, 3))):
        kind, sign = data.draw(st.sampled_from(ENTRIES))
        amount = str(sign * data.draw(amounts))
        of = data.draw(st.sampled_from([made, None]))
        entry(account, of, kind, amount, data.draw(moments).date(), data.draw(st.sampled_from(["", "pmt_x", "inv_x"])))


def _try_once(account: BillingAccount | None, owed: Charge | None, data: st.DataObject) -> Payment:
    at = data.draw(moments)
    status = data.draw(st.sampled_from(["paid", "paid", "failed", "pending", "expired"]))
    made = payment(account, at, status, owed, amount=data.draw(amounts))
    if status == "paid" and data.draw(st.booleans()):
        refund(made, "0.01", at + timedelta(days=data.draw(st.integers(0, 60))))
    if status == "paid" and data.draw(st.booleans()):
        later = at + timedelta(days=data.draw(st.integers(0, 60)))
        chargeback(made, later, data.draw(st.sampled_from([None, later + timedelta(days=20)])))
    return made

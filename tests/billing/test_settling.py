"""Money and invoices by the doors: what is booked, what class follows, and that each euro has one place."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.billing.models import Invoice, LedgerEntry
from bursar.billing.store import set_details
from bursar.billing.store.ledger import get_credit
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound, Refused
from bursar.plans.models import PaidPeriod
from tests.billing.test_proposing import PUBLIC, seller
from tests.cast import NOW, Cast, fact, prove, refusal_of
from tests.requests.helpers import customer
from tests.taken_back import check_way_back

__all__ = ["seller"]
ISSUE, PAID, BACK = "billing.account.issue_invoice", "billing.invoice.mark_paid", "billing.invoice.reverse_payment"
CREDIT, OFF = "billing.invoice.credit", "billing.invoice.write_off"
APPLY, REPAY = "billing.invoice.apply_credit", "billing.account.pay_back_credit"
TODAY = NOW.date().isoformat()


@pytest.fixture
def issued(cast: Cast, seller: Any) -> Invoice:
    """A year of a managed account, asked for today."""
    set_details({cast.oost.pk: PUBLIC}, NOW)
    data = {"with_seats": True, "cadence": "yearly", "first_day": TODAY}
    made = run(ISSUE, cast.ties, cast.oost.public_id, data, reason="agreed")
    return Invoice.objects.get(public_id=made.data["invoice"])


def do(cast: Cast, key: str, row: Invoice, after: int = 1, **data: Any) -> Invoice:
    with clock.frozen(NOW + timedelta(minutes=after)):
        run(
            key,
            cast.floor if key == OFF and hasattr(cast, "floor") else cast.iris,
            row.public_id,
            data,
            reason="as agreed",
        )
    row.refresh_from_db()
    return row


def klass(cast: Cast, after: int = 5) -> tuple[str, Decimal]:
    with clock.frozen(NOW + timedelta(minutes=after)):
        row = fact(cast.oost)
        prove()
    return row.klass, row.mrr


def test_paid_in_full_it_pays_for_its_service_period(cast: Cast, issued: Invoice) -> None:
    assert klass(cast, 0) == ("managed", 0)
    half = do(cast, PAID, issued, amount="100.00", on=TODAY, reference="NL12 rent")
    assert (half.paid, half.open, half.settled_at) == (100, issued.gross - 100, None)
    assert klass(cast, 1) == ("managed", 0)
    paid = do(cast, PAID, issued, 2, amount=str(issued.open), on=TODAY)
    assert paid.open == 0 and paid.settled_at == NOW + timedelta(minutes=2)
    period = PaidPeriod.objects.get(account=cast.oost)
    assert (period.service_from.date(), period.service_until.date()) == (NOW.date(), date(2027, 11, 24))
    assert (period.net, period.gross, period.source) == (issued.net, issued.gross, "managed")
    assert klass(cast) == ("paying", issued.net / 12)
    assert LedgerEntry.objects.filter(reference="NL12 rent").count() == 1


def test_reversed_it_is_open_again_and_paid_once_more_it_pays_again(cast: Cast, issued: Invoice) -> None:
    do(cast, PAID, issued, amount=str(issued.gross), on=TODAY)
    do(cast, BACK, issued, 2, amount=str(issued.gross))
    assert issued.open == issued.gross and klass(cast) == ("managed", 0)
    do(cast, PAID, issued, 6, amount=str(issued.gross), on=TODAY)
    assert klass(cast, 7) == ("paying", issued.net / 12) and PaidPeriod.objects.filter(account=cast.oost).count() == 2


def test_a_credit_note_of_all_ends_the_paid_time_and_the_money_stands_as_credit(cast: Cast, issued: Invoice) -> None:
    do(cast, PAID, issued, amount=str(issued.gross), on=TODAY)
    do(cast, CREDIT, issued, 2)
    note = Invoice.objects.get(corrects=issued)
    assert (note.number, note.gross, note.kind) == ("C2026-000001", issued.gross, "credit_note")
    assert note.document.preceding is not None and note.document.preceding.number == issued.number
    assert (issued.credited, issued.paid, issued.open) == (issued.gross, 0, 0) and get_credit(cast.oost) == issued.gross
    assert klass(cast) == ("managed", 0)
    assert isinstance(refusal_of(CREDIT, cast.iris, issued.public_id, {}, reason="x"), Blocked)
    assert isinstance(refusal_of(PAID, cast.iris, note.public_id, {"amount": "1", "on": TODAY}, reason="x"), Blocked)


def test_a_part_that_is_credited_leaves_class_and_mrr(cast: Cast, issued: Invoice) -> None:
    do(cast, PAID, issued, amount=str(issued.gross), on=TODAY)
    do(cast, CREDIT, issued, 2, part="100.00")
    assert issued.credited == get_credit(cast.oost) == 121 and issued.settled_at
    assert klass(cast) == ("paying", issued.net / 12)
    refusal = refusal_of(CREDIT, cast.iris, issued.public_id, {}, reason="x")
    assert isinstance(refusal, Refused) and "how much more" in str(refusal.sentence)
    too_much = refusal_of(CREDIT, cast.iris, issued.public_id, {"part": str(issued.net)}, reason="x")
    assert isinstance(too_much, Refused) and Invoice.objects.count() == 2


def test_a_credit_note_takes_the_vat_of_its_invoice_after_the_rate_changed(
    cast: Cast, issued: Invoice, settings: Any
) -> None:
    settings.BURSAR_VAT_RATES = {"NL": {date(2026, 1, 1): "25"}}
    do(cast, CREDIT, issued, part="100.00")
    note = Invoice.objects.get(corrects=issued)
    assert (note.vat, note.gross) == (21, 121) and note.document.items[0].vat.rate == 21


def test_parts_are_credited_to_the_last_cent(cast: Cast, issued: Invoice) -> None:
    """Three cents at 21 % are 0.6 cents of VAT each: rounded one by one they would be more than there is."""
    rest = issued.net
    for after in range(1, 5):
        do(cast, CREDIT, issued, after, part="0.03")
        rest -= Decimal("0.03")
    notes = Invoice.objects.filter(corrects=issued).order_by("pk")
    assert [note.vat for note in notes] == [Decimal("0.01"), 0, Decimal("0.01"), Decimal("0.01")]
    do(cast, CREDIT, issued, 6, part=str(rest))
    assert issued.credited == issued.gross and issued.open == 0


def test_what_is_given_up_makes_nobody_paying_and_money_that_comes_all_the_same_reopens_it(
    cast: Cast, issued: Invoice
) -> None:
    do(cast, OFF, issued)
    assert (issued.written_off, issued.open) == (issued.gross, 0) and klass(cast, 1) == ("managed", 0)
    do(cast, PAID, issued, 2, amount=str(issued.gross), on=TODAY)
    assert (issued.written_off, issued.paid) == (0, issued.gross) and klass(cast) == ("paying", issued.net / 12)


def test_more_than_is_open_is_taken_when_it_is_said(cast: Cast, issued: Invoice) -> None:
    more: dict[str, Any] = {"amount": str(issued.gross + 1), "on": TODAY}
    refusal = refusal_of(PAID, cast.iris, issued.public_id, more, reason="x")
    assert isinstance(refusal, Refused) and not LedgerEntry.objects.exists()
    do(cast, PAID, issued, **more, keeps_rest=True)
    assert issued.open == 0 and get_credit(cast.oost) == 1


def test_credit_pays_an_invoice_as_money_does_and_goes_back(cast: Cast, issued: Invoice) -> None:
    assert isinstance(refusal_of(APPLY, cast.iris, issued.public_id, {"amount": "1.00"}, reason="x"), Blocked)
    assert isinstance(refusal_of(REPAY, cast.iris, cast.oost.public_id, {"amount": "1.00"}, reason="x"), Blocked)
    over = issued.gross + 200
    do(cast, PAID, issued, amount=str(over), on=TODAY, keeps_rest=True)
    do(cast, BACK, issued, 2, amount=str(issued.gross))
    too_much = refusal_of(APPLY, cast.iris, issued.public_id, {"amount": "200.01"}, reason="x")
    assert isinstance(too_much, Refused) and get_credit(cast.oost) == 200
    do(cast, APPLY, issued, 3, amount="150.00")
    assert (issued.paid, get_credit(cast.oost)) == (150, 50)
    assert klass(cast) == ("managed", 0)
    do(cast, PAID, issued, 6, amount=str(issued.open), on=TODAY)
    assert klass(cast, 7) == ("paying", issued.net / 12)
    do(cast, BACK, issued, 8, amount=str(issued.gross))
    assert (issued.paid, get_credit(cast.oost)) == (0, 200), "what was credit is credit again"
    do(cast, APPLY, issued, 9, amount="150.00")
    refusal = refusal_of(REPAY, cast.iris, cast.oost.public_id, {"amount": "50.01"}, reason="x")
    assert isinstance(refusal, Refused) and get_credit(cast.oost) == 50
    with clock.frozen(NOW + timedelta(minutes=20)):
        run(REPAY, cast.iris, cast.oost.public_id, {"amount": "50.00"}, reason="wanted as money")
        assert get_credit(cast.oost) == 0
        prove()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"amount": "0", "on": TODAY}, "amount"),
        ({"amount": "-5", "on": TODAY}, "amount"),
        ({"amount": "1.005", "on": TODAY}, "amount"),
        ({"amount": "1", "on": "2026-11-25"}, "on"),
        ({"amount": "1"}, "on"),
    ],
)
def test_what_cannot_have_arrived_is_refused(cast: Cast, issued: Invoice, data: dict[str, Any], words: str) -> None:
    refusal = refusal_of(PAID, cast.iris, issued.public_id, data, reason="x")
    assert isinstance(refusal, Invalid) and words in refusal.fields and not LedgerEntry.objects.exists()


def test_who_may(cast: Cast, issued: Invoice) -> None:
    paid = {"amount": "1.00", "on": TODAY}
    assert isinstance(refusal_of(PAID, cast.ada, issued.public_id, paid, reason="x"), Forbidden)
    assert isinstance(refusal_of(PAID, customer("jan"), issued.public_id, paid), NotFound)
    assert isinstance(refusal_of(OFF, cast.noor, issued.public_id, {}, reason="x"), Forbidden)
    assert not LedgerEntry.objects.exists()


def test_a_small_difference_is_let_be_only_where_the_setting_says_so(
    cast: Cast, issued: Invoice, settings: Any
) -> None:
    short = str(issued.gross - Decimal("0.05"))
    settings.BURSAR_DIFFERENCE_LET_BE = Decimal("0.04")
    do(cast, PAID, issued, amount=short, on=TODAY)
    assert (issued.open, issued.difference, klass(cast)[0]) == (Decimal("0.05"), 0, "managed")
    do(cast, BACK, issued, 6, amount=short)
    settings.BURSAR_DIFFERENCE_LET_BE = Decimal("0.05")
    do(cast, PAID, issued, 7, amount=short, on=TODAY)
    assert (issued.open, issued.difference, klass(cast, 8)[0]) == (0, Decimal("0.05"), "paying")
    do(cast, BACK, issued, 9, amount=short)
    assert (issued.open, issued.difference, klass(cast, 10)[0]) == (issued.gross, 0, "managed")


def test_a_write_off_is_taken_back(cast: Cast, issued: Invoice) -> None:
    do(cast, PAID, issued, amount="21.00", on=TODAY)
    check_way_back(cast, OFF, issued.public_id, {}, but=["LedgerEntry has"])
    issued.refresh_from_db()
    assert (issued.open, issued.written_off, issued.paid) == (issued.gross - 21, 0, 21)


def test_not_once_money_came_for_it(cast: Cast, issued: Invoice) -> None:
    done = run(OFF, cast.iris, issued.public_id, {}, reason="hopeless")
    do(cast, PAID, issued, amount="21.00", on=TODAY)
    assert done.undo is not None and issued.written_off == issued.gross - 21
    with clock.frozen(NOW + timedelta(hours=1)):
        late = refusal_of(done.undo.key, cast.iris, issued.public_id, done.undo.data, reason="x", undoes=done.line_id)
        assert late.status == 409 and "changed since" in late.sentence
        stranger = refusal_of(done.undo.key, cast.ada, issued.public_id, done.undo.data, reason="x")
        assert stranger.status == 403
    issued.refresh_from_db()
    assert issued.written_off == issued.gross - 21


def test_a_pay_back_that_no_transfer_followed_is_taken_back(cast: Cast, issued: Invoice) -> None:
    do(cast, PAID, issued, amount=str(issued.gross + 80), on=TODAY, keeps_rest=True)
    check_way_back(cast, REPAY, cast.oost.public_id, {"amount": "50.00"}, but=["LedgerEntry has"])
    assert get_credit(cast.oost) == 80
    done = run(REPAY, cast.iris, cast.oost.public_id, {"amount": "50.00"}, reason="asked for")
    run(REPAY, cast.iris, cast.oost.public_id, {"amount": "5.00"}, reason="asked for")
    assert done.undo is not None
    late = refusal_of(done.undo.key, cast.iris, cast.oost.public_id, done.undo.data, reason="x", undoes=done.line_id)
    assert late.status == 409 and get_credit(cast.oost) == 25

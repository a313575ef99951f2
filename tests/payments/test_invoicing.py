"""The invoice of a charge: made once, of what was paid; its refunds credited; its ledger as Mollie has the money."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.billing import making
from bursar.billing.models import BillingDetails, Invoice, LedgerEntry, NotIssued
from bursar.billing.queries.not_issued import list_not_issued
from bursar.billing.rules import ledger
from bursar.billing.store import accept, set_details
from bursar.billing.store import ledger as books
from bursar.billing.store.ledger import Cause
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import Blocked, Refused
from bursar.payments import gateway as gateways
from bursar.payments import invoicing, verify
from bursar.payments.models import Charge, InvoicesFrom, Payment
from bursar.payments.queries.drift import list_drift
from bursar.payments.queries.gap import calc_gap
from bursar.payments.queries.invoicing import MONEY
from bursar.payments.rules.drift import Drift
from bursar.payments.states import ChargeKind
from bursar.payments.store import charges
from bursar.payments.verify import list_faults
from bursar.rollup.models import AccountMonth
from tests.billing.test_proposing import seller
from tests.cast import NOW, Cast, fact, prove, refusal_of
from tests.payments import mirrored
from tests.payments.billed import Bought, buy, check_books, minute
from tests.payments.buying import DETAILS
from tests.payments.till import KEY

__all__ = ["seller"]
TODAY = NOW.date()
ISSUE = "payments.account.issue_charge_invoice"
PAID, BACK = "billing.invoice.mark_paid", "billing.invoice.reverse_payment"


class Loud:
    def exception(self, event: str, **more: Any) -> None:
        raise AssertionError(event)

    def info(self, event: str, **more: Any) -> None:
        raise AssertionError(f"{event} {more}")


@pytest.fixture
def shop(cast: Cast, seller: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """A key is set, and Bursar has looked today for the first time; Samen's details are known. Faults are loud."""
    monkeypatch.setattr(invoicing, "log", Loud())
    seller.BURSAR_MOLLIE_KEY = KEY
    gateways.forget()
    set_details({cast.samen.pk: DETAILS}, NOW)
    minute(0)
    yield cast
    clock.set_fixed(NOW)
    gateways.forget()


@pytest.fixture
def bought(shop: Cast) -> Bought:
    made = buy(shop.samen)
    minute()
    return made


def entries(row: Invoice | None) -> list[tuple[str, Decimal]]:
    found = LedgerEntry.objects.filter(invoice=row).order_by("pk")
    return [(one.kind, one.amount) for one in found]


def facts(cast: Cast) -> list[tuple[Any, ...]]:
    fact(cast.samen)
    return list(AccountMonth.objects.order_by("pk").values_list("account", "month", "klass", "mrr", "potential"))


def test_a_paid_charge_has_its_invoice_at_once_paid(shop: Cast) -> None:
    made = buy(shop.samen)
    before = facts(shop)
    minute()
    row, document = made.invoice, made.invoice.document
    assert (row.net, row.vat, row.gross) == (made.charge.net, made.charge.vat, made.charge.gross)
    assert (row.open, row.paid, row.due_on, row.service_from) == (0, row.gross, None, None)
    assert entries(row) == [("received", row.gross)]
    assert LedgerEntry.objects.get().cause == made.payment.public_id
    assert document.due == 0 and [(one.on, one.how) for one in document.received] == [(TODAY, "iDEAL")]
    [item] = document.items
    assert (item.description, item.quantity, item.unit_price) == ("Changemaker", made.charge.seats, 86)
    assert item.service_from == TODAY and item.vat.as_json() == made.charge.decision
    assert facts(shop) == before, "the subscription's state decides"
    prove()
    check_books()


def test_it_is_made_once_whoever_comes_twice(bought: Bought) -> None:
    data = {"charge": bought.charge.public_id}
    refused = refusal_of(ISSUE, system("invoicing"), bought.account.public_id, data)
    assert isinstance(refused, Refused) and refused.sentence == "It has its invoice already."
    Payment.objects.update(to_book=True)
    minute()
    minute()
    assert Invoice.objects.count() == 1 == AuditLine.objects.filter(key=ISSUE).count()
    check_books()


REFUSED = {
    "issue_charge_invoice": "has its invoice",
    "book_charge_money": "says what Mollie does",
    "credit_refund": "has not sent it",
    "settle_by_invoice": "not owed",
}


@pytest.mark.parametrize("verb", REFUSED)
def test_what_is_done_already_or_not_due_is_refused_and_changes_nothing(bought: Bought, verb: str) -> None:
    made = bought.refund("10.00", "pending")
    minute()
    data = {"charge": bought.charge.public_id}
    data |= {"refund": made.public_id} if verb == "credit_refund" else {}
    before = (Invoice.objects.count(), LedgerEntry.objects.count(), AuditLine.objects.count())
    refused = refusal_of(f"payments.account.{verb}", system("invoicing"), bought.account.public_id, data)
    assert isinstance(refused, Refused) and REFUSED[verb] in refused.sentence
    assert before == (Invoice.objects.count(), LedgerEntry.objects.count(), AuditLine.objects.count())


def test_nobody_pulls_it_by_hand(bought: Bought, shop: Cast) -> None:
    refused = refusal_of(ISSUE, shop.iris, bought.account.public_id, {"charge": bought.charge.public_id})
    assert "by itself" in refused.sentence and Invoice.objects.count() == 1


def test_what_mollie_brought_is_taken_off_by_nobody_here(shop: Cast, bought: Bought) -> None:
    """Greyed, refused at every door; what somebody booked beside it may go, and what Mollie took back is there no more."""
    row, ties = bought.invoice, shop.ties
    with pytest.raises(Blocked, match="refund the payment"):
        run(BACK, ties, row.public_id, {"amount": "1.00"}, reason="x")
    assert LedgerEntry.objects.filter(cause="").count() == 0
    bought.charge_back()
    minute()
    row.refresh_from_db()
    assert row.open == row.gross
    run(PAID, ties, row.public_id, {"amount": "5.00", "on": TODAY}, reason="by bank")
    bought.pay_again()
    minute()
    row.refresh_from_db()
    refusal = refusal_of(BACK, ties, row.public_id, {"amount": "5.01"}, reason="x")
    assert refusal.sentence.startswith("Only € 5.00 of it were booked here. What Mollie brought goes back by Mollie")
    run(BACK, ties, row.public_id, {"amount": "5.00"}, reason="another customer's")
    row.refresh_from_db()
    assert isinstance(refusal_of(BACK, ties, row.public_id, {"amount": "0.01"}, reason="x"), Blocked)
    check_books()


def test_killed_between_the_invoice_and_its_mark_it_goes_on(shop: Cast, monkeypatch: Any) -> None:
    made = buy(shop.samen)
    real = making.make

    def die(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "make", die)
    with pytest.raises(KeyboardInterrupt):
        minute()
    assert not Invoice.objects.exists()
    monkeypatch.setattr(making, "make", real)
    minute()
    assert made.invoice.open == 0
    check_books()


def test_what_was_paid_before_the_first_day_is_invoiced_elsewhere(shop: Cast, settings: Any) -> None:
    settings.BURSAR_INVOICES_FROM = TODAY + timedelta(days=1)
    made = buy(shop.samen)
    minute()
    assert not Invoice.objects.exists() and not NotIssued.objects.exists()
    made.refund("10.00")
    minute()
    assert not Invoice.objects.exists() and not LedgerEntry.objects.exists(), "its invoice was made elsewhere"
    made.charge_back()
    with clock.frozen(NOW + timedelta(days=2)):
        made.pay_again()
        minute()
    assert not Invoice.objects.exists(), "a retry of what was invoiced elsewhere"


def test_without_a_setting_the_first_day_is_the_first_that_was_looked_on(shop: Cast, settings: Any) -> None:
    assert InvoicesFrom.objects.get().first_day == TODAY
    clock.set_fixed(NOW + timedelta(days=3))
    minute()
    assert InvoicesFrom.objects.get().first_day == TODAY
    settings.BURSAR_MOLLIE_KEY = "live_key"
    minute()
    assert InvoicesFrom.objects.get(mode="live").first_day == TODAY + timedelta(days=3)


def test_without_details_it_waits_and_comes_with_them(shop: Cast) -> None:
    BillingDetails.objects.all().delete()
    made = buy(shop.samen)
    minute()
    minute()
    [waits] = list_not_issued()
    assert (waits.made_for, waits.what, waits.amount) == (made.charge.public_id, "invoice", made.gross)
    assert "billing details" in waits.sentence and waits.tries == 1 and not Invoice.objects.exists()
    minute(61)
    assert list_not_issued().get().tries == 2 and list_not_issued().get().since == waits.since
    set_details({shop.samen.pk: DETAILS}, clock.now())
    minute()
    assert made.invoice.open == 0 and list_not_issued().count() == 0
    check_books()


def test_try_again_is_a_lever(shop: Cast, settings: Any) -> None:
    again = "billing.account.try_documents_again"
    settings.BURSAR_SELLER_IBAN = ""
    made = buy(shop.samen)
    minute()
    assert "BURSAR_SELLER_IBAN" in list_not_issued().get().sentence
    settings.BURSAR_SELLER_IBAN = "NL91ABNA0417164300"
    minute()
    assert not Invoice.objects.exists(), "nobody has tried"
    run(again, shop.ties, shop.samen.public_id)
    minute()
    assert made.invoice.open == 0
    assert "Nothing" in refusal_of(again, shop.ties, shop.samen.public_id).sentence


def test_a_proof_of_a_method_sells_nothing(shop: Cast) -> None:
    held = mirrored.mandate(shop.samen)
    charge = mirrored.check_out(shop.samen)
    Charge.objects.filter(pk=charge.pk).update(kind="method")
    charge.refresh_from_db()
    mirrored.apply(mirrored.payment(charge, "paid", mollie_mandate_id=held.mollie_id))
    minute()
    assert not Invoice.objects.exists() and not NotIssued.objects.exists()


def test_money_that_nobody_expected_gets_none(bought: Bought) -> None:
    first = mirrored.check_out(bought.account)
    mirrored.apply(mirrored.payment(first, "paid"))
    Payment.objects.create(
        account=bought.account, mollie_id="tr_loose", mode="test", learned_at=NOW, at=NOW, status="paid", kind="other",
        amount=Decimal("7.00"), paid_at=NOW, to_apply=False,
    )  # fmt: skip
    minute()
    first.refresh_from_db()
    assert first.settled_at is None and Invoice.objects.count() == 1


def test_a_charge_back_opens_it_and_a_retry_settles_it(bought: Bought, shop: Cast) -> None:
    bought.charge_back()
    before = facts(shop)
    minute()
    assert bought.invoice.open == bought.gross and bought.notes == []
    assert facts(shop) == before and mirrored.terms(shop.samen).status == "past_due"
    bought.charge.refresh_from_db()
    bought.pay_again()
    minute()
    assert bought.invoice.open == 0 and Invoice.objects.count() == 1
    check_books()
    prove()


def test_a_reversed_charge_back_closes_it_and_money_twice_is_credit(bought: Bought) -> None:
    taken = bought.charge_back()
    minute()
    bought.charge.refresh_from_db()
    again = bought.pay_again()
    minute()
    bought.reverse(taken)
    minute()
    assert (bought.invoice.open, bought.credit) == (0, bought.gross)
    bought.charge_back(again)
    minute()
    assert (bought.invoice.open, bought.credit) == (0, 0), "what came twice settles it"
    check_books()
    prove()


def test_taken_back_and_come_again_within_a_minute(shop: Cast) -> None:
    made = buy(shop.samen)
    taken = made.charge_back()
    minute()
    document = made.invoice.document
    assert made.invoice.open == made.gross == document.due and document.received == () and document.due_on
    made.reverse(taken)
    minute()
    assert made.invoice.open == 0
    check_books()


@pytest.mark.parametrize("amount", ["0.01", "0.03", "33.33", "102.05", "104.06"])
def test_a_refund_is_credited_to_the_cent(bought: Bought, amount: str, shop: Cast) -> None:
    made = bought.refund(amount, "pending")
    before = facts(shop)
    minute()
    assert bought.notes == [] and bought.invoice.credited == 0, "Mollie has not sent it"
    bought.say_of(made, "refunded")
    minute()
    [note] = bought.notes
    assert note.gross == Decimal(amount) == note.net + note.vat == bought.invoice.credited
    assert note.document.preceding is not None and note.document.preceding.number == bought.invoice.number
    assert (note.made_for, bought.invoice.open, bought.credit) == (made.public_id, 0, 0)
    assert facts(shop) == before
    minute()
    assert len(bought.notes) == 1
    check_books()
    prove()


def test_all_of_it_refunded_in_two_parts(bought: Bought) -> None:
    bought.refund("60.00")
    minute()
    bought.refund(str(bought.gross - 60))
    minute()
    assert [one.gross for one in bought.notes] == [60, bought.gross - 60]
    assert (bought.invoice.credited, bought.invoice.paid) == (bought.gross, 0)
    check_books()


def test_a_refund_that_came_back_stands_as_credit_and_its_note_stays(bought: Bought) -> None:
    made = bought.refund("40.00")
    minute()
    bought.say_of(made, "failed")
    minute()
    assert (len(bought.notes), bought.credit, bought.invoice.open) == (1, 40, 0)
    bought.say_of(made, "refunded")
    minute()
    assert (len(bought.notes), bought.credit) == (1, 0)
    check_books()


def test_what_was_paid_twice_goes_back_without_a_note(bought: Bought) -> None:
    again = bought.pay_again()
    minute()
    assert bought.credit == bought.gross
    bought.refund(str(bought.gross), payment=again)
    minute()
    assert (bought.notes, bought.credit, bought.invoice.open) == ([], 0, 0)
    check_books()


def test_what_a_person_credited_goes_back_without_a_second_note(bought: Bought, shop: Cast) -> None:
    run("billing.invoice.credit", shop.iris, bought.invoice.public_id, {}, reason="wrong")
    assert bought.credit == bought.gross
    bought.refund(str(bought.gross))
    minute()
    assert len(bought.notes) == 1 and bought.credit == 0
    check_books()


def test_money_that_left_twice_is_owed_beside_the_invoice(bought: Bought) -> None:
    bought.refund(str(bought.gross))
    minute()
    taken = bought.charge_back()
    minute()
    row = bought.invoice
    assert (row.open, row.paid, row.credited, bought.credit) == (0, 0, row.gross, -bought.gross)
    assert entries(None) == [("overdrawn", -bought.gross)] and not list_not_issued().exists()
    prove()
    bought.reverse(taken)
    minute()
    assert (bought.invoice.open, bought.credit) == (0, 0)
    check_books()


@pytest.mark.parametrize("is_refund_first", [True, False])
def test_what_was_refunded_in_part_and_charged_back_whole_is_open_by_what_is_owed(
    bought: Bought, is_refund_first: bool
) -> None:
    steps = [lambda: bought.refund("50.00"), bought.charge_back]
    for step in steps if is_refund_first else reversed(steps):
        step()  # type: ignore[operator]  # of two shapes
        minute()
    row = bought.invoice
    assert row.open == row.gross - 50 == row.gross - row.credited and bought.credit == -50
    bought.charge.refresh_from_db()
    assert bought.charge.state == "failed" and not list_not_issued().exists()
    prove()
    bought.pay_again()
    minute()
    assert (bought.invoice.open, bought.credit) == (0, 0), "a retry takes all that was charged, and nothing is over"
    check_books()


def test_what_came_after_an_end_is_no_credit_while_as_much_is_owed(bought: Bought, shop: Cast) -> None:
    """Nobody can apply, or be paid back, what the customer has already."""
    bought.refund("50.00")
    bought.charge_back()
    minute()
    row, ties = bought.invoice, shop.ties
    data = {"amount": str(row.open + 20), "on": clock.now().date().isoformat(), "keeps_rest": True}
    run(PAID, ties, row.public_id, data, reason="x")
    assert (bought.invoice.open, bought.credit) == (0, -30)
    refused = refusal_of("billing.account.pay_back_credit", shop.iris, bought.account.public_id, {"amount": "20.00"})
    assert isinstance(refused, Blocked) and "No credit" in refused.sentence and bought.credit == -30
    assert [one.drift for one in list_drift(clock.now())] == [Drift.RETURNED_MORE]
    books.book(bought.account, {}, ledger.receive(Decimal(30), []), Cause(TODAY), clock.now())
    assert bought.credit == 0 and not list_drift(clock.now())
    prove()


def test_the_proof_asks_nothing_for_each_charge_by_itself(bought: Bought) -> None:
    """Of 100 000 charges and 500 documents that waited it took minutes."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {verify.MOVED}", {"account": "", "money": list(MONEY)})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" in plan and "SubPlan" not in plan, plan


def test_verify_finds_what_the_ledger_has_otherwise(bought: Bought) -> None:
    minute()
    prove()
    Payment.objects.filter(pk=bought.payment.pk).update(charged_back=1)
    assert list(list_faults()) == [
        f"{bought.payment.public_id}: {bought.gross - 1} of it came and stayed, the ledger has {bought.gross}"
    ]
    assert list(list_faults(bought.account.public_id)) == list(list_faults())
    Payment.objects.filter(pk=bought.payment.pk).update(to_book=True)
    assert list(list_faults()) == [], "it is looked at first"


def test_money_for_what_was_written_off_reopens_and_settles_it(bought: Bought, shop: Cast) -> None:
    taken = bought.charge_back()
    minute()
    run("billing.invoice.write_off", shop.iris, bought.invoice.public_id, {}, reason="hopeless")
    bought.reverse(taken)
    minute()
    assert (bought.invoice.paid, bought.invoice.written_off) == (bought.gross, 0)
    check_books()


def test_a_charge_that_collects_an_invoice_settles_that_one_and_makes_none(bought: Bought, shop: Cast) -> None:
    set_details({shop.oost.pk: DETAILS}, clock.now())
    data = {"with_seats": True, "cadence": "yearly", "first_day": TODAY.isoformat()}
    outcome = run("billing.account.issue_invoice", shop.ties, shop.oost.public_id, data, reason="x")
    asked = Invoice.objects.get(public_id=outcome.data["invoice"])
    charge = mirrored.check_out(shop.oost)
    charges.put(
        charge, kind=ChargeKind.LINK.value, tier="", net=asked.net, vat=asked.vat, gross=asked.gross, invoice=asked
    )
    assert fact(shop.oost).klass == "managed"
    paid = mirrored.payment(charge, "paid", amount=asked.gross)
    mirrored.apply(paid)
    minute()
    asked.refresh_from_db()
    assert (asked.open, asked.paid) == (0, asked.gross) and Invoice.objects.count() == 2
    assert fact(shop.oost).klass == "paying"
    collected = Bought(shop.oost, charge, paid)
    collected.refund("100.00")
    minute()
    asked.refresh_from_db()
    assert (asked.open, asked.credited) == (0, 100) and fact(shop.oost).klass == "paying", "a refund moves no class"
    collected.charge_back(amount=asked.gross - 100)
    minute()
    asked.refresh_from_db()
    assert asked.open == asked.gross - 100 and fact(shop.oost).klass == "managed"
    check_books()
    prove()


def test_a_bank_line_settles_what_was_charged_back_and_ends_the_failing(bought: Bought, shop: Cast) -> None:
    bought.charge_back()
    minute()
    assert mirrored.terms(shop.samen).status == "past_due"
    data = {"amount": str(bought.gross), "on": TODAY.isoformat()}
    run("billing.invoice.mark_paid", shop.iris, bought.invoice.public_id, data)
    minute()
    bought.charge.refresh_from_db()
    assert (bought.charge.state, bought.charge.failed_at) == ("paid", None)
    assert mirrored.terms(shop.samen).status == "active" and fact(shop.samen).klass == "paying"
    gap = calc_gap(Month(2026, 11), clock.now())
    assert gap.due == gap.arrived == bought.gross
    minute()
    assert AuditLine.objects.filter(key="payments.account.settle_by_invoice").count() == 1
    prove()


def test_reverse_charge_names_the_id_that_no_vat_was_charged_for(shop: Cast) -> None:
    german = replace(DETAILS, country="DE", postcode="50667", city="Köln", vat_id="DE136695976")
    set_details({shop.samen.pk: german}, clock.now())
    accept([shop.samen.pk], "WAPI1", clock.now())
    made = buy(shop.samen)
    assert made.charge.vat == 0
    set_details({shop.samen.pk: replace(german, vat_id="")}, clock.now())
    minute()
    document = made.invoice.document
    assert document.buyer.vat_id == "DE136695976" and document.totals.vat == 0


def test_the_gap_asks_for_a_charge_once(bought: Bought) -> None:
    gap = calc_gap(Month(2026, 11), clock.now())
    assert gap.due == bought.gross == gap.arrived
    assert bought.charge.due_on == date(2026, 11, 24)


def make_up(*more: str) -> str:
    said = io.StringIO()
    call_command("payments", "make-invoices", *more, stdout=said, stderr=said)
    return said.getvalue()


def test_invoices_are_made_up_when_somebody_says_so(shop: Cast, settings: Any) -> None:
    settings.BURSAR_INVOICES_FROM = TODAY + timedelta(days=9)
    made = buy(shop.samen)
    made.refund("10.00")
    minute()
    with pytest.raises(CommandError, match="--from"):
        make_up()
    assert "0 charges" in make_up("--from", (TODAY + timedelta(days=1)).isoformat())
    said = make_up("--from", TODAY.isoformat())
    assert "1 charges" in said and "Nothing was issued" in said and not Invoice.objects.exists()
    clock.set_fixed(NOW + timedelta(days=4))
    assert "1 were issued, 0 wait" in make_up("--from", TODAY.isoformat(), "--go")
    row = made.invoice
    assert row.issued_on == TODAY + timedelta(days=4) and row.document.received[0].on == TODAY
    assert [one.gross for one in made.notes] == [10]
    assert "0 charges" in make_up("--from", TODAY.isoformat())
    check_books()


def test_what_cannot_be_made_up_waits_with_the_reason(shop: Cast, settings: Any) -> None:
    settings.BURSAR_INVOICES_FROM = TODAY + timedelta(days=9)
    BillingDetails.objects.all().delete()
    made = buy(shop.samen)
    minute()
    assert "1 of them are of accounts without billing details" in make_up("--from", TODAY.isoformat())
    assert "0 were issued, 1 wait" in make_up("--from", TODAY.isoformat(), "--go")
    assert list_not_issued().get().made_for == made.charge.public_id
    set_details({shop.samen.pk: DETAILS}, clock.now())
    minute()
    assert made.invoice.open == 0 and list_not_issued().count() == 0, "it was meant, whenever it was paid"

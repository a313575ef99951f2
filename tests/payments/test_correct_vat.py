"""Correct VAT by the door: both documents, the money, and that no figure moves."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from bursar.access.actor import Actor
from bursar.actions.run import preview, run
from bursar.actions.spec import Case
from bursar.billing import making
from bursar.billing.models import Invoice, LedgerEntry
from bursar.billing.rules import Treatment, ledger
from bursar.billing.store import accept, set_details
from bursar.billing.store import ledger as books
from bursar.billing.store.ledger import Cause, get_credit
from bursar.billing.verify import list_faults
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import Blocked, Invalid, Refused
from bursar.payments.actions.correcting import foresee
from bursar.payments.models import Call, Payment, Refund
from bursar.payments.queries.abroad import get_sold
from bursar.payments.queries.gap import calc_gap
from bursar.payments.timed import credit_again
from bursar.plans.models import PaidPeriod
from tests.billing.payer import ACCEPT, write_down
from tests.billing.test_proposing import seller
from tests.cast import NOW, Cast, fact, prove, refusal_of
from tests.payments.billed import buy, check_books, minute
from tests.payments.buying import DETAILS
from tests.payments.counter import Counter
from tests.payments.test_invoicing import shop
from tests.payments.test_links import book, link_for, pay
from tests.payments.test_refunds import finance, key, payment

__all__ = ["key", "seller", "shop"]
CORRECT, ISSUE = "payments.invoice.correct_vat", "billing.account.issue_invoice"
PAID, BACK, OFF = "billing.invoice.mark_paid", "billing.invoice.reverse_payment", "billing.invoice.write_off"
TODAY = NOW.date().isoformat()


@pytest.fixture
def issued(cast: Cast, seller: Any) -> Invoice:
    """A year for a German town whose VAT id nobody has confirmed yet: VAT is charged."""
    write_down(cast.ties, cast.oost)
    data = {"with_seats": True, "cadence": "yearly", "first_day": TODAY}
    made = run(ISSUE, cast.ties, cast.oost.public_id, data, reason="agreed")
    row = Invoice.objects.get(public_id=made.data["invoice"])
    assert row.vat > 0 and row.abroad_net == row.net
    return row


def confirm(cast: Cast) -> None:
    run(ACCEPT, cast.iris, cast.oost.public_id, {"consultation": "WAPI-1"}, reason="The Bundeszentralamt says so")


def do(who: Actor, key: str, row: Invoice, after: int = 1, **data: Any) -> Any:
    with clock.frozen(NOW + timedelta(minutes=after)):
        outcome = run(key, who, row.public_id, data, reason="as agreed")
    row.refresh_from_db()
    return outcome


def figures(cast: Cast, after: int) -> tuple[str, Decimal]:
    with clock.frozen(NOW + timedelta(minutes=after)):
        row = fact(cast.oost)
        prove()
        for month in (Month(2026, 11), Month(2026, 12)):
            gap = calc_gap(month, clock.now())
            assert gap.due - gap.arrived == sum(gap.parts.values()), month
    assert list(list_faults()) == []
    return row.klass, row.mrr


def correct(cast: Cast, row: Invoice, after: int = 5, who: Actor | None = None, **data: Any) -> Invoice:
    outcome = do(who or cast.iris, CORRECT, row, after, **data)
    return Invoice.objects.get(public_id=outcome.data["invoice"])


def test_what_was_paid_by_bank_goes_over_and_the_vat_stands_as_credit(cast: Cast, issued: Invoice) -> None:
    do(cast.iris, PAID, issued, amount=str(issued.gross), on=TODAY)
    settled_at = issued.settled_at
    confirm(cast)
    before = figures(cast, 2)
    assert before == ("paying", issued.net / 12)
    new = correct(cast, issued)
    note = Invoice.objects.get(corrects=issued)
    assert (note.gross, note.vat, note.document.preceding.number) == (issued.gross, issued.vat, issued.number)  # type: ignore[union-attr]  # it has one
    assert (new.net, new.vat, new.open, new.paid) == (issued.net, 0, 0, issued.net)
    assert (new.replaces, new.settled_at, new.abroad_net) == (issued, settled_at, 0)
    assert (new.service_from, new.service_until) == (issued.service_from, issued.service_until)
    document = new.document
    assert {item.vat.treatment for item in document.items} == {Treatment.REVERSE_CHARGE}
    assert (document.due, document.payee, document.reference) == (0, None, "")
    assert document.received[0].on == NOW.date() and issued.number in document.received[0].how
    assert document.buyer.vat_id == "DE136695976"
    assert (issued.credited, issued.paid, issued.settled_at) == (issued.gross, 0, None)
    assert get_credit(cast.oost) == issued.vat
    assert figures(cast, 6) == before
    period = PaidPeriod.objects.get(account=cast.oost)
    assert period.external_id.startswith(f"{new.public_id}:") and period.credited_at is None
    assert (period.net, period.gross) == (new.net, new.gross)
    do(cast.iris, BACK, new, 7, amount=str(new.gross))
    assert figures(cast, 8) == ("managed", 0), "the period is the new invoice's"


def test_what_is_open_is_asked_for_without_the_vat(cast: Cast, issued: Invoice) -> None:
    confirm(cast)
    before = figures(cast, 1)
    new = correct(cast, issued)
    assert (new.open, new.due_on, get_credit(cast.oost)) == (issued.net, issued.due_on, 0)
    assert new.document.payee is not None and new.reference.endswith(new.number.replace("-", ""))
    assert figures(cast, 6) == before == ("managed", 0)
    do(cast.iris, PAID, new, 7, amount=str(new.open), on=TODAY)
    assert figures(cast, 8) == ("paying", new.net / 12)


def test_who_paid_the_net_alone_has_paid_the_new_one(cast: Cast, issued: Invoice) -> None:
    do(cast.iris, PAID, issued, amount=str(issued.net), on=TODAY)
    confirm(cast)
    new = correct(cast, issued)
    assert (new.open, get_credit(cast.oost)) == (0, 0)
    assert figures(cast, 6) == ("paying", new.net / 12)


def by_mollie(cast: Cast, row: Invoice, **more: Any) -> Payment:
    paid = payment(cast.oost, str(row.gross), **more)
    held = books.hold([row])
    books.book(cast.oost, held, ledger.receive(row.gross, [row.standing]), Cause(NOW.date(), paid.public_id), NOW)
    row.refresh_from_db()
    return paid


def test_what_was_paid_by_mollie_goes_back_and_waits_for_a_second_person(
    cast: Cast, issued: Invoice, key: None
) -> None:
    paid = by_mollie(cast, issued)
    confirm(cast)
    assert issued.vat > 250
    said = " ".join(foresee(Case(cast.iris, issued, NOW), {"accepts_twice": False}))
    preview(CORRECT, cast.iris, issued.public_id, {})
    for part in ("A credit note takes back all", "A new invoice of the same net", "go back by Mollie", "second person"):
        assert part in said
    assert Invoice.objects.count() == 1 and not Refund.objects.exists()
    new = correct(cast, issued)
    refund = Refund.objects.get()
    assert (refund.payment, refund.amount, refund.state) == (paid, issued.vat, "asked")
    assert refund.corrects == issued and not Call.objects.exists()
    assert (new.paid, new.open, get_credit(cast.oost)) == (issued.net, 0, 0), "it is promised: nobody can use it twice"
    credit_again(NOW)
    assert get_credit(cast.oost) == 0
    deny(cast, refund)
    with clock.frozen(NOW + timedelta(minutes=9)):
        credit_again(clock.now())
        credit_again(clock.now())
    assert get_credit(cast.oost) == issued.vat, "once"
    assert list(list_faults()) == []


def deny(cast: Cast, refund: Refund) -> None:
    with clock.frozen(NOW + timedelta(minutes=8)):
        run("payments.refund.deny", finance("gus"), refund.public_id, {"note": "not now"})


def test_a_colleague_who_approves_sends_a_small_one_alone(
    cast: Cast, issued: Invoice, key: None, settings: Any
) -> None:
    settings.BURSAR_REFUND_LIMIT = Decimal(100_000)
    by_mollie(cast, issued, method="directdebit")
    confirm(cast)
    fien = finance("fien")
    refusal = refusal_of(CORRECT, fien, issued.public_id, {}, reason="x")
    assert isinstance(refusal, Refused) and "eight weeks" not in refusal.sentence and "left twice" in refusal.sentence
    assert Invoice.objects.count() == 1 and not Refund.objects.exists()
    correct(cast, issued, who=fien, accepts_twice=True)
    refund = Refund.objects.get()
    assert refund.state == "sending" and refund.accepts_twice
    assert Call.objects.get().body == {"refund": refund.public_id}
    assert LedgerEntry.objects.get(cause=refund.public_id).amount == -issued.vat


def test_when_there_is_nothing_to_correct(cast: Cast, issued: Invoice) -> None:
    def why() -> str:
        refusal = refusal_of(CORRECT, cast.iris, issued.public_id, {}, reason="x")
        assert isinstance(refusal, Blocked) and not Invoice.objects.exclude(replaces=None).exists()
        return refusal.sentence

    assert "not confirmed" in why()
    write_down(cast.ties, cast.oost, vat_id="")
    assert "no VAT id" in why()
    write_down(cast.ties, cast.oost, vat_id="NL004495445B01")
    confirmed = cast.oost.billing_details
    confirmed.refresh_from_db()
    confirmed.vat_status = "valid"
    confirmed.save()
    assert "stays as it is" in why(), "an id of the seller's own country reverses nothing"
    write_down(cast.ties, cast.oost)
    confirm(cast)
    do(cast.iris, "billing.invoice.credit", issued, part="10.00")
    assert "credited already" in why()
    note = Invoice.objects.get(corrects=issued)
    refusal = refusal_of(CORRECT, cast.iris, note.public_id, {}, reason="x")
    assert isinstance(refusal, Blocked) and "credit note" in refusal.sentence


def test_it_is_corrected_once_and_the_new_one_cannot_be(cast: Cast, issued: Invoice) -> None:
    confirm(cast)
    new = correct(cast, issued)
    for row, words in ((issued, f"{new.number} corrects it already"), (new, "stays as it is")):
        refusal = refusal_of(CORRECT, cast.iris, row.public_id, {}, reason="x")
        assert isinstance(refusal, Blocked) and words in refusal.sentence
    assert Invoice.objects.count() == 3


def test_what_changes_while_it_is_drawn_has_it_made_again(
    cast: Cast, issued: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm(cast)
    drawn: list[str] = []
    draw = making.make

    def pay_meanwhile(document: Any, **how: Any) -> Any:
        if not drawn:
            do(cast.iris, PAID, issued, amount="10.00", on=TODAY)
        drawn.append(document.number)
        return draw(document, **how)

    monkeypatch.setattr(making, "make", pay_meanwhile)
    new = correct(cast, issued)
    assert len(drawn) == 4 and new.document.received[0].amount == new.paid == 10
    assert Invoice.objects.count() == 3


@pytest.mark.parametrize("seed", range(6))
def test_no_figure_moves_however_it_stands(cast: Cast, issued: Invoice, seed: int) -> None:
    """Unless less was left open than the VAT: then the rest of the money settles it."""
    random = Random(seed)
    for step in range(1, random.randint(2, 5)):
        verb = random.choice([PAID, PAID, BACK, OFF])
        amount = str(
            (random.choice([issued.open + issued.written_off, issued.gross / 3, issued.paid])).quantize(Decimal("0.01"))
        )
        data = {"amount": amount, "on": TODAY} if verb == PAID else {"amount": amount} if verb == BACK else {}
        with suppress(Blocked, Refused, Invalid):
            do(cast.iris, verb, issued, step, **data)
    confirm(cast)
    before, was_settled = figures(cast, 10), issued.settled_at
    total = issued.paid + get_credit(cast.oost)
    new = correct(cast, issued, 11)
    assert new.paid + get_credit(cast.oost) == total
    assert (new.settled_at is not None) >= (was_settled is not None)
    if was_settled or not new.settled_at:
        assert figures(cast, 12) == before
    assert date.fromisoformat(TODAY) == new.issued_on


GERMAN = replace(DETAILS, name="Stadt Köln", postcode="50667", city="Köln", country="DE", vat_id="DE136695976")


def test_the_invoice_of_a_charge_is_corrected_and_mollies_refund_makes_no_second_credit_note(shop: Cast) -> None:
    set_details({shop.samen.pk: GERMAN}, NOW)
    bought = buy(shop.samen)
    minute()
    before, class_before = bought.invoice, fact(shop.samen).klass
    assert before.vat > 0 and bought.charge.is_abroad and before.open == 0
    accept([shop.samen.pk], "WAPI-1", clock.now())
    clock.set_fixed(clock.now() + timedelta(minutes=1))
    assert get_sold(clock.now()).this_year == before.net, "once, though charge and invoice know of it"
    outcome = run(CORRECT, shop.iris, before.public_id, {}, reason="confirmed since")
    new, refund = bought.invoice, Refund.objects.get()
    assert (new.public_id, new.replaces) == (outcome.data["invoice"], before)
    assert (refund.state, refund.amount, refund.corrects_id) == ("sending", before.vat, before.pk)
    bought.charge.refresh_from_db()
    assert bought.charge.invoice == new and get_sold(clock.now()).this_year == 0
    minute()
    assert (bought.credit, len(bought.notes)) == (0, 1), "it is on its way: nothing is turned round meanwhile"
    bought.say_of(refund, "refunded")
    bought.tell(refunded=refund.amount)
    minute()
    assert (bought.credit, len(bought.notes)) == (0, 1)
    check_books()
    assert fact(shop.samen).klass == class_before
    later = bought.refund("10.00")
    minute()
    note = bought.notes[-1]
    assert (note.corrects, note.gross, note.vat, note.made_for) == (new, 10, 0, later.public_id)
    check_books()
    assert list(list_faults()) == []
    prove()


def test_a_refund_of_a_correction_that_fails_at_mollie_is_credit_and_is_not_taken_for_money_paid_twice(
    shop: Cast,
) -> None:
    set_details({shop.samen.pk: GERMAN}, NOW)
    bought = buy(shop.samen)
    minute()
    vat = bought.invoice.vat
    accept([shop.samen.pk], "WAPI-1", clock.now())
    clock.set_fixed(clock.now() + timedelta(minutes=1))
    run(CORRECT, shop.iris, bought.invoice.public_id, {}, reason="confirmed since")
    refund = Refund.objects.get()
    bought.say_of(refund, "failed")
    credit_again(clock.now())
    minute()
    assert bought.credit == vat and bought.invoice.open == 0
    run("billing.account.pay_back_credit", shop.iris, shop.samen.public_id, {"amount": str(vat)}, reason="by bank")
    minute()
    assert bought.credit == 0 and len(bought.notes) == 1
    assert list(list_faults()) == []


def test_a_charge_that_the_bank_took_back_is_not_corrected(shop: Cast) -> None:
    set_details({shop.samen.pk: GERMAN}, NOW)
    bought = buy(shop.samen)
    minute()
    bought.charge_back()
    minute()
    accept([shop.samen.pk], "WAPI-1", clock.now())
    refusal = refusal_of(CORRECT, shop.iris, bought.invoice.public_id, {}, reason="x")
    assert isinstance(refusal, Blocked) and "taken back" in refusal.sentence and not bought.notes


def test_what_was_paid_by_a_link_goes_back_to_where_it_came_from(cast: Cast, counter: Counter, seller: Any) -> None:
    counter.account = cast.oost
    set_details({cast.oost.pk: GERMAN}, clock.now())
    data = {"with_seats": True, "cadence": "yearly", "first_day": TODAY}
    row = Invoice.objects.get(public_id=run(ISSUE, cast.ties, cast.oost.public_id, data, reason="x").data["invoice"])
    link = link_for(counter, cast.iris, row)
    paid = pay(counter, link)
    book(counter)
    row.refresh_from_db()
    assert row.open == 0 and row.vat > 0
    klass, mrr = fact(cast.oost).klass, fact(cast.oost).mrr
    accept([cast.oost.pk], "WAPI-1", clock.now())
    clock.set_fixed(clock.now() + timedelta(minutes=1))
    new = Invoice.objects.get(public_id=run(CORRECT, cast.iris, row.public_id, {}, reason="x").data["invoice"])
    refund = Refund.objects.get()
    assert (refund.payment_id, refund.amount, new.open) == (paid.pk, row.vat, 0)
    book(counter)
    assert (fact(cast.oost).klass, fact(cast.oost).mrr) == (klass, mrr) == ("paying", row.net / 12)
    assert Invoice.objects.count() == 3 and list(list_faults()) == []


def test_an_open_link_asks_for_too_much_once_the_vat_is_corrected(cast: Cast, counter: Counter, seller: Any) -> None:
    counter.account = cast.oost
    set_details({cast.oost.pk: GERMAN}, clock.now())
    data = {"with_seats": True, "cadence": "yearly", "first_day": TODAY}
    row = Invoice.objects.get(public_id=run(ISSUE, cast.ties, cast.oost.public_id, data, reason="x").data["invoice"])
    link = link_for(counter, cast.iris, row)
    accept([cast.oost.pk], "WAPI-1", clock.now())
    clock.set_fixed(clock.now() + timedelta(minutes=1))
    run(CORRECT, cast.iris, row.public_id, {}, reason="x")
    book(counter)
    link.refresh_from_db()
    assert link.state == "ended"

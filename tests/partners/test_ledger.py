"""The referral ledger through its doors: made, changed, ended; worked out from money that really came; settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import InternalError, ProgrammingError

from bursar.actions.run import run
from bursar.billing.documents.document import ItemKind, read_document
from bursar.billing.models import Invoice
from bursar.billing.store import Details, accept, set_details
from bursar.core import clock
from bursar.core.calendar import midnight
from bursar.partners.jobs import accrue_due
from bursar.partners.models import AccrualLine, ReferralEntry, SelfBillingSeries, Settlement
from bursar.partners.self_billing import NO_DETAILS, NO_ID, TEXT
from bursar.partners.verify import list_faults
from bursar.payments.models import Payment
from bursar.plans.queries import get_discount
from tests.billing import invoiced, issued
from tests.billing.documents import samples
from tests.billing.test_proposing import seller
from tests.cast import NOW, Cast, prove, refusal_of, shown_by, sign_in
from tests.partners.helpers import DAY, EDIT, END, REFER, TERMS, account_of, amounts, bureau, look, refer
from tests.payments import ledger as rows

__all__ = ["seller"]
TODAY = NOW.date()
JULY = date(2026, 7, 1)
TRAINING = replace(samples.seats(), kind=ItemKind.TRAINING, description="Training", quantity=Decimal(1))
SETTLE, CREDIT = "partners.organisation.settle", "partners.organisation.settle_by_credit"


def edit(cast: Cast, entry: ReferralEntry, **terms: Any) -> Any:
    return run(EDIT, cast.iris, entry.public_id, {**TERMS, **terms}, reason="Agreed anew")


def settle(cast: Cast, entry: ReferralEntry, quarter: str, amount: str, number: str = "F-1") -> Any:
    data = {"quarter": quarter, "amount": amount, "number": number, "on": TODAY.isoformat()}
    return run(SETTLE, cast.iris, entry.partner.public_id, data, reason="It came by mail")


def test_an_invoice_paid_by_bank_accrues_without_its_vat(cast: Cast, seller: Any) -> None:
    entry = refer(cast, cast.oost, JULY)
    row = issued.invoice(cast.oost, date(2026, 8, 1), samples.seats())
    assert look(entry) == []
    issued.pay(row, date(2026, 8, 20), row.gross / 2)
    issued.pay(row, date(2026, 8, 21))
    share = row.net / 10
    assert sum(look(entry)) == share and look(entry) == amounts(entry)
    issued.book(row, rows_of_take_back(row), date(2026, 9, 1))
    assert sum(look(entry)) == 0
    prove()


def rows_of_take_back(row: Invoice) -> Any:
    from bursar.billing.rules.ledger import take_back

    return take_back(row.paid, row.standing)


def test_the_subscription_alone_counts_unless_it_was_ticked(cast: Cast, seller: Any) -> None:
    entry = refer(cast, cast.oost, JULY)
    row = issued.invoice(cast.oost, date(2026, 8, 1), samples.seats(), TRAINING)
    issued.pay(row, date(2026, 8, 20))
    subscription = row.document.items[0].net
    assert sum(look(entry)) == subscription / 10
    edit(cast, entry, with_other=True)
    assert sum(look(entry)) == subscription / 10  # from today on
    late = issued.invoice(cast.oost, TODAY, TRAINING)
    issued.pay(late, TODAY)
    assert sum(look(entry)) == subscription / 10 + late.net / 10


def test_a_mollie_charge_counts_before_it_has_an_invoice(cast: Cast) -> None:
    entry = refer(cast, cast.haarlem, JULY, cap="15.00")
    charge = rows.charge(cast.haarlem, date(2026, 9, 1))
    rows.payment(cast.haarlem, midnight(date(2026, 6, 30)), owed=rows.charge(cast.haarlem, date(2026, 6, 30)))
    paid = rows.payment(cast.haarlem, midnight(date(2026, 9, 1)), owed=charge)
    again = rows.payment(cast.haarlem, midnight(date(2026, 9, 2)), owed=rows.charge(cast.haarlem, None, "upgrade"))
    rows.payment(cast.haarlem, midnight(date(2026, 9, 3)), owed=rows.charge(cast.haarlem, None, "method"))
    rows.payment(
        cast.haarlem, midnight(date(2026, 9, 4)), "failed", owed=rows.charge(cast.haarlem, None, state="failed")
    )
    assert look(entry) == [Decimal("10.00"), Decimal("5.00")]
    assert {line.payable_on for line in AccrualLine.objects.all()} == {date(2026, 10, 27), date(2026, 10, 28)}
    rows.refund(paid, "60.50", midnight(date(2026, 10, 1)))
    assert look(entry) == [10, 5, 0]  # the second takes the room under the cap
    rows.chargeback(again, midnight(date(2026, 10, 2)))
    assert look(entry) == [10, 5, 0, -10]
    Payment.objects.filter(pk=again.pk).update(charged_back=0)
    assert sum(look(entry)) == 15
    prove()


def test_what_stays_of_a_charge_that_ended_counts_and_what_came_after_an_end_does_not(cast: Cast) -> None:
    entry, day = refer(cast, cast.haarlem, JULY), midnight(date(2026, 9, 1))
    sold = rows.charge(cast.haarlem, None, "upgrade", "ended", settled_at=day, ended_at=midnight(date(2026, 10, 1)))
    rows.refund(rows.payment(cast.haarlem, day, owed=sold), "60.50", midnight(date(2026, 9, 20)))
    never = rows.charge(cast.haarlem, None, "seat", "ended", ended_at=midnight(date(2026, 9, 1)))
    rows.payment(cast.haarlem, midnight(date(2026, 9, 2)), owed=never)
    assert sum(look(entry)) == 5
    prove()


def test_the_job_works_out_what_is_due_once(cast: Cast) -> None:
    entry = refer(cast, cast.haarlem, JULY)
    rows.payment(cast.haarlem, midnight(date(2026, 9, 1)), owed=rows.charge(cast.haarlem, date(2026, 9, 1)))
    for minutes in (0, 1, 20, 40):
        with clock.frozen(NOW + timedelta(minutes=minutes)):
            accrue_due(clock.now())
    assert amounts(entry) == [10]
    entry.refresh_from_db()
    assert entry.looked_at == NOW + timedelta(minutes=40)


def test_lines_and_settlements_are_only_ever_added(cast: Cast) -> None:
    entry = refer(cast, cast.haarlem, JULY)
    rows.payment(cast.haarlem, midnight(date(2026, 9, 1)), owed=rows.charge(cast.haarlem, date(2026, 9, 1)))
    look(entry)
    for change in (AccrualLine.objects.all().delete, lambda: AccrualLine.objects.update(amount=1)):
        with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
            change()
    assert amounts(entry) == [10]


def test_verify_says_what_is_not_as_it_was_received(cast: Cast) -> None:
    entry = refer(cast, cast.haarlem, JULY)
    paid = rows.payment(cast.haarlem, midnight(date(2026, 9, 1)), owed=rows.charge(cast.haarlem, date(2026, 9, 1)))
    look(entry)
    assert list(list_faults()) == []
    Payment.objects.filter(pk=paid.pk).update(amount=Decimal("60.50"))
    assert list(list_faults()) == [f"{entry.public_id}: {paid.public_id} is -50.00 net and -5.00 off what was received"]
    assert list(list_faults(cast.oost.public_id)) == []
    other = rows.payment(cast.haarlem, midnight(date(2026, 9, 2)), owed=rows.charge(cast.haarlem, date(2026, 9, 2)))
    Payment.objects.filter(pk=other.pk).update(learned_at=NOW + DAY)  # news of another receipt hide no fault
    assert len(list(list_faults())) == 1
    Payment.objects.filter(pk=paid.pk).update(learned_at=NOW + DAY)  # news that the job has not come to yet
    assert list(list_faults()) == []


# By hand


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"expires_on": "2026-11-01"}, "It would be over already: its last day is today or later, and not before its first."),
        ({"client_discount": 20}, "The client's account has another discount: 10 % scholarship. "
         "End that first, or make the entry without a client discount."),
    ],
)  # fmt: skip
def test_what_no_entry_may_be(cast: Cast, terms: dict[str, Any], sentence: str) -> None:
    data = {"kind": "scholarship", "percent": 10, "end_date": ""}
    run("plans.account.set_discount", cast.iris, cast.oost.public_id, data, reason="x")
    asked = {**TERMS, **terms, "partner": bureau().public_id, "starts_on": JULY.isoformat()}
    assert refusal_of(REFER, cast.iris, cast.oost.public_id, asked, reason="x").sentence == sentence
    assert not ReferralEntry.objects.exists()


def test_a_partner_gets_no_share_of_what_it_pays_itself(cast: Cast) -> None:
    own = account_of(bureau())
    asked = {**TERMS, "partner": bureau().public_id, "starts_on": JULY.isoformat()}
    refused = refusal_of(REFER, cast.iris, own.public_id, asked, reason="x")
    assert refused.sentence == "Bureau would get a share of what it pays itself."
    assert not ReferralEntry.objects.exists()


def test_entries_of_one_client_never_overlap(cast: Cast) -> None:
    entry = refer(cast, cast.oost, JULY, expires_on="2026-12-31")
    asked = {**TERMS, "partner": bureau().public_id, "starts_on": "2026-11-01"}
    refused = refusal_of(REFER, cast.iris, cast.oost.public_id, asked, reason="x")
    assert "Bureau has an entry for this client from 1 July 2026 through 31 December 2026." in refused.sentence
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferralEntry.objects.create(
            partner=entry.partner, client=cast.oost, starts_on=date(2026, 12, 31), created_at=NOW
        )
    assert ReferralEntry.objects.count() == 1


def test_the_clients_discount_comes_and_goes_with_the_entry(cast: Cast) -> None:
    entry = refer(cast, cast.oost, JULY, client_discount=15, expires_on="2027-06-30")
    made = get_discount(NOW, account_id=cast.oost.pk)
    assert made is not None and (made.kind, made.percent, made.end_date) == ("partner", 15, date(2027, 6, 30))
    edit(cast, entry, client_discount=20, expires_on="2027-03-31")
    made = get_discount(clock.now(), account_id=cast.oost.pk)
    assert made is not None and (made.percent, made.end_date) == (20, date(2027, 3, 31))
    run(END, cast.iris, entry.public_id, {"last_day": TODAY.isoformat()}, reason="x")
    made = get_discount(clock.now(), account_id=cast.oost.pk)
    assert made is not None and made.end_date == TODAY
    entry.refresh_from_db()
    assert (entry.expires_on, entry.ended_at) == (TODAY, NOW)
    with clock.frozen(NOW + 2 * DAY):
        assert get_discount(clock.now(), account_id=cast.oost.pk) is None
        refused = refusal_of(EDIT, cast.iris, entry.public_id, {**TERMS, "share": 20}, reason="x")
        assert refused.sentence == "The entry ended on 24 November 2026. What follows is an entry of its own."


def test_the_cap_never_lies_below_what_it_came_to(cast: Cast) -> None:
    entry = refer(cast, cast.haarlem, JULY)
    rows.payment(cast.haarlem, midnight(date(2026, 9, 1)), owed=rows.charge(cast.haarlem, date(2026, 9, 1)))
    refused = refusal_of(EDIT, cast.iris, entry.public_id, {**TERMS, "cap": "9.99"}, reason="x")
    assert refused.sentence == "The entry came to € 10.00 already: the cap cannot lie below that."
    entry.refresh_from_db()
    assert entry.cap is None
    edit(cast, entry, cap="10.00", share=20)
    rows.payment(cast.haarlem, NOW, owed=rows.charge(cast.haarlem, TODAY))
    assert look(entry) == [10, 0]


# Settled


def test_a_settled_quarter_never_changes(cast: Cast, seller: Any) -> None:
    entry = refer(cast, cast.oost, JULY)
    row = issued.invoice(cast.oost, date(2026, 8, 1), samples.seats())
    issued.pay(row, date(2026, 8, 20))
    look(entry)
    share = str((row.net / 10).quantize(Decimal("0.01")))
    wrong = {"quarter": "2026-Q3", "amount": "1.00", "number": "F-1", "on": TODAY.isoformat()}
    refused = refusal_of(SETTLE, cast.iris, entry.partner.public_id, wrong, reason="x")
    assert "an invoice of another amount does not settle it" in refused.sentence and not Settlement.objects.exists()
    settle(cast, entry, "2026-Q3", share)
    issued.book(row, rows_of_take_back(row), date(2026, 9, 1))  # heard of late
    assert sum(look(entry)) == 0
    late = AccrualLine.objects.latest("pk")
    assert (late.on, late.payable_on) == (date(2026, 9, 1), date(2026, 10, 1))
    again = refusal_of(SETTLE, cast.iris, entry.partner.public_id, wrong, reason="x")
    assert again.sentence == "Nothing is owed for a quarter that is over."
    assert Settlement.objects.get().amount == Decimal(share)
    prove()


def test_a_credit_note_of_ours_settles(cast: Cast, seller: Any, one_connection: None) -> None:
    entry = refer(cast, cast.haarlem, JULY)
    rows.payment(
        cast.haarlem, midnight(date(2026, 8, 1)), owed=rows.charge(cast.haarlem, date(2026, 8, 1)), method="ideal"
    )
    look(entry)
    own = account_of(entry.partner)
    invoiced.know(own)
    row = invoiced.issue(cast.iris, own)
    data = {"quarter": "2026-Q3", "invoice": row.public_id}
    made = run(CREDIT, cast.iris, entry.partner.public_id, data, reason="As agreed")
    note = Invoice.objects.get(kind="credit_note")
    settlement = Settlement.objects.get()
    assert (note.net, note.corrects, settlement.credit_note) == (10, row, note)
    assert (settlement.amount, settlement.number, settlement.through) == (10, note.number, date(2026, 9, 30))
    row.refresh_from_db()
    assert row.open == row.gross - note.gross and made.data["credit_note"] == note.number
    prove()


SELF = "partners.organisation.settle_by_self_billing"


def test_we_write_the_partners_invoice_in_its_name(cast: Cast, seller: Any) -> None:
    entry = refer(cast, cast.haarlem, JULY)
    rows.payment(
        cast.haarlem, midnight(date(2026, 8, 1)), owed=rows.charge(cast.haarlem, date(2026, 8, 1)), method="ideal"
    )
    look(entry)
    asked = {"quarter": "2026-Q3", "agreed": True}
    refused = refusal_of(SELF, cast.iris, entry.partner.public_id, asked, reason="x")
    assert refused.sentence == NO_DETAILS
    own = account_of(entry.partner)
    german = Details("Bureau GmbH", "Lindenallee 4", "50667", "Köln", "DE", vat_id="DE136695976", language="en")
    set_details({own.pk: german}, NOW)
    assert refusal_of(SELF, cast.iris, entry.partner.public_id, asked, reason="x").sentence == NO_ID
    assert not Settlement.objects.exists() and not SelfBillingSeries.objects.exists()
    accept([own.pk], "WAPI1", NOW)
    run(SELF, cast.iris, entry.partner.public_id, asked, reason="They agreed")
    settlement = Settlement.objects.get()
    assert settlement.says is not None
    document = read_document(settlement.says)
    assert (settlement.number, settlement.amount, document.totals.net, document.totals.vat) == (
        "SB2026-000001", 10, 10, 0,
    )  # fmt: skip
    assert (document.seller.name, document.seller.vat_id) == ("Bureau GmbH", "DE136695976")
    assert document.buyer.name == "Agora Voices B.V." and TEXT in document.notes
    assert document.items[0].vat.treatment == "reverse_charge" and document.totals.gross == 10
    answer = sign_in("ties@agora.example").get(f"/panel/partners/{entry.partner.public_id}/self-billing/2026-Q3")
    assert answer.content.startswith(b"%PDF")
    other = sign_in("ties@agora.example").get(f"/panel/partners/{entry.partner.public_id}/self-billing/2026-Q2")
    assert other.status_code == 404
    assert list(list_faults()) == []


def test_what_went_back_twice_takes_nothing_off_other_money(cast: Cast) -> None:
    """A receipt is never below 0; what comes for the same charge again only makes up for it first."""
    entry = refer(cast, cast.oost, JULY)
    day = midnight(date(2026, 8, 1))
    owed = rows.charge(cast.oost, day.date())
    paid = rows.payment(cast.oost, day, owed=owed, method="ideal")
    rows.payment(cast.oost, day, owed=rows.charge(cast.oost, day.date()), method="ideal")
    assert sum(look(entry)) == 20
    rows.refund(paid, "50.00", day + DAY)
    rows.chargeback(paid, day + 2 * DAY)
    assert sum(look(entry)) == 10, "all of it is taken off, and no more"
    rows.payment(cast.oost, day + 3 * DAY, owed=owed, method="ideal")
    assert sum(look(entry)) == Decimal("15.87"), "71.00 of 121.00 stayed of that charge"
    assert list(list_faults()) == []


def test_another_discount_says_what_it_takes_the_place_of_and_the_ledger_what_stands(cast: Cast) -> None:
    entry, staff = refer(cast, cast.haarlem, JULY, client_discount=20), sign_in("ties@agora.example")
    levers, page = f"/panel/actions/account/{cast.haarlem.public_id}", f"/panel/partners/{entry.partner.public_id}"
    words = "20 % were agreed in the referral entry of Bureau. The entry goes on, and shows what stands instead."
    other = {"kind": "scholarship", "percent": "50", "end_date": ""}
    assert words in shown_by(staff.post(f"{levers}/set_discount/preview", other))
    assert words in shown_by(staff.get(f"{levers}/remove_discount"))
    assert "20 % off agreed for the client</div>" in shown_by(staff.get(page)), "it stands as it was agreed"
    clock.set_fixed(NOW + timedelta(minutes=1))
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, other, reason="Theirs is better")
    assert "20 % off agreed for the client; now <b>50 % scholarship</b></div>" in shown_by(staff.get(page))
    assert words not in shown_by(staff.get(f"{levers}/remove_discount")), "what stands now is nobody's but theirs"
    clock.set_fixed(NOW + timedelta(minutes=2))
    run("plans.account.remove_discount", cast.ties, cast.haarlem.public_id, {}, reason="Over")
    assert "20 % off agreed for the client; now <b>no discount</b></div>" in shown_by(staff.get(page))

"""Bank statements by the doors: what is booked by itself, what waits, what a person decides, and that all is undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.actions.bulk import start
from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.billing import banking, verify
from bursar.billing.models import BankDecision, BankFile, BankLine, BankShare, BankSuggestion, Invoice, LedgerEntry
from bursar.billing.obstacles import list_obstacles
from bursar.billing.rules.bank_lines import Claim, why_not_claims
from bursar.billing.rules.ledger import Standing
from bursar.billing.store.ledger import get_credit
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound, Refused
from bursar.outbox.models import OutboxRow
from tests.billing.bank.writing import THEIRS, entry
from tests.billing.bank_desk import ASIDE, CONFIRM, SPLIT, UNDO, arrive, issue, now_of, paid
from tests.billing.test_settling import klass
from tests.cast import NOW, Cast, prove, refusal_of
from tests.requests.helpers import customer

REST: Any = {"reason": "as agreed"}


@pytest.fixture
def oost(cast: Cast) -> Invoice:
    """€ 121.00 are open."""
    return issue(cast.oost)


@pytest.fixture
def haarlem(cast: Cast) -> Invoice:
    """€ 60.50 are open."""
    return issue(cast.haarlem, "50.00")


def test_a_reference_with_the_open_amount_is_booked_by_itself_as_the_system(cast: Cast, oost: Invoice) -> None:
    assert klass(cast, 0) == ("managed", 0)
    [line] = arrive(cast.iris, paid(oost))
    now_of(oost)
    assert (line.state, oost.paid, oost.open) == ("matched", Decimal("121.00"), 0)
    decision = BankDecision.objects.get(line=line)
    share = decision.shares.get()
    assert (decision.kind, share.invoice, share.amount) == ("itself", oost, Decimal("121.00"))
    [booked] = LedgerEntry.objects.all()
    assert (booked.booking, booked.cause, booked.on) == (share.booking, line.public_id, line.booked_on)
    assert klass(cast, 1)[0] == "paying"
    told = AuditLine.objects.get(key="billing.invoice.book_bank_money")
    assert told.customer_visible and told.target_id == oost.public_id and told.stream == cast.oost.public_id
    assert AuditLine.objects.filter(key="billing.bank_file.book_lines").count() == 1
    assert OutboxRow.objects.filter(kind="notice", payload__line=told.public_id).exists()
    assert not BankSuggestion.objects.exists()
    prove()


def test_what_its_balances_do_not_prove_only_waits(cast: Cast, oost: Invoice) -> None:
    from bursar.billing.bank import Balance

    [line] = arrive(cast.iris, paid(oost), closing=Balance(Decimal("1.00"), date(2026, 11, 3)))
    assert line.state == "waiting" and not LedgerEntry.objects.exists()
    assert BankFile.objects.get().found.get().remarks[0].endswith("is missing.")
    run(CONFIRM, cast.iris, line.public_id)
    now_of(oost, line)
    assert (oost.open, line.state) == (0, "matched")


def test_a_confirmed_suggestion_settles_it_and_needs_no_second_person(cast: Cast, oost: Invoice) -> None:
    [line] = arrive(cast.iris, entry("121.00", f"factuur {oost.number}", name="Jan Bos", iban=THEIRS))
    assert (line.state, oost.paid) == ("waiting", 0)
    assert line.reason == f"The text holds the number {oost.number}, and the amount is what is open of it."
    foreseen = preview(CONFIRM, cast.iris, line.public_id, {})
    assert foreseen.sentence == f"€ 121.00 is for {oost.number}." and not LedgerEntry.objects.exists()
    run(CONFIRM, cast.iris, line.public_id)
    now_of(oost, line)
    assert (oost.open, line.state) == (0, "matched") and klass(cast, 1)[0] == "paying"
    assert isinstance(refusal_of(CONFIRM, cast.iris, line.public_id), Blocked)
    assert LedgerEntry.objects.count() == 1
    prove()


def test_from_an_iban_that_paid_before_the_next_is_suggested(cast: Cast, oost: Invoice) -> None:
    [line] = arrive(cast.iris, entry("121.00", f"factuur {oost.number}", name="Jan Bos", iban=THEIRS))
    run(CONFIRM, cast.iris, line.public_id)
    other = issue(cast.oost, "70.00")
    [second] = arrive(cast.iris, entry("84.70", "dank u", iban=THEIRS), number=13)
    assert second.reason.startswith(f"From this IBAN the customer of {other.number} has paid before")


def test_one_payment_for_invoices_of_two_accounts_is_split_and_turned_round(
    cast: Cast, oost: Invoice, haarlem: Invoice
) -> None:
    [line] = arrive(cast.iris, entry("200.00", "twee facturen"))
    wanted = f"{oost.number} 121.00\n{haarlem.number} 60.50\n{cast.samen.public_id} 18.50"
    run(SPLIT, cast.iris, line.public_id, {"parts": wanted}, **REST)
    now_of(oost, haarlem)
    assert (oost.open, haarlem.open, get_credit(cast.samen)) == (0, 0, Decimal("18.50"))
    streams = AuditLine.objects.filter(key__contains="book_bank").values_list("stream", flat=True)
    assert set(streams) == {cast.oost.public_id, cast.haarlem.public_id, cast.samen.public_id}
    prove()
    with clock.frozen(NOW + timedelta(minutes=2)):
        run(UNDO, cast.iris, line.public_id, **REST)
    now_of(oost, haarlem, line)
    assert (oost.open, haarlem.open, get_credit(cast.samen)) == (oost.gross, haarlem.gross, 0)
    assert line.state == "waiting" and line.is_by_hand
    shares = BankShare.objects.all()
    turned = set(LedgerEntry.objects.exclude(turns_round="").values_list("booking", "turns_round"))
    assert turned == {(share.undoing, share.booking) for share in shares}
    with clock.frozen(NOW + timedelta(minutes=3)):
        prove()


def test_undone_it_is_never_booked_by_itself_again_and_a_person_may(cast: Cast, oost: Invoice) -> None:
    [line] = arrive(cast.iris, paid(oost))
    with clock.frozen(NOW + timedelta(minutes=1)):
        run(UNDO, cast.iris, line.public_id, reason="another customer's")
        banking.look(clock.now())
    now_of(oost, line)
    assert (line.state, oost.open) == ("waiting", oost.gross) and BankSuggestion.objects.get().is_whole
    assert klass(cast, 2) == ("managed", 0)
    with clock.frozen(NOW + timedelta(minutes=3)):
        run(CONFIRM, cast.iris, line.public_id)
    now_of(oost)
    assert oost.open == 0 and klass(cast, 4)[0] == "paying"


def test_a_part_leaves_the_rest_open_and_more_is_credit(cast: Cast, oost: Invoice) -> None:
    [part] = arrive(cast.iris, paid(oost, "21.00"))
    assert part.state == "waiting" and "a part payment" in part.reason
    run(CONFIRM, cast.iris, part.public_id)
    now_of(oost)
    assert oost.open == 100
    [more] = arrive(cast.iris, paid(oost, "130.00"), number=13)
    run(CONFIRM, cast.iris, more.public_id)
    now_of(oost)
    assert (oost.open, get_credit(cast.oost)) == (0, 30)
    prove()


def test_money_for_what_was_given_up_reopens_and_settles_it(cast: Cast, oost: Invoice) -> None:
    run("billing.invoice.write_off", cast.iris, oost.public_id, **REST)
    [line] = arrive(cast.iris, paid(oost, "121.00"))
    assert line.state == "waiting" and "this reopens it" in line.reason
    run(CONFIRM, cast.iris, line.public_id)
    now_of(oost)
    assert (oost.paid, oost.written_off, oost.open) == (121, 0, 0)
    prove()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ("{a} 121.00", "come to"),
        ("{a} 150.00\n{b} 50.00", "are open: write down the rest"),
        ("{a} 100.00\n{a} 100.00", "named twice"),
        ("{a} -1.00\n{b} 201.00", "sign of the line"),
        ("{a} 0.00\n{b} 200.00", "sign of the line"),
    ],
)
def test_parts_that_do_not_fit_are_refused(cast: Cast, oost: Invoice, haarlem: Invoice, parts: str, words: str) -> None:
    [line] = arrive(cast.iris, entry("200.00", "?"))
    text = parts.format(a=oost.number, b=haarlem.number)
    refusal = refusal_of(SPLIT, cast.iris, line.public_id, {"parts": text}, **REST)
    assert isinstance(refusal, Refused) and words in refusal.sentence
    now_of(line)
    assert line.state == "waiting" and not LedgerEntry.objects.exists() and not BankDecision.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "x", "2026-999999 200.00", "acc_nobody 200.00", "{a} 1e5", "{a} 199.999", "{a} €200"]
)
def test_parts_that_nobody_can_read_are_refused(cast: Cast, oost: Invoice, text: str) -> None:
    [line] = arrive(cast.iris, entry("200.00", "?"))
    refusal = refusal_of(SPLIT, cast.iris, line.public_id, {"parts": text.format(a=oost.number)}, **REST)
    assert isinstance(refusal, Invalid) and "parts" in refusal.fields and not LedgerEntry.objects.exists()


def test_what_no_invoice_is_concerned_in_is_set_aside_and_comes_back(cast: Cast) -> None:
    salary, tax = arrive(cast.iris, entry("-2000.00", "salaris"), entry("500.00", "Belastingdienst"))
    assert (salary.state, tax.state) == ("left", "waiting")
    assert isinstance(refusal_of(ASIDE, cast.iris, salary.public_id, {"note": "x"}), Blocked)
    assert isinstance(refusal_of(ASIDE, cast.iris, tax.public_id, {}), Invalid)
    run(ASIDE, cast.iris, tax.public_id, {"note": "VAT back"})
    now_of(tax)
    assert tax.state == "aside" and BankDecision.objects.get().note == "VAT back"
    run(UNDO, cast.iris, tax.public_id, **REST)
    now_of(tax)
    assert tax.state == "waiting" and not LedgerEntry.objects.exists()


def test_what_the_bank_took_back_suggests_the_payment_and_reopens_it(cast: Cast, oost: Invoice) -> None:
    [line] = arrive(cast.iris, paid(oost, iban=THEIRS))
    back = entry("-121.00", "storno", iban=THEIRS, is_reversal=True, day=date(2026, 11, 4))
    with clock.frozen(NOW + timedelta(minutes=1)):
        [taken] = arrive(cast.iris, back, number=13, opening="1121.00")
        assert taken.state == "waiting" and oost.number in taken.reason
        run(CONFIRM, cast.iris, taken.public_id)
    now_of(oost, taken)
    assert (oost.open, taken.state) == (oost.gross, "matched") and klass(cast, 2) == ("managed", 0)
    with clock.frozen(NOW + timedelta(minutes=3)):
        run(UNDO, cast.iris, taken.public_id, **REST)
        now_of(oost)
        assert oost.open == 0 and line.pk
        prove()


def test_what_was_credited_since_is_taken_back_from_the_credit_while_it_is_there(cast: Cast, oost: Invoice) -> None:
    [line] = arrive(cast.iris, paid(oost))
    with clock.frozen(NOW + timedelta(minutes=1)):
        run("billing.invoice.credit", cast.iris, oost.public_id, {}, **REST)
        assert get_credit(cast.oost) == 121
        run("billing.account.pay_back_credit", cast.iris, cast.oost.public_id, {"amount": "21.00"}, **REST)
        refusal = refusal_of(UNDO, cast.iris, line.public_id, **REST)
        assert isinstance(refusal, Refused) and refusal.sentence.startswith("The money went on since.")
        now_of(line)
        assert line.state == "matched" and get_credit(cast.oost) == 100
        prove()


def test_an_invoice_that_comes_after_its_money_is_suggested_or_booked_by_the_clock(cast: Cast) -> None:
    [line] = arrive(cast.iris, entry("121.00", "RF92 2026 0000 01", name="Jan Bos"))
    assert line.state == "waiting" and line.reason == "Nothing in it says what it pays."
    from bursar.billing.jobs import look_at_bank_lines

    later = NOW + timedelta(minutes=1)
    with clock.frozen(later):
        row = issue(cast.oost)
        assert row.number == "2026-000001"
        look_at_bank_lines(later)
    now_of(line)
    assert row.number in line.reason or line.state == "matched"


def test_a_reminder_waits_while_a_line_may_pay_the_invoice(cast: Cast, oost: Invoice, haarlem: Invoice) -> None:
    [line] = arrive(cast.iris, entry("121.00", f"factuur {oost.number}"))
    [words] = list_obstacles([oost.pk, haarlem.pk], NOW).values()
    assert words.startswith("€ 121.00 that arrived by bank on 3 November 2026 may pay it")
    run(CONFIRM, cast.iris, line.public_id)
    assert list_obstacles([oost.pk, haarlem.pk], NOW) == {}


def test_many_at_once_each_by_itself(cast: Cast, oost: Invoice, haarlem: Invoice) -> None:
    lines = arrive(
        cast.iris, entry("121.00", f"nr {oost.number}"), entry("60.50", f"nr {haarlem.number}"), entry("5.00", "?")
    )
    made = start(CONFIRM, cast.iris, [line.public_id for line in lines], {})
    assert sorted(row.status for row in made.results.all()) == [200, 200, 409]
    now_of(oost, haarlem)
    assert (oost.open, haarlem.open) == (0, 0)


def test_a_suggestion_that_holds_no_more_is_refused(cast: Cast, oost: Invoice) -> None:
    [line] = arrive(cast.iris, entry("121.00", f"nr {oost.number}"))
    run("billing.invoice.mark_paid", cast.iris, oost.public_id, {"amount": "100", "on": NOW.date().isoformat()}, **REST)
    refusal = refusal_of(CONFIRM, cast.iris, line.public_id)
    assert isinstance(refusal, Refused) and "holds no more" in refusal.sentence
    assert LedgerEntry.objects.count() == 1 and not BankDecision.objects.exists()


def test_another_suggestion_than_the_one_that_was_seen_is_refused(cast: Cast, oost: Invoice, haarlem: Invoice) -> None:
    [line] = arrive(cast.iris, entry("181.50", f"nr {oost.number} en {haarlem.number}"))
    whole, one, _ = BankSuggestion.objects.order_by("place")
    assert len({whole.digest, one.digest}) == 2
    refusal = refusal_of(CONFIRM, cast.iris, line.public_id, {"suggestion": "0", "seen": one.digest})
    assert isinstance(refusal, Refused) and "by now" in refusal.sentence and not LedgerEntry.objects.exists()
    run(CONFIRM, cast.iris, line.public_id, {"suggestion": "0", "seen": whole.digest})
    now_of(oost, haarlem)
    assert (oost.open, haarlem.open) == (0, 0)


def test_what_the_ledger_does_not_bear_out_is_named(cast: Cast, oost: Invoice) -> None:
    [line] = arrive(cast.iris, paid(oost))
    assert list(verify.list_faults()) == []
    BankShare.objects.update(amount="120.00")
    [fault] = verify.list_faults()
    assert fault == f"{line.public_id}: 120.00 of it are booked as 121.00, and turned round as 0"


def test_who_may(cast: Cast, oost: Invoice) -> None:
    [line] = arrive(cast.iris, entry("121.00", f"nr {oost.number}"))
    for key, data in ((CONFIRM, {}), (SPLIT, {"parts": "x"}), (ASIDE, {"note": "x"}), (UNDO, {})):
        for who in (cast.ada, cast.ties, cast.noor):
            assert isinstance(refusal_of(key, who, line.public_id, data, reason="x"), Forbidden)
        assert isinstance(refusal_of(key, customer("jan"), line.public_id, data, reason="x"), NotFound)
    assert not LedgerEntry.objects.exists() and BankLine.objects.get().state == "waiting"


def test_a_share_is_booked_by_its_decision_alone(cast: Cast, oost: Invoice) -> None:
    arrive(cast.iris, paid(oost))
    share = BankShare.objects.get()
    for data in ({"share": share.public_id}, {"share": share.public_id, "is_undone": True}, {"share": "bks_none"}):
        refusal = refusal_of("billing.invoice.book_bank_money", cast.iris, oost.public_id, data)
        assert isinstance(refusal, Refused) and "by itself when somebody decides" in refusal.sentence
    credit = refusal_of("billing.account.book_bank_credit", cast.iris, cast.oost.public_id, {"share": share.public_id})
    assert isinstance(credit, Refused) and LedgerEntry.objects.count() == 1


def test_other_money_and_fractions_are_only_set_aside(cast: Cast) -> None:
    [line] = arrive(cast.iris, entry("10.00", "usd", currency="USD"), currency="USD")
    assert (line.state, line.reason) == ("waiting", "It is in USD: only EUR pays invoices.")
    assert isinstance(refusal_of(SPLIT, cast.iris, line.public_id, {"parts": "x"}), Blocked)
    run(ASIDE, cast.iris, line.public_id, {"note": "dollars"})
    assert not LedgerEntry.objects.exists()


def test_shares_of_one_account_go_back_by_their_sum_only() -> None:
    """Each alone could: 50 are there, and 20 of the invoice's 40 came in."""
    there, standing = Decimal("50.00"), Standing(1, Decimal("40.00"), paid=Decimal("40.00"))
    credit = Claim("Samen", Decimal("-30.00"), there=there)
    paid = Claim("Samen", Decimal("-40.00"), "2026-1", standing, received=Decimal("20.00"), there=there)
    assert why_not_claims(Decimal("-70.00"), [credit, paid]) is None  # 30 and 20 of what is there
    more = replace(credit, amount=Decimal("-31.00"))
    assert why_not_claims(Decimal("-71.00"), [more, paid]) == "For 2026-1 € 20.00 came in: no more goes back."
    said = "Of the credit of Samen € 30.00 are there: € 31.00 cannot be taken back."
    assert why_not_claims(Decimal("-71.00"), [paid, more]) == said

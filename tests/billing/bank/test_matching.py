"""What a line pays: what is certain, what is only likely, in which order, and in which words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.billing.bank import Entry, Payment
from bursar.billing.rules.matching import Ground, Match, Share, Verdict, match_entries
from bursar.billing.rules.mentions import find_settlement, forms_of, list_mentions, plain_name
from bursar.billing.rules.open_items import Invoice, InvoiceState, OpenItems, Payer
from bursar.billing.rules.references import make_reference
from tests.billing.bank.writing import THEIRS, entry

HAARLEM, DELFT = "acc_haarlem", "acc_delft"


def invoice(number: str, amount: str, account: str = HAARLEM, state: InvoiceState = InvoiceState.OPEN) -> Invoice:
    return Invoice(number, account, Decimal(amount), make_reference(number), state)


FIRST, SECOND, OTHER = (
    invoice("2026-000042", "121.00"),
    invoice("2026-000043", "60.50"),
    invoice("2026-000051", "90.00", DELFT),
)
PAID, CREDITED = (
    invoice("2026-000007", "0.00", state=InvoiceState.PAID),
    invoice("2026-000008", "0.00", state=InvoiceState.CREDITED),
)
GIVEN_UP = invoice("2026-000009", "33.00", state=InvoiceState.WRITTEN_OFF)
ITEMS = OpenItems.of(
    [FIRST, SECOND, OTHER, PAID, CREDITED, GIVEN_UP],
    [
        Payer(HAARLEM, ("Gemeente Haarlem",), (THEIRS,)),
        Payer(DELFT, ("Bureau Delft B.V.",), ("DE02120300000000202051",)),
    ],
)


def match(*lines: Entry, items: OpenItems = ITEMS, may_book: bool = True) -> list[Match]:
    return list(match_entries(lines, items, may_book=may_book))


def match_one(amount: str, text: str = "", **said: object) -> Match:
    [found] = match(entry(amount, text, **said))  # type: ignore[arg-type]  # by name
    return found


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("", (FIRST.reference,)),
        ("", (f"{FIRST.reference[:4]} {FIRST.reference[4:8]} {FIRST.reference[8:]}",)),
        (FIRST.reference, ()),
        (f"Betaling{FIRST.reference.lower()}Haarlem", ()),
        (f"kenmerk {FIRST.reference[:6]} {FIRST.reference[6:]} dank", ()),
        (f"{FIRST.reference[:4]}-{FIRST.reference[4:8]}.{FIRST.reference[8:]}/2026", ()),
        (f"{FIRST.reference} factuur 2026-000042 van 3-11-2026", ()),
        (f"{FIRST.reference}, {FIRST.reference}", (FIRST.reference,)),
    ],
)
def test_a_reference_of_one_open_invoice_with_its_amount_is_certain(text: str, references: tuple[str, ...]) -> None:
    found = match_one("121.00", text, references=references)
    assert found.verdict == Verdict.CERTAIN
    assert [one.shares for one in found.suggestions] == [(Share(HAARLEM, Decimal("121.00"), "2026-000042"),)]
    ground = Ground.REFERENCE if references else Ground.TEXT_REFERENCE
    assert found.suggestions[0].ground == ground
    said = "structured reference is that" if references else "text holds the reference"
    assert found.reason == f"The {said} of 2026-000042, and the amount is what is open of it."


WRONG = f"RF{(int(FIRST.reference[2:4]) + 1) % 97:02d}{FIRST.reference[4:]}"


@pytest.mark.parametrize(
    ("amount", "text", "verdict", "ground", "reason"),
    [
        ("121.00", "factuur 2026-000042", "suggested", "number", "The text holds the number 2026-000042, and the amount is what is open of it."),
        ("121.00", WRONG, "suggested", "number", "The text holds the number 2026-000042, and the amount is what is open of it."),
        ("100.00", FIRST.reference, "suggested", "text_reference", "€ 21.00 less than is open: a part payment."),
        ("130.00", FIRST.reference, "suggested", "text_reference", "€ 9.00 more than is open: the rest would be credit."),
        ("121.00", PAID.reference, "suggested", "text_reference", "it is paid already: all would be credit."),
        ("121.00", CREDITED.reference, "suggested", "text_reference", "it is credited: all would be credit."),
        ("33.00", GIVEN_UP.reference, "suggested", "text_reference", "It was written off: booking this reopens it."),
        ("121.00", f"{FIRST.reference} en 2026-000043", "suggested", "text_reference", "The text holds the reference of 2026-000042"),
        ("181.50", f"{FIRST.reference} {SECOND.reference}", "suggested", "text_reference", "It names 2026-000042, 2026-000043, and what is open of them adds up"),
        ("181.50", "2026-000042 / 2026-000043", "suggested", "number", "It names 2026-000042, 2026-000043, and what is open of them adds up"),
        ("181.50", f"{FIRST.reference} en factuur 43 van 2026-43", "suggested", "number", "It names 2026-000042, 2026-000043, and"),
        ("170.00", f"{FIRST.reference} {SECOND.reference}", "suggested", "text_reference", "The text holds the reference of 2026-000042; € 49.00 more"),
        ("121.01", "RF18539007547034", "unknown", None, "It holds a creditor reference, but of no invoice here."),
        ("77.77", "dank u wel", "unknown", None, "Nothing in it says what it pays."),
        ("60.50", "dank u wel", "suggested", "amount", "Nothing in it says what it pays, but it could be 2026-000043"),
        ("-121.00", FIRST.reference, "unknown", None, "Money that left the account pays no invoice."),
        ("0.00", FIRST.reference, "unknown", None, "Money that left the account pays no invoice."),
        ("121.00001", FIRST.reference, "unknown", None, "The amount has fractions of a cent."),
    ],
)  # fmt: skip
def test_everything_else_is_for_a_person(amount: str, text: str, verdict: str, ground: str | None, reason: str) -> None:
    found = match_one(amount, text)
    assert (found.verdict, found.suggestions[0].ground if found.suggestions else None) == (verdict, ground)
    assert reason in found.reason


def test_only_our_money_that_is_not_taken_back_pays() -> None:
    taken_back = match_one("121.00", FIRST.reference, is_reversal=True)
    assert (taken_back.verdict, taken_back.suggestions) == (Verdict.UNKNOWN, ()) and "gave back" in taken_back.reason
    dollars = match_one("121.00", FIRST.reference, currency="USD")
    assert (dollars.verdict, dollars.reason) == (Verdict.UNKNOWN, "It is in USD: only EUR pays invoices.")


def test_what_nothing_proves_books_nothing() -> None:
    [found] = match(entry("121.00", FIRST.reference), may_book=False)
    assert found.verdict == Verdict.SUGGESTED and found.suggestions[0].shares[0].number == "2026-000042"


def test_a_second_payment_finds_the_invoice_settled() -> None:
    first, second, third = match(*[entry("121.00", FIRST.reference)] * 2, entry("121.00", name="Gemeente Haarlem"))
    assert first.verdict == Verdict.CERTAIN
    assert second.verdict == Verdict.SUGGESTED
    assert second.suggestions[0].shares == (Share(HAARLEM, Decimal("121.00")),)
    assert second.reason.endswith("it is settled by a line before this one: all would be credit.")
    assert third.verdict == Verdict.UNKNOWN
    assert match_one("121.00", FIRST.reference).verdict == Verdict.CERTAIN, "a run leaves the items as they were"


def test_iban_and_name_only_suggest_and_only_an_equal_amount() -> None:
    by_iban = match_one("121.00", "bedankt", iban=THEIRS, name="Anders")
    assert (by_iban.verdict, by_iban.suggestions[0].ground) == (Verdict.SUGGESTED, Ground.IBAN)
    assert (
        by_iban.reason
        == "From this IBAN the customer of 2026-000042 has paid before, and the amount is what is open of it."
    )
    assert match_one("120.00", "bedankt", iban=THEIRS).verdict == Verdict.UNKNOWN
    for name in ("GEMEENTE HAARLEM", "gemeente haarlem", "Stichting Gemeente Haarlem"):
        by_name = match_one("60.50", name=name)
        assert by_name.suggestions[0].ground == Ground.NAME and by_name.suggestions[0].shares[0].number == "2026-000043"
    behalf = match_one("90.00", name="Betaaldienst", on_behalf_of="Bureau Delft BV")
    assert behalf.suggestions[0].ground == Ground.NAME
    elsewhere = match_one("90.00", iban=THEIRS)  # of Haarlem, but Delft's amount
    assert elsewhere.suggestions[0].ground == Ground.AMOUNT


def test_equal_amounts_are_all_named_and_too_many_say_nothing() -> None:
    some = [invoice(f"2026-0001{count}", "12.10") for count in range(10, 15)]
    known = OpenItems.of(some[:2], [Payer(HAARLEM, (), (THEIRS,))])
    [found] = match(entry("12.10", iban=THEIRS), items=known)
    assert {one.shares[0].number for one in found.suggestions} == {"2026-000110", "2026-000111"}
    assert match(entry("12.10"), items=OpenItems.of(some))[0].verdict == Verdict.UNKNOWN


def test_two_invoices_of_one_reference_are_not_certain() -> None:
    twin = Invoice("2026-900042", DELFT, FIRST.open, FIRST.reference)
    [found] = match(entry("121.00", FIRST.reference), items=OpenItems.of([FIRST, twin]))
    assert found.verdict == Verdict.SUGGESTED and len(found.suggestions) == 2


def test_a_batch_pays_part_by_part() -> None:
    def batch(*said: tuple[str, str]) -> Match:
        parts = tuple(Payment(amount=Decimal(amount), text=text) for amount, text in said)
        return match(entry(str(sum(part.amount for part in parts)), parts=parts))[0]

    whole = batch(("121.00", FIRST.reference), ("90.00", OTHER.reference))
    assert whole.verdict == Verdict.CERTAIN
    assert [(share.number, share.account) for share in whole.suggestions[0].shares] == [
        ("2026-000042", HAARLEM),
        ("2026-000051", DELFT),
    ]
    assert whole.reason.startswith("A batch of 2 payments, of which all say what they pay.")
    half = batch(("121.00", FIRST.reference), ("5.00", "?"))
    assert half.verdict == Verdict.SUGGESTED and "of which 1 says what they pay" in half.reason
    assert [share.amount for share in half.suggestions[0].shares] == [Decimal("121.00")]
    assert batch(("121.00", FIRST.reference), ("121.00", FIRST.reference)).verdict == Verdict.SUGGESTED
    assert batch(("5.00", "?"), ("6.00", "?")).reason == "A batch, of which no payment says what it pays."


@pytest.mark.parametrize(
    ("name", "text", "settlement"),
    [
        ("Stichting Mollie Payments", "1234567.2611.03", "1234567.2611.03"),
        ("STG MOLLIE PAYMENTS", "REF T1234567.2611.03 uitbetaling", "1234567.2611.03"),
        ("Mollie B.V.", "12345 67.2611.03", "1234567.2611.03"),
        ("Stichting Mollie Payments", "T1234567", "1234567"),
        ("Stichting Mollie Payments", "RF18539007547034", ""),
        ("Molliebakker", "1234567.2611.03", ""),
        ("Jan Bos", "1234567.2611.03", ""),
    ],
)
def test_payouts_of_mollie_are_told_by_name_and_settlement(name: str, text: str, settlement: str) -> None:
    found = match_one("121.00", text, name=name)
    assert find_settlement(name, text) == found.settlement == settlement
    assert (found.verdict == Verdict.PAYOUT) == bool(settlement)
    if settlement:
        assert found.suggestions == () and found.reason == f"A payout by Mollie: settlement {settlement}."


def test_a_payer_called_like_mollie_still_pays_its_invoice() -> None:
    assert match_one("121.00", f"T1234567 {FIRST.reference}", name="Mollie").verdict == Verdict.CERTAIN


@pytest.mark.parametrize(
    ("number", "text", "is_there"),
    [
        ("2026-000042", "2026-000042", True),
        ("2026-000042", "factuur 2026/42", True),
        ("2026-000042", "Factuurnr.2026000042.", True),
        ("2026-000042", "2026 0000 42", True),
        ("2026-000042", "nr 0002026000042", True),
        ("2026-000042", "12026000042", False),
        ("2026-000042", "2026-0000421", False),
        ("2026-000042", "betaald op 2026-11-03", False),
        ("2026-000011", "betaald op 2026-11-03", False),
        ("2026-000003", "3-11-2026 en 03.11.26", False),
        ("2026-000042", "42", False),
        ("INV-2026-0042", "inv 2026 42", True),
        ("INV-2026-0042", "2026-0042", True),
        ("A-12", "a12", False),
    ],
)
def test_numbers_are_found_as_people_write_them(number: str, text: str, is_there: bool) -> None:
    assert bool(forms_of(number) & set(list_mentions(text))) == is_there


@given(
    st.integers(2020, 2035),
    st.integers(1, 999_999),
    st.sampled_from(["-", "/", " ", ".", ""]),
    st.text(" .,:;()abcXYZ", max_size=20),
)
def test_a_number_is_found_in_any_company(year: int, count: int, sign: str, around: str) -> None:
    found = set(list_mentions(f"{around}{year}{sign}{count:06d}{around}"))
    assert forms_of(f"{year}-{count:06d}") & found


def test_names_are_compared_without_their_dress() -> None:
    assert plain_name("Bürgerhaus Köln e.V.") == plain_name("BURGERHAUS KOLN EV") == "burgerhaus koln"
    assert plain_name("B.V.") == plain_name("Jo") == plain_name("") == ""
    cut = OpenItems.of([FIRST], [Payer(HAARLEM, ("Vereniging van Nederlandse Gemeenten Noord",))])
    assert list(cut.list_accounts_called("VERENIGING VAN NEDERLANDSE GEM")) == [HAARLEM]
    assert list(cut.list_accounts_called("Vereniging")) == []


TEXTS = st.lists(st.sampled_from([*(one.reference for one in (FIRST, SECOND, PAID)), "2026-42", "2026000043", "dank", "RF18", "Mollie", "2026-11-03"]), max_size=4).map(" ".join)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(["121.00", "60.50", "181.50", "33.00", "5.00", "-5.00", "500.00"]), TEXTS, st.sampled_from(["", "Gemeente Haarlem", "Mollie"])), max_size=6))  # fmt: skip
def test_whatever_lines_say(lines: list[tuple[str, str, str]]) -> None:
    """Shares make the amount, no invoice takes more than is open, and what is certain is certain once."""
    known = {one.number: one for one in (FIRST, SECOND, OTHER, PAID, CREDITED, GIVEN_UP)}
    settled: list[str] = []
    for found in match(*(entry(amount, text, name=name) for amount, text, name in lines)):
        assert found.reason and bool(found.suggestions) == (found.verdict in (Verdict.CERTAIN, Verdict.SUGGESTED))
        order = [list(Ground).index(one.ground) for one in found.suggestions if len(one.shares) == 1]
        assert order == sorted(order)
        for one in found.suggestions:
            assert sum(share.amount for share in one.shares) == found.entry.amount
            for share in one.shares:
                assert share.amount > 0
                assert not share.number or share.amount <= known[share.number].open
                assert not share.number or share.account == known[share.number].account
        if found.verdict == Verdict.CERTAIN:
            [share] = found.suggestions[0].shares
            assert known[share.number].reference in found.entry.text and share.amount == known[share.number].open
            settled.append(share.number)
    assert len(settled) == len(set(settled))

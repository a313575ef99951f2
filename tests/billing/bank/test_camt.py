"""CAMT.053 as banks write it, in each version."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.billing.bank import BadStatement, Balance, Payment, Statement, read_statements
from tests.billing.bank.chance import camt_entries, statements
from tests.billing.bank.writing import CAMT_VERSIONS, DAY, OURS, THEIRS, entry, statement, to_camt, without_keys


def read_one(data: bytes) -> Statement:
    [found] = read_statements(data)
    return found


@settings(max_examples=60)
@given(st.lists(statements(camt_entries()), min_size=1, max_size=3), st.sampled_from(CAMT_VERSIONS))
def test_what_is_written_is_read(some: list[Statement], version: str) -> None:
    found = read_statements(to_camt(*some, version=version))
    assert len(found) == len(some)
    for one, written in zip(found, some, strict=True):
        assert without_keys(one.entries) == list(written.entries)
        assert replace(one, entries=()) == replace(written, entries=())
        assert one.is_proved and one.remarks == ()
        assert len({line.key for line in one.entries}) == len(one.entries)


def test_of_each_version_the_same_comes_out() -> None:
    batch = entry(
        "30.00", parts=(Payment(amount=Decimal("10.00"), text="a"), Payment(amount=Decimal("20.00"), text="b"))
    )
    one = statement(
        entry("12.00", "x", name="Jan Bos", iban=THEIRS, bic="ABNANL2A", references=("RF18539007547034",)), batch
    )
    read = [read_one(to_camt(one, version=version)) for version in CAMT_VERSIONS]
    assert all(other == read[0] for other in read)
    assert read[0].entries[0].bic == "ABNANL2A" and read[0].entries[1].payments == batch.parts


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR", ""])
def test_only_what_is_booked_counts(status: str) -> None:
    found = read_one(to_camt(statement(entry("12.00", "later")), status=status))
    assert found.entries == ()
    assert found.remarks[0] == "1 line not booked yet: left out."
    assert found.difference == Decimal("12.00") and not found.is_proved
    assert found.remarks[1].endswith("12.00 is missing.")


def test_a_reversal_keeps_the_direction_that_the_bank_gives_it() -> None:
    """A debit taken back is a credit line: the bank's mark is of the line, not of what it takes back."""
    given = to_camt(statement(entry("10.00", "storno", name="Jan Bos", iban=THEIRS, is_reversal=True)))
    swapped = given.replace(b"Dbtr", b"Side").replace(b"Cdtr", b"Dbtr").replace(b"Side", b"Cdtr")
    for data in (given, swapped):  # some banks turn the sides as well
        [line] = read_one(data).entries
        assert (line.amount, line.is_reversal, line.name, line.iban) == (Decimal("10.00"), True, "Jan Bos", THEIRS)


@pytest.mark.parametrize(
    ("inside", "into"),
    [
        ("<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>", "</TxDtls>"),
        (
            "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>",
            "<NtryDtls>",
        ),
    ],
)
def test_what_came_back_is_a_reversal(inside: str, into: str) -> None:
    data = to_camt(statement(entry("10.00", "terug"))).replace(into.encode(), inside.encode())
    assert read_one(data).entries[0].is_reversal


def test_five_decimals_that_are_whole_cents_are_cents_and_others_are_said() -> None:
    data = to_camt(statement(entry("12.50", "a"), entry("1.00", "b"))).replace(b">12.50<", b">12.50000<")
    assert [str(line.amount) for line in read_one(data).entries] == ["12.50", "1.00"]
    odd = read_one(data.replace(b">1.00<", b">1.00001<"))
    assert odd.entries[1].amount == Decimal("1.00001")
    assert "1 of its amounts have fractions of a cent." in odd.remarks


@pytest.mark.parametrize(
    "amount", ["-1.00", "1,00", "1e3", "NaN", "", "1.000001", "99999999999999", "١", "1 000.00", "."]
)
def test_what_is_no_amount_is_refused(amount: str) -> None:
    data = to_camt(statement(entry("12.34", "a"))).replace(b">12.34<", f">{amount}<".encode())
    with pytest.raises(BadStatement, match="is no amount"):
        read_statements(data)


def test_other_money_is_marked_and_never_added_to_ours() -> None:
    one = statement(entry("12.00", "dollars", currency="USD"), entry("1.00", "euros"), currency="EUR")
    found = read_one(to_camt(one))
    assert [line.currency for line in found.entries] == ["USD", "EUR"]
    assert found.difference is None and not found.is_proved
    assert found.remarks[0] == "Lines in USD stand aside: only EUR pays invoices."
    dollars = read_one(to_camt(statement(entry("12.00", "dollars", currency="USD"), currency="USD")))
    assert dollars.is_proved and dollars.currency == "USD"
    mixed = to_camt(statement(entry("12.00", "a"))).replace(b'Ccy="EUR">1000.00', b'Ccy="SEK">1000.00')
    with pytest.raises(BadStatement, match="are in EUR and SEK"):
        read_statements(mixed)


def test_pages_open_and_close_with_balances_between() -> None:
    data = to_camt(statement(entry("5.00", "a"))).replace(b"OPBD", b"ITBD").replace(b"CLBD", b"ITBD")
    found = read_one(data)
    assert (found.opening, found.closing) == (Balance(Decimal("1000.00"), DAY), Balance(Decimal("1005.00"), DAY))
    before = read_one(to_camt(statement(entry("5.00", "a"))).replace(b"OPBD", b"PRCD"))
    assert before.opening == Balance(Decimal("1000.00"), DAY) and before.is_proved


def test_a_batch_that_does_not_add_up_is_one_payment() -> None:
    parts = (Payment(amount=Decimal("10.00"), text="a"), Payment(amount=Decimal("20.00"), text="b"))
    [line] = read_one(to_camt(statement(entry("31.00", parts=parts)))).entries
    assert len(line.parts) == 2 and line.payments == (line,)
    mixed = (Payment(amount=Decimal("30.00"), text="a"), Payment(amount=Decimal("-10.00"), text="b"))
    [line] = read_one(to_camt(statement(entry("20.00", parts=mixed)), version="04")).entries
    assert [part.amount for part in line.parts] == [30, -10] and line.payments == (line,)


def test_an_account_without_an_iban_and_days_as_instants() -> None:
    data = to_camt(statement(entry("5.00", "a")), version="08")
    data = data.replace(f"<IBAN>{OURS}</IBAN></Id><Ccy>".encode(), b"<Othr><Id>5880050/0194</Id></Othr></Id><Ccy>")
    data = data.replace(b"<BookgDt><Dt>2026-11-03</Dt>", b"<BookgDt><DtTm>2026-11-03T23:30:00+01:00</DtTm>")
    found = read_one(data)
    assert found.account == "5880050/0194" and found.entries[0].booked_on == date(2026, 11, 3)


@pytest.mark.parametrize(
    ("took", "gave", "sentence"),
    [
        ("BkToCstmrStmt", "BkToCstmrAcctRpt", "CAMT.052"),
        ("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn", "CAMT.054"),
        ("BkToCstmrStmt", "CstmrCdtTrfInitn", "no CAMT.053"),
        ("Stmt>", "Stop>", "no CAMT.053"),
        ("<Stmt>", "<Strt>", "damaged"),
        ("<Dt>2026-11-03</Dt>", "<Dt>2026-02-30</Dt>", "“2026-02-30” is no day"),
        ("CRDT", "CREDIT", "whether it is credit or debit"),
        (f"<IBAN>{OURS}</IBAN></Id><Ccy>", "</Id><Ccy>", "of which account"),
        ('<Amt Ccy="EUR">5.00</Amt>', "", "has no amount"),
        ("UTF-8", "UTF-7", "written in utf-7"),
    ],
)
def test_each_refusal_says_why(took: str, gave: str, sentence: str) -> None:
    data = to_camt(statement(entry("5.00", "a")))
    with pytest.raises(BadStatement, match=sentence):
        read_statements(data.replace(took.encode(), gave.encode()))


def test_names_in_the_encodings_of_banks() -> None:
    data = to_camt(statement(entry("5.00", "Überweisung", name="Bürgerhaus Köln")))
    for name in ("ISO-8859-1", "windows-1252"):
        written = data.replace(b'"UTF-8"', f'"{name}"'.encode()).decode().encode(name)
        assert read_one(written).entries == read_one(data).entries
    assert read_one(b"\xef\xbb\xbf" + data).entries == read_one(data).entries


def test_the_text_that_banks_give_instead_of_details() -> None:
    data = to_camt(statement(entry("5.00", "x")))
    begin, end = data.index(b"<NtryDtls>"), data.index(b"</Ntry>")
    told = b"<AddtlNtryInf>/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/NAME/Jan Bos/REMI/factuur 42</AddtlNtryInf>"
    [line] = read_one(data[:begin] + told + data[end:]).entries
    assert (line.name, line.iban, line.text) == ("Jan Bos", THEIRS, "factuur 42")

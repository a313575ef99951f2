"""MT940 in the dialects of Dutch and German banks."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.billing.bank import BadStatement, Balance, Entry, Statement, read_statements
from tests.billing.bank.chance import plain_entries, statements
from tests.billing.bank.writing import BANKS, DAY, OURS, THEIRS, entry, statement, to_mt940, without_keys


def read_one(text: str) -> Statement:
    [found] = read_statements(text.encode())
    return found


def said_in(details: str, booked: str = ":61:2611031103C12,00NTRFNONREF") -> Entry:
    """The one line of a statement with this `:86:`."""
    frame = f":20:S\n:25:{OURS}\n:28C:1/1\n:60F:C261103EUR1,00\n{booked}\n:86:{details}\n:62F:C261103EUR13,00\n"
    [line] = read_one(frame).entries
    return line


def as_told(line: Entry, bank: str) -> Entry:
    """What a dialect has no place for is not said."""
    gone = {"rabobank": {"bic": ""}, "triodos": {"end_to_end_id": ""}}.get(bank, {})
    return replace(line, **gone)  # type: ignore[arg-type]  # texts


@settings(max_examples=80)
@given(st.lists(statements(plain_entries()), min_size=1, max_size=3), st.sampled_from(BANKS))
def test_what_is_written_is_read(some: list[Statement], bank: str) -> None:
    some = [replace(one, entries=tuple(as_told(line, bank) for line in one.entries)) for one in some]
    found = read_statements(to_mt940(*some, bank=bank))
    assert len(found) == len(some)
    for one, written in zip(found, some, strict=True):
        assert without_keys(one.entries) == list(written.entries)
        assert (one.account, one.number, one.opening, one.closing) == (OURS, 12, written.opening, written.closing)
        assert one.is_proved and one.remarks == ()


@pytest.mark.parametrize(
    ("details", "said"),
    [
        (  # cut within tags and words, the slashes of ING
            "/EREF/2026-77//CNTP/NL91ABNA0417164300/ABNANL2A/Gemeente Noordveld/ZUI\nDERPARK//REMI/STRD/CUR/RF18539007547034/",
            {"name": "Gemeente Noordveld", "iban": THEIRS, "bic": "ABNANL2A", "references": ("RF18539007547034",), "end_to_end_id": "2026-77"},
        ),
        (
            "/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/\nBUREAU DELFT/REMI/FACTUUR 2026-000042/EREF/NOTPROVIDED",
            {"name": "BUREAU DELFT", "iban": THEIRS, "text": "FACTUUR 2026-000042", "end_to_end_id": ""},
        ),
        (  # ABN AMRO's paper slip
            "/TRTP/ACCEPTGIROBETALING/IBAN/NL91ABNA0417164300/BIC/ABNANL2A\n/NAME/BUREAU DELFT/REMI/ISSUER: CUR                  REF: 4420\n0432/EREF/NOTPROVIDED",
            {"references": ("4420 0432",), "name": "BUREAU DELFT"},
        ),
        (  # ABN AMRO's older one
            "SEPA OVERBOEKING                 IBAN: NL91ABNA0417164300\nBIC: ABNANL2A                    NAAM: STICHTING LINDEBORG\nOMSCHRIJVING: FACTUUR 42\nKENMERK: 7541410",
            {"name": "STICHTING LINDEBORG", "iban": THEIRS, "text": "FACTUUR 42", "end_to_end_id": "7541410"},
        ),
        ("/EREF/A1/ORDP//NAME/VvE DUINKERK/REMI//REMI/SERVICE MAART/ISDT/2026-11-03", {"name": "VvE DUINKERK", "text": "SERVICE MAART"}),
        ("/CREF/RF18539007547034/ORDP//NAME/A/REMI/x", {"references": ("RF18539007547034",)}),
        ("/EREF/A/RTRN/MS03//CNTP/NL91ABNA0417164300/ABNANL2A/A///REMI/USTD//terug/", {"is_reversal": True, "text": "terug"}),
        (
            "166?00GUTSCHRIFT?109248?20EREF+E-77?21KREF+NONREF?22SVWZ+Rechnung 2026-000\n042 vom 3?230.10.2026 Danke?30GENODE61KA1?31DE02120300000000202051?32Bürg\nerhaus Köln e.V.?33 Förderkreis",
            {"name": "Bürgerhaus Köln e.V. Förderkreis", "iban": "DE02120300000000202051", "bic": "GENODE61KA1",
             "text": "Rechnung 2026-000042 vom 30.10.2026 Danke", "end_to_end_id": "E-77"},
        ),
        ("159?00RETOURE?20SVWZ+RUECKGABE?32A", {"is_reversal": True}),
        ("000>100987654321\n>20ALGEMENE TUSSENREKENING KOS>21TEN\n>310390123456", {"text": "ALGEMENE TUSSENREKENING KOSTEN", "iban": "0390123456"}),
        ("Gewoon\ntekst in twee regels", {"text": "Gewoon tekst in twee regels", "iban": ""}),
        ("166?20SVWZ+echt?20SVWZ+vals?31DE02120300000000202051?31NL91ABNA0417164300", {"text": "echt", "iban": "DE02120300000000202051"}),
        ("/CNTP/NL91ABNA0417164300/B/N///REMI/USTD//x /IBAN/DE02120300000000202051/NAME/Q/", {"iban": THEIRS, "name": "N", "text": "x"}),
    ],
)  # fmt: skip
def test_what_banks_write_into_the_text(details: str, said: dict[str, object]) -> None:
    line = said_in(details)
    assert {name: getattr(line, name) for name in said} == said


@pytest.mark.parametrize(
    ("booked", "said"),
    [
        (":61:261103C12,00N541EREF\nNL91ABNA0417164300", {"iban": THEIRS, "value_on": DAY, "booked_on": DAY}),
        (":61:2611030104C12,00NTRFNONREF//0123", {"booked_on": date(2027, 1, 4), "bank_reference": "0123"}),
        (":61:2601021231C12,00NTRFNONREF", {"value_on": date(2026, 1, 2), "booked_on": date(2025, 12, 31)}),
        (":61:2611031103RD12,00NTRFNONREF", {"amount": Decimal("12.00"), "is_reversal": True}),
        (":61:2611031103RC12,00NTRFNONREF", {"amount": Decimal("-12.00"), "is_reversal": True}),
        (":61:2611031103CR12,NTRFNONREF", {"amount": Decimal("12.00"), "is_reversal": False}),
        (":61:2611031103D12,5NTRFNONREF", {"amount": Decimal("-12.50")}),
        (":61:261103C12,00NTRFNL91ABNA0417164300hr j bos", {"iban": THEIRS}),
        (":61:2611031103C12,00NTRFBIPI-dvT1FzfMqvzF5HaU4oetlH7SGRkonU//20220706163915", {"bank_reference": "20220706163915"}),
        (":61:2611031103C12,00", {"amount": Decimal("12.00")}),
    ],
)  # fmt: skip
def test_what_banks_write_into_a_booking(booked: str, said: dict[str, object]) -> None:
    line = said_in("iets", booked)
    assert {name: getattr(line, name) for name in said} == said


def test_bookings_without_a_type_do_not_write_over_each_other() -> None:
    frame = f":20:S\n:25:{OURS}\n:28C:1\n:60F:C261103EUR0,00\n:61:261103C1,00\n:86:a\n:61:261103C2,00\n:86:b\n:62F:C261103EUR3,00\n"
    found = read_one(frame)
    assert [(line.amount, line.text) for line in found.entries] == [(1, "a"), (2, "b")]
    assert found.is_proved


def test_what_is_of_the_statement_is_not_read_into_its_last_line() -> None:
    """ING sums up in a `:86:` of its own after the balances; ABN AMRO begins the next message with plain lines."""
    one = statement(entry("12.00", "betaald", name="A", iban=THEIRS))
    for bank in ("ing", "abn"):
        found = read_statements(to_mt940(one, replace(one, number=13), bank=bank))
        assert [line.text for each in found for line in each.entries] == ["betaald", "betaald"]
        assert [each.number for each in found] == [12, 13]


def test_pages_of_one_statement_are_one() -> None:
    """Equal lines on two pages are two; the balance between the pages is none of the statement's."""
    first, second = (
        to_mt940(statement(entry("5.00", "a", name="A"), opening=begin), bank="german").decode()
        for begin in ("1.00", "6.00")
    )
    second = second.replace("/1", "/2").replace(":60F:", ":60M:")
    found = read_one(first.replace(":62F:", ":62M:") + second)
    assert (found.opening, found.closing) == (Balance(Decimal("1.00"), DAY), Balance(Decimal("11.00"), DAY))
    assert found.is_proved and len({line.key for line in found.entries}) == 2
    assert len(read_statements((first + second).encode())) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850"])
def test_umlauts_in_the_encodings_of_banks(encoding: str) -> None:
    one = statement(entry("5.00", "Grüße aus Köln", name="Bürgerhaus"))
    [found] = read_statements(to_mt940(one, bank="german").decode().encode(encoding))
    assert (found.entries[0].text, found.entries[0].name) == ("Grüße aus Köln", "Bürgerhaus")


def test_line_ends_of_any_system() -> None:
    data = to_mt940(statement(entry("5.00", "a " * 60, name="A")), bank="ing")
    assert (
        read_statements(data)
        == read_statements(data.replace(b"\n", b"\r\n"))
        == read_statements(data.replace(b"\n", b"\r"))
    )


def test_other_money_is_marked() -> None:
    frame = f":20:S\n:25:{OURS}\n:28C:1\n:60F:C261103USD0,00\n:61:261103C1,00NTRFX\n:62F:C261103USD1,00\n"
    found = read_one(frame)
    assert found.currency == found.entries[0].currency == "USD"
    assert found.remarks == ("Lines in USD stand aside: only EUR pays invoices.",)


def test_a_statement_without_balances_proves_nothing() -> None:
    found = read_one(f":20:S\n:25:{OURS}\n:28C:1\n:61:261103C1,00NTRFX\n:86:a\n")
    assert not found.is_proved and found.remarks[0].startswith("Opening or closing balance is missing")


@pytest.mark.parametrize(
    ("took", "gave", "sentence"),
    [
        (f":25:{OURS}EUR", ":25:", "of which account"),
        ("C5,00", "C5,,00", "no MT940"),
        (":61:2611031103", ":61:2613451103", "no MT940"),
        (":61:2611031103", ":61:26", "no MT940"),
        (":62F:C261103EUR1005,00", ":62F:C261103SEK1005,00", "are in EUR and SEK"),
        (":62F:C261103", ":62F:C260230X", "no MT940"),
    ],
)
def test_each_refusal_says_why(took: str, gave: str, sentence: str) -> None:
    text = to_mt940(statement(entry("5.00", "a"))).decode()
    assert took in text
    with pytest.raises(BadStatement, match=sentence):
        read_statements(text.replace(took, gave).encode())


def test_nothing_of_a_bad_statement_is_written_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    text = to_mt940(statement(entry("5.00", "a"))).decode().replace("C5,00", "Cgeheim")
    with caplog.at_level(logging.DEBUG), pytest.raises(BadStatement):
        read_statements(text.encode())
    assert "geheim" not in caplog.text


def test_more_than_is_read_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.billing.bank.statement.MOST_ENTRIES", 3)
    some = [entry("1.00", str(count)) for count in range(4)]
    assert len(read_statements(to_mt940(statement(*some[:3])))[0].entries) == 3
    for data in (to_mt940(statement(*some)), to_mt940(statement(*some[:2]), statement(*some[2:], number=13))):
        with pytest.raises(BadStatement, match="more than 3 lines"):
            read_statements(data)
    with pytest.raises(BadStatement, match="more than 500 lines of text"):
        read_statements(to_mt940(statement(entry("1.00", "a"))).replace(b":62F:", b":86:x\n" * 600 + b":62F:"))

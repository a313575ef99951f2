"""Statements by chance, of what every format can say; and the ways to spoil a file."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from bursar.billing.bank import Entry, Payment, Statement
from tests.billing.bank.writing import BANKS, CAMT_VERSIONS, THEIRS, entry, statement, to_camt, to_mt940

WORDS = st.from_regex(r"[A-Za-z0-9]{1,12}( [A-Za-z0-9.+]{1,12}){0,8}", fullmatch=True)
NAMES = st.from_regex(r"[A-Z][a-z]{1,10}( [A-Za-z]{1,10}){0,3}", fullmatch=True)
CODES = st.from_regex(r"[A-Z0-9]{6,16}", fullmatch=True).filter(lambda code: code != "NONREF")
CENTS = st.integers(1, 99_999_999).map(lambda count: Decimal(count) / 100)
AMOUNTS = st.tuples(CENTS, st.sampled_from([1, -1])).map(lambda pair: (pair[0] * pair[1]).quantize(Decimal("0.01")))
DAYS = st.dates(date(2024, 1, 5), date(2030, 12, 20))


@st.composite
def plain_entries(draw: st.DrawFn) -> Entry:
    """What MT940 can say as well."""
    day = draw(DAYS)
    return Entry(
        amount=draw(AMOUNTS),
        name=draw(NAMES),
        iban=THEIRS,
        bic="ABNANL2A",
        text=draw(WORDS),
        end_to_end_id=draw(CODES),
        booked_on=day,
        value_on=day + timedelta(days=draw(st.integers(-3, 3))),
        bank_reference=draw(st.just("") | CODES),
        is_reversal=draw(st.booleans()),
    )


@st.composite
def camt_entries(draw: st.DrawFn) -> Entry:
    """With batches, structured references, and whose payment it is."""
    whole = draw(plain_entries())
    more = {"references": tuple(draw(st.lists(CODES, max_size=2))), "on_behalf_of": draw(st.just("") | NAMES)}
    said = {**whole.__dict__, **more}
    if draw(st.booleans()):
        return Entry(**said)
    parts = draw(
        st.lists(st.builds(Payment, amount=CENTS, name=NAMES, text=WORDS, iban=st.just(THEIRS)), min_size=2, max_size=4)
    )
    amount = sum((part.amount for part in parts), Decimal(0))
    return entry(str(amount), day=whole.booked_on, parts=tuple(parts), bank_reference=whole.bank_reference)


def statements(entries: st.SearchStrategy[Entry]) -> st.SearchStrategy[Statement]:
    return st.lists(entries, min_size=1, max_size=5).map(lambda some: statement(*some))


_HOSTILE = [
    b"\x00", b"\xff\xfe", b"<", b">", b"&", b"&#0;", b"<!DOCTYPE x>", b"\n:20:", b"\n:61:", b"\n:62F:C", b":86:", b"?20", b"/REMI/",
    b"999999999999999999999999", b",,,", b"NaN", b"\xe2\x80\xae", b"\n-\n", b"PK\x03\x04", b"</Stmt>", b"<Ntry>", b"<Amt/>", b"\r", b" " * 70,
]  # fmt: skip


def spoil(data: bytes, rng: random.Random) -> bytes:
    """A file as a bad line, a bad disk or a bad person leaves it."""
    for _ in range(rng.randint(1, 6)):
        data = _spoil_once(data, rng)
    return data


def _spoil_once(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    to = min(len(data), at + rng.choice([1, 1, 3, 20, 200]))
    return rng.choice(
        [
            data[:at],
            data[:at] + data[to:],
            data[:to] + data[at:],
            data[:at] + rng.choice(_HOSTILE) + data[to:],
            data[:at] + rng.randbytes(rng.randint(1, 9)) + data[at:],
            data[:at] + data[at:to][::-1] + data[to:],
        ]
    )


def sound_files() -> list[bytes]:
    """One of each kind."""
    some = [
        entry(
            "121.00",
            "factuur 2026-000042",
            name="Gemeente Haarlem",
            iban=THEIRS,
            bank_reference="B1",
            end_to_end_id="E1",
        ),
        entry("-9.95", "kosten", name="ING Bank", iban=THEIRS),
        entry("50.00", "terug", name="Jan Bos", iban=THEIRS, is_reversal=True),
    ]
    batch = entry(
        "30.00", parts=(Payment(amount=Decimal("10.00"), text="een"), Payment(amount=Decimal("20.00"), text="twee"))
    )
    one, two = statement(*some), statement(*some, batch, number=13, opening="1161.05")
    return [
        *(to_camt(one, two, version=version) for version in CAMT_VERSIONS),
        *(to_mt940(one, statement(*some, number=13, opening="1161.05"), bank=bank) for bank in BANKS),
    ]

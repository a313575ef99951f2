"""A year's bank lines at once, and files that somebody has spoilt."""

from __future__ import annotations

import random
import time
from collections import Counter
from decimal import Decimal

import pytest

from bursar.billing.bank import read_statements
from bursar.billing.rules.matching import match_entries
from bursar.billing.rules.open_items import Invoice, OpenItems, Payer
from bursar.billing.rules.references import make_reference
from tests.billing.bank.chance import sound_files, spoil
from tests.billing.bank.test_reading import try_to_read
from tests.billing.bank.writing import entry, statement, to_camt, to_mt940

pytestmark = pytest.mark.soak
LINES, INVOICES, LIMIT = 10_000, 50_000, 10


def open_items() -> tuple[list[Invoice], list[Payer]]:
    """Every third of the same amount, as where many have one plan."""
    rng = random.Random(7)
    amounts = [
        Decimal("90.75") if count % 3 == 0 else Decimal(rng.randint(5_000, 500_000)) / 100 for count in range(INVOICES)
    ]
    numbers = [f"2026-{count:06d}" for count in range(INVOICES)]
    invoices = [
        Invoice(number, f"acc_{at // 5}", amounts[at], make_reference(number)) for at, number in enumerate(numbers)
    ]
    payers = [Payer(f"acc_{at}", (f"Gemeente Plaats {at}",), (f"NL91ABNA{at:010d}",)) for at in range(INVOICES // 5)]
    return invoices, payers


@pytest.mark.parametrize("write", [to_camt, to_mt940])
def test_ten_thousand_lines_against_fifty_thousand_invoices(write: object) -> None:
    invoices, payers = open_items()
    lines = []
    for at, one in enumerate(random.Random(8).sample(invoices, LINES)):
        texts = [
            f"{one.reference[:8]} {one.reference[8:]}",
            f"factuur {one.number} met dank voor alles",
            "dank u wel " * 8,
        ]
        owner = one.account.removeprefix("acc_")
        name = f"Gemeente Plaats {owner}" if at % 5 == 3 else f"Iemand {at}"
        iban = f"NL91ABNA{int(owner):010d}" if at % 5 == 4 else ""
        lines.append(entry(str(one.open), texts[min(at % 5, 2)], name=name, iban=iban, bank_reference=f"R{at}"))
    data = write(statement(*lines))  # type: ignore[operator]  # one of two functions
    began = time.process_time()
    [read] = read_statements(data)
    matches = list(match_entries(read.entries, OpenItems.of(invoices, payers), may_book=read.is_proved))
    spent = time.process_time() - began
    verdicts = Counter(one.verdict.value for one in matches)
    print(f"{write.__name__}: {len(data):,} bytes, {spent:.1f} s of CPU, {dict(verdicts)}")  # type: ignore[attr-defined]  # noqa: T201
    assert len(matches) == LINES and verdicts["certain"] >= LINES // 5
    assert spent < LIMIT


def test_five_thousand_spoilt_files() -> None:
    sound, rng = sound_files(), random.Random(9)
    sentences = Counter(try_to_read(spoil(rng.choice(sound), rng)) for _ in range(5_000))
    assert 200 < sentences[""] < 4_500, "both happen"
    assert len(sentences) > 20

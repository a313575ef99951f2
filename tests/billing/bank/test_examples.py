"""The statements that the handbook offers hold what decision 36 says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from django.conf import settings

from bursar.billing.bank import find_gaps, read_statements
from bursar.billing.rules.matching import match_entries
from bursar.billing.rules.open_items import OpenItems, Payer
from tests.billing.bank.test_matching import invoice
from tests.billing.bank.writing import THEIRS

BANK = Path(settings.ROOT) / "docs/examples/bank"
OPEN = [
    "1089.00",
    "544.50",
    "1089.00",
    "1089.00",
    "272.25",
    "272.25",
    "1089.00",
    "1089.00",
    "1089.00",
    "1089.00",
    "605.00",
]


def test_each_is_proved_and_holds_one_of_each_kind() -> None:
    statements = [one for path in sorted(BANK.iterdir()) for one in read_statements(path.read_bytes())]
    assert [one.is_proved for one in statements] == [True] * 3
    invoices = [invoice(f"2026-{101 + at:06d}", amount, f"acc_{at}") for at, amount in enumerate(OPEN)]
    more = [invoice("2026-000120", "544.50", "acc_known"), invoice("2026-000121", "363.00", "acc_named")]
    payers = [Payer("acc_known", (), (THEIRS,)), Payer("acc_named", ("Coöperatie Kromme Rijn U.A.",))]
    items = OpenItems.of([*invoices, *more], payers)
    found = [
        (
            one.verdict.value,
            one.suggestions[0].ground.value if one.suggestions else "",
            len(one.suggestions[0].shares) if one.suggestions else 0,
        )
        for statement in statements
        for one in match_entries(statement.entries, items, may_book=statement.is_proved)
    ]
    assert found == [
        ("certain", "reference", 1),
        ("certain", "text_reference", 1),
        ("suggested", "number", 2),
        ("certain", "text_reference", 2),
        ("payout", "", 0),
        ("unknown", "", 0),
        ("suggested", "number", 1),
        ("suggested", "text_reference", 1),
        ("suggested", "text_reference", 2),
        ("suggested", "iban", 1),
        ("suggested", "name", 1),
        ("unknown", "", 0),
        ("unknown", "", 0),
        ("certain", "text_reference", 1),
        ("certain", "text_reference", 1),
    ]
    [gap] = find_gaps(statements)
    assert gap.amount == Decimal("1433.50") and gap.sentence.startswith(
        "Between number 211 of 2 Nov to 6 November 2026 and number 213"
    )

"""The words of documents: every language has all of them, and writes days and amounts in its own way."""

from __future__ import annotations

import string
from datetime import date
from decimal import Decimal

import pytest

from bursar.billing.documents import texts
from bursar.billing.documents.document import DocumentKind, Unit
from bursar.billing.documents.texts import LOCALES, Wording
from bursar.billing.rules import Treatment

FIELDS = string.Formatter()


@pytest.mark.parametrize("key", sorted(texts._TEXTS))
def test_every_language_has_every_text_with_the_same_parts(key: str) -> None:
    columns = texts._TEXTS[key]
    assert len(columns) == len(LOCALES) and all(columns)
    parts = [sorted(name for _, name, *_ in FIELDS.parse(text) if name) for text in columns]
    assert all(one == parts[0] for one in parts)


def test_every_kind_unit_and_treatment_has_its_word() -> None:
    asked = [*DocumentKind, *Unit, *(f"{unit}s" for unit in Unit), *(f"{kind}_to" for kind in DocumentKind)]
    for treatment in set(Treatment) - {Treatment.CHARGED}:
        asked += [treatment, f"short_{treatment}", f"explain_{treatment}"]
    assert set(asked) <= set(texts._TEXTS)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["24 November 2026", "−1,234.50", "0.0001", "1,200.00", "12.5", "€1,234.50", "−€0.05", "25.5 %", "Germany"]),
        ("nl", ["24 november 2026", "−1.234,50", "0,0001", "1.200,00", "12,5", "€ 1.234,50", "€ −0,05", "25,5 %", "Duitsland"]),
    ],
)  # fmt: skip
def test_days_amounts_and_places(language: str, said: list[str]) -> None:
    words = Wording(language)
    made = [
        words.say_day(date(2026, 11, 24)), words.say_amount(Decimal("-1234.50")), words.say_price(Decimal("0.0001")),
        words.say_price(Decimal("1.2E+3")), words.say_count(Decimal("12.50")), words.say_money(Decimal("1234.50"), "EUR"),
        words.say_money(Decimal("-0.05"), "EUR"), words.say_rate(Decimal("25.5")), words.say_country("DE"),
    ]  # fmt: skip
    assert [one.replace("\u00a0", " ") for one in made] == said


def test_one_is_singular_and_a_day_is_a_day() -> None:
    words, day = Wording("nl"), date(2026, 11, 24)
    assert [words.say_unit("seat", Decimal(number)) for number in ("1", "1.00", "1.5", "12")] == [
        "plaats", "plaats", "plaatsen", "plaatsen",
    ]  # fmt: skip
    assert words.say_period(day, day) == words.say_period(day, None) == words.say_day(day)
    assert words.say_period(None, None) == ""

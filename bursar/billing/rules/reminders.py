"""When an invoice is reminded of, level by level, and what each level says. Pure. Days are the seller's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from bursar.core.days import say_day
from bursar.core.fills import why_not_fill

LEVELS_AT_MOST = 9
DAYS_AT_MOST = 365
FILLS = ("number", "issued_on", "due_on", "gross", "open", "buyer", "seller")
"""What a text may name; how to pay, and an order number, stand below it anyway."""

Texts = Mapping[str, Sequence[tuple[str, str]]]
"""By language, for each level its subject and its text."""

SHIPPED: Texts = {
    "en": (
        (
            "Reminder: invoice {number}",
            "On {issued_on} we sent you invoice {number}. It was due on {due_on}, and {open} is still open.\n\n"
            "Perhaps it has not reached the right person. If you have paid in the meantime, this has crossed it.",
        ),
        (
            "Second reminder: invoice {number}",
            "Invoice {number} was due on {due_on}, and {open} of it is still open, though we have written to you "
            "before.\n\nIs anything wrong with it, or do you need another reference on it? Then please tell us.",
        ),
        (
            "Last reminder: invoice {number}",
            "Invoice {number} has been due since {due_on}, and {open} of it is still open, after two reminders.\n\n"
            "Please pay within seven days, or tell us today why you will not.",
        ),
    ),
    "nl": (
        (
            "Herinnering: factuur {number}",
            "Op {issued_on} stuurden wij u factuur {number}. De vervaldatum was {due_on}, en er staat nog {open} "
            "open.\n\nMisschien is de factuur niet bij de juiste persoon terechtgekomen. Heeft u intussen betaald, "
            "dan heeft dit bericht uw betaling gekruist.",
        ),
        (
            "Tweede herinnering: factuur {number}",
            "De vervaldatum van factuur {number} was {due_on}. Er staat nog {open} open, hoewel wij u eerder schreven."
            "\n\nKlopt er iets niet, of moet er een andere referentie op staan? Laat het ons dan weten.",
        ),
        (
            "Laatste herinnering: factuur {number}",
            "Factuur {number} is sinds {due_on} vervallen, en na twee herinneringen staat er nog {open} open.\n\n"
            "Wilt u binnen zeven dagen betalen, of ons vandaag laten weten waarom niet?",
        ),
    ),
}


class Reminded(NamedTuple):
    """How far reminding has come: the highest level, and the last day on which somebody asked, at whatever level."""

    level: int = 0
    on: date | None = None


class Asked(NamedTuple):
    """What is known of an invoice when it is to be reminded of. `open`: EUR."""

    is_credit_note: bool
    open: Decimal
    due_on: date | None
    reminded: Reminded = Reminded()


def find_day(due_on: date, reminded: Reminded, days: Sequence[int]) -> date | None:
    """From when on the next level may go; None where all have gone. `days`: after the due day, for each level.

    Between two levels lies as much time as between their days, so that who begins late does not hurry after.
    """
    if reminded.level >= len(days):
        return None
    after = days[reminded.level]
    day = due_on + timedelta(days=after)
    if reminded.on is None:
        return day
    gap = after - (days[reminded.level - 1] if reminded.level else 0)
    return max(day, reminded.on + timedelta(days=gap))


def why_not_remind(one: Asked, days: Sequence[int], today: date) -> str | None:
    """None where its next level, one above `reminded`, may go today."""
    if sentence := why_not_overdue(one, today):
        return sentence
    assert one.due_on is not None
    day = find_day(one.due_on, one.reminded, days)
    if day is None:
        return f"All {len(days)} levels have gone. Call them, put it on hold, or write it off."
    return None if day <= today else f"Level {one.reminded.level + 1} may go from {say_day(day)} on."


def why_not_overdue(one: Asked, today: date) -> str | None:
    """None where somebody may ask for it: what is due today is not overdue."""
    if one.is_credit_note:
        return "This is a credit note: nothing is asked for."
    if one.open <= 0:
        return "Nothing of it is open."
    if one.due_on is None:
        return "It has no due day."
    return f"It is due on {say_day(one.due_on)}." if one.due_on >= today else None


class Bound(NamedTuple):
    """The same as `find_day`, for a search: those at `level` may have the next when due and asked by these days."""

    level: int
    due_by: date
    asked_by: date


def list_bounds(days: Sequence[int], today: date) -> list[Bound]:
    before = [0, *days]
    return [
        Bound(level, today - timedelta(days=after), today - timedelta(days=after - before[level]))
        for level, after in enumerate(days)
    ]


def read_levels(text: str) -> tuple[int, ...]:
    """Days after the due day, rising: “7, 21, 35”. Raises ValueError."""
    days = tuple(int(part) for part in text.split(",") if part.strip())
    if not 1 <= len(days) <= LEVELS_AT_MOST:
        raise ValueError(f"there are one to {LEVELS_AT_MOST} levels")
    if not all(0 < day <= DAYS_AT_MOST for day in days) or list(days) != sorted(set(days)):
        raise ValueError(f"days rise from level to level, from 1 to {DAYS_AT_MOST}")
    return days


def read_texts(text: str) -> Texts:
    """JSON by language, in the form of `SHIPPED`; what is left out is as shipped. Raises ValueError."""
    said = json.loads(text)
    if not isinstance(said, dict) or not said.keys() <= SHIPPED.keys():
        raise ValueError(f"it is a JSON object by language: {', '.join(SHIPPED)}")
    return {**SHIPPED, **{language: [_read_text(one) for one in texts] for language, texts in said.items()}}


def _read_text(one: Any) -> tuple[str, str]:
    if not (isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) and part.strip() for part in one)):
        raise ValueError('a level is a list of two texts: ["subject", "text"]')
    for part in one:
        if sentence := why_not_fill(FILLS, part):
            raise ValueError(sentence)
    return one[0], one[1]


def why_not_texts(texts: Texts, days: Sequence[int]) -> str | None:
    short = [language for language, said in texts.items() if len(said) < len(days)]
    return f"There are {len(days)} levels, and fewer texts in: {', '.join(short)}." if short else None

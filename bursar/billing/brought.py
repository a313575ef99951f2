"""Money that goes back the way it came alone: whoever brings such money says how much of an invoice's is of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from bursar.billing.models import Invoice
from bursar.core.money import ZERO
from bursar.core.registry import Registry


class Bringer(NamedTuple):
    """`find`: EUR of what is booked for an invoice. `instead`: a sentence on how that goes back."""

    find: Callable[[Invoice], Decimal]
    instead: str


BRINGERS: Registry[Bringer] = Registry("bringer of money")


class Brought(NamedTuple):
    """`amount`: EUR, at most what is paid."""

    amount: Decimal = ZERO
    instead: str = ""


def find_brought(row: Invoice) -> Brought:
    """Of an invoice as it stands: what nobody takes off it by hand."""
    amount, sentences = ZERO, []
    for bringer in BRINGERS.values() if row.paid > 0 else ():
        if found := bringer.find(row):
            amount += found
            sentences.append(bringer.instead)
    return Brought(max(ZERO, min(amount, row.paid)), " ".join(sentences))

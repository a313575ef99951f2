"""What is sold, and whether it is exempt: a VAT category per kind of item, by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum


class ItemKind(StrEnum):
    """What a line sells. Only SUBSCRIPTION counts for class, MRR and an unpaid renewal."""

    SUBSCRIPTION = "subscription"
    SEATS = "seats"
    UPGRADE = "upgrade"
    TRAINING = "training"
    PILOT = "pilot"
    DIFFERENCE = "difference"
    OTHER = "other"


class ItemCategory(StrEnum):
    """An exempt item bears no VAT where VAT would be charged."""

    STANDARD = "standard"
    EXEMPT = "exempt"


Dated = Mapping[str, Mapping[date, ItemCategory]]


class Categories:
    """`said`: from which day on a kind has which category; whatever is not said is standard."""

    def __init__(self, said: Dated) -> None:
        self._said = {kind: sorted(dated.items()) for kind, dated in said.items()}

    def of(self, kind: ItemKind, day: date) -> ItemCategory:
        begun = [category for since, category in self._said.get(kind, []) if since <= day]
        return begun[-1] if begun else ItemCategory.STANDARD

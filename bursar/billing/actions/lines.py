"""Lines of one's own on an invoice."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django import forms

from bursar.billing.documents.document import Item, ItemKind, Unit
from bursar.billing.rules import VatDecision
from bursar.core.money import cents

KINDS = {ItemKind.OTHER: "Other", ItemKind.TRAINING: "Training", ItemKind.PILOT: "Pilot"}
HUNDRED = Decimal(100)


class LineForm(forms.Form):
    kind = forms.ChoiceField(
        label="Kind", choices=[(kind.value, name) for kind, name in KINDS.items()], required=False, initial="other"
    )
    description = forms.CharField(label="What it is for", max_length=200)
    quantity = forms.DecimalField(
        label="Quantity", required=False, min_value=Decimal("0.01"), max_digits=8, decimal_places=2
    )
    unit_price = forms.DecimalField(
        label="Price of one, EUR", help_text="Without VAT.", min_value=Decimal("0.01"), max_digits=10, decimal_places=2
    )
    discount_percent = forms.IntegerField(label="Discount, %", required=False, min_value=0, max_value=100)


def make_items(lines: Iterable[dict[str, Any]], vat_of: Callable[[ItemKind], VatDecision]) -> list[Item]:
    """From cleaned rows of `LineForm`. `vat_of`: what a kind of item bears."""
    return [_make(line, vat_of) for line in lines]


def _make(line: dict[str, Any], vat_of: Callable[[ItemKind], VatDecision]) -> Item:
    kind, quantity = ItemKind(line["kind"] or ItemKind.OTHER), line["quantity"] or Decimal(1)
    percent = line["discount_percent"] or 0
    discount = cents(cents(quantity * line["unit_price"]) * percent / HUNDRED)
    return Item(kind, line["description"], quantity, Unit.PIECE, line["unit_price"], vat_of(kind), discount, percent)

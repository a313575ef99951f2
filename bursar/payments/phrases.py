"""Amounts asked for, in sentences: one place for previews, pages and notices. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from bursar.billing.rules import Treatment
from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.payments.words import say_method

SPAN = {"yearly": "a year", "monthly": "a month"}


def name_plan(label: str, cadence: str) -> str:
    """ "Changemaker, billed yearly" """
    return f"{label}, billed {cadence}" if cadence else label


def list_lines(lines: Iterable[Mapping[str, Any]], labels: Mapping[str, str], cadence: str) -> list[str]:
    """Of a charge's lines. `labels`: what tiers are called."""
    said = []
    for line in lines:
        net = f"{euros(Decimal(line['net']))} {SPAN.get(cadence, '')}".strip()
        if line.get("of_days"):
            net = f"{euros(Decimal(line['net']))} for {line['days']} of {line['of_days']} days"
        if not line["tier"]:
            said.append(f"The difference: {net}, without VAT.")
            continue
        seats = f"{line['seats']} seat{'' if line['seats'] == 1 else 's'}"
        off = f", {line['percent']} % off" if line["percent"] else ""
        each = f"{euros(Decimal(line['rate']))} a month each"
        said.append(f"{labels[line['tier']]}: {seats}, {each}{off}: {net}, without VAT.")
    return said


def say_vat(vat: Decimal, decision: Mapping[str, Any]) -> str:
    """`decision`: as a charge keeps it."""
    treatment = decision.get("treatment", "")
    if treatment == Treatment.REVERSE_CHARGE:
        return "VAT reverse charge: no VAT is added."
    if treatment == Treatment.CHARGED:
        return f"VAT, {Decimal(decision['rate']).normalize():f} %: {euros(vat)}."
    return "No VAT is added."


def say_next(gross: Decimal, day: date | None, *, is_raised_with_seats: bool = True) -> str:
    """What a live subscription will charge next."""
    on = f" on {say_day(day)}" if day else ""
    seats = ", for the seats of that day" if is_raised_with_seats else ""
    return f"The next charge: {euros(gross)} with VAT{on}, as things stand today{seats}."


class NamedMandate(Protocol):
    method: str
    account_end: str
    card_label: str


def name_mandate(mandate: NamedMandate) -> str:
    """ "SEPA direct debit ending 4217", "Visa ending 0366" """
    label = mandate.card_label or say_method(mandate.method)
    return f"{label} ending {mandate.account_end}" if mandate.account_end else label

"""What opens under an account's row: what the row says by a sign alone, and the columns that may have no room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bursar.core.days import say_day
from bursar.core.hours import short_hours
from bursar.core.money import euros
from bursar.plans.models import PaymentStatus, Tier
from bursar.rollup import words
from bursar.rollup.queries.lines import AccountLine


@dataclass(frozen=True)
class Line:
    words: str
    email: str = ""


@dataclass(frozen=True)
class Pair:
    """A label with its value, of one line or more. `column`: it is shown only while that column has no room."""

    label: str
    lines: list[Line]
    column: str = ""


def list_pairs(line: AccountLine) -> list[Pair]:
    return [*_list_reasons(line), *_list_columns(line)]


def _list_reasons(line: AccountLine) -> Iterator[Pair]:
    """Why the row says what it says: shown at every width."""
    fact = line.fact
    yield _said("Class", f"{fact.get_klass_display()}: {words.explain(fact.reason)}")
    if line.others:
        yield _said("Tiers", ", ".join(Tier(tier).label for tier in fact.tiers))
    if fact.discount_percent:
        yield _said("Discount", words.discount(fact))
    if fact.restated_at:
        yield _said("Restated", f"This month was changed after it closed, on {say_day(fact.restated_at)}.")
    if line.contacts:
        people = [Line(contact.name, contact.email) for contact in line.contacts]
        yield Pair("Admin contact" if len(people) == 1 else "Admin contacts", people)


def _list_columns(line: AccountLine) -> Iterator[Pair]:
    fact = line.fact
    if not fact.fault:
        yield _said("Tier", line.tier_label, "tier")
    pending = ", pending" if fact.status == PaymentStatus.PENDING else ""
    yield _said("Pays", f"{words.pays(fact)}{pending}", "pays")
    if not line.contacts:
        yield _said("Admin contact", "nobody", "contact")
    yield _said("Manager", line.manager or "nobody", "manager")
    paid = line.last_payment
    yield _said("Last payment", f"{say_day(paid.at)}, {euros(paid.gross)}" if paid else "none", "payment")
    yield _said("Seats", f"{fact.seats:,}", "seats")
    yield _said("Hours", f"{short_hours(fact.recorded_seconds)} h", "hours")
    if fact.potential:
        yield _said("Potential", euros(fact.potential), "potential")


def _said(label: str, text: str, column: str = "") -> Pair:
    return Pair(label, [Line(text)], column)

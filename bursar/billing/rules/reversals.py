"""What the bank took back: which payment, of what came before. No Django, no clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bursar.billing.bank import Entry
from bursar.billing.rules.matching import Ground, Share, Suggestion
from bursar.billing.rules.mentions import list_mentions
from bursar.billing.rules.open_items import Invoice, OpenItems
from bursar.billing.rules.references import find_references
from bursar.core.money import euros


@dataclass(frozen=True)
class Earlier:
    """A line that was matched: from which IBAN, and for what."""

    iban: str
    amount: Decimal
    shares: tuple[Share, ...]


@dataclass
class Payments:
    """`paid`: EUR by number of invoice. `earlier`: lines by IBAN and amount, the newest first."""

    paid: dict[str, Decimal] = field(default_factory=dict)
    earlier: dict[tuple[str, Decimal], list[Earlier]] = field(default_factory=lambda: defaultdict(list))

    def add(self, lines: Iterable[Earlier]) -> None:
        for line in lines:
            self.earlier[line.iban, line.amount].append(line)


def suggest_reversal(entry: Entry, items: OpenItems, payments: Payments) -> list[Suggestion]:
    """entry: below 0. The invoices that it names come first, then what came from this IBAN in this amount."""
    amount = -entry.amount
    named = [
        Suggestion(
            ground, (Share(one.account, entry.amount, one.number),),
            f"The bank took back {euros(amount)}. It names {one.number}, for which as much was paid.",
        )
        for ground, one in _find_named(entry, items)
        if payments.paid.get(one.number, Decimal(0)) >= amount
    ]  # fmt: skip
    return named or [_of_earlier(one) for one in payments.earlier.get((entry.iban, amount), ())[:1] if entry.iban]


def _of_earlier(one: Earlier) -> Suggestion:
    shares = tuple(Share(share.account, -share.amount, share.number) for share in one.shares)
    what = ", ".join(share.number or "credit of the account" for share in one.shares)
    return Suggestion(
        Ground.IBAN, shares, f"The bank took back {euros(one.amount)}. As much came from this IBAN before, for {what}."
    )


def _find_named(entry: Entry, items: OpenItems) -> Sequence[tuple[Ground, Invoice]]:
    """Each once, whatever its state."""
    text = " ".join([*entry.references, entry.text, entry.end_to_end_id])
    found: dict[str, tuple[Ground, Invoice]] = {}
    for reference in find_references(text):
        for one in items.by_reference.get(reference, ()):
            found.setdefault(one.number, (Ground.REFERENCE, one))
    for form in list_mentions(text):
        for one in items.by_form.get(form, ()):
            found.setdefault(one.number, (Ground.NUMBER, one))
    return list(found.values())

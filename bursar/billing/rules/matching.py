"""Which invoice a line of a bank statement pays: what is certain, what is only likely, and why. No Django, no clock.

Certain is one thing alone: a creditor reference with a valid checksum, of exactly one open invoice, and the amount that
is open. Everything else is a suggestion, and a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from bursar.billing.bank import Entry, Payment
from bursar.billing.rules.mentions import find_settlement, list_mentions, without
from bursar.billing.rules.open_items import Invoice, InvoiceState, OpenItems
from bursar.billing.rules.references import find_references
from bursar.core.money import ZERO, cents, euros

EUR = "EUR"
MOST_BY_AMOUNT = 3  # more of equal amount say nothing


class Ground(StrEnum):
    """What a suggestion stands on, the strongest first."""

    REFERENCE = "reference"
    TEXT_REFERENCE = "text_reference"
    NUMBER = "number"
    IBAN = "iban"
    NAME = "name"
    AMOUNT = "amount"


_GROUNDS = list(Ground)
_SAYS = {
    Ground.REFERENCE: "The structured reference is that of {}",
    Ground.TEXT_REFERENCE: "The text holds the reference of {}",
    Ground.NUMBER: "The text holds the number {}",
    Ground.IBAN: "From this IBAN the customer of {} has paid before",
    Ground.NAME: "The name is that of the customer of {}",
    Ground.AMOUNT: "Nothing in it says what it pays, but it could be {}",
}
_SETTLED_IS = {
    InvoiceState.OPEN: "is settled by a line before this one",
    InvoiceState.PAID: "is paid already",
    InvoiceState.CREDITED: "is credited",
    InvoiceState.WRITTEN_OFF: "is written off",
}
_NOTHING_SAID = "Nothing in it says what it pays."
_OTHER_REFERENCE = "It holds a creditor reference, but of no invoice here."
_NO_PART = "A batch, of which no payment says what it pays."


class Verdict(StrEnum):
    """`PAYOUT`: money of Mollie's, which pays no invoice. `UNKNOWN`: nothing to suggest; the reason says why."""

    CERTAIN = "certain"
    SUGGESTED = "suggested"
    UNKNOWN = "unknown"
    PAYOUT = "payout"


@dataclass(frozen=True)
class Share:
    """EUR for an invoice; without a number it would stand as credit of the account."""

    account: str
    amount: Decimal
    number: str = ""


@dataclass(frozen=True)
class Suggestion:
    """`shares` add up to the payment; of a batch, to those of its payments that say what they pay."""

    ground: Ground
    shares: tuple[Share, ...]
    reason: str


@dataclass(frozen=True)
class Match:
    """`suggestions`: the strongest first; of a certain one the first is what is booked. `settlement`: of a payout."""

    entry: Entry
    verdict: Verdict
    reason: str
    suggestions: tuple[Suggestion, ...] = ()
    settlement: str = ""


def match_entries(entries: Iterable[Entry], items: OpenItems, *, may_book: bool) -> Iterator[Match]:
    """In their order; an invoice that one line settles is settled for the next.

    `may_book`: False where nothing is certain, as for a statement whose balances do not prove its lines.
    """
    return match_each(((entry, may_book) for entry in entries), items)


def match_each(entries: Iterable[tuple[Entry, bool]], items: OpenItems) -> Iterator[Match]:
    """As `match_entries`, where `may_book` is said of each line."""
    desk = _Desk(items)
    for entry, may_book in entries:
        yield desk.match(entry, may_book)


class _Named(NamedTuple):
    ground: Ground
    invoice: Invoice


@dataclass(frozen=True)
class _Finding:
    """Of one payment. `reason`: why nothing is suggested."""

    suggestions: tuple[Suggestion, ...]
    reason: str = ""
    is_certain: bool = False


class _Desk:
    """One run over lines. `_settled`: the invoices that its certain ones have settled."""

    def __init__(self, items: OpenItems) -> None:
        self._items = items
        self._settled: set[str] = set()

    def match(self, entry: Entry, may_book: bool) -> Match:
        settlement = find_settlement(entry.name, _text_of(entry))
        if settlement and not self._holds_ours(entry):
            return Match(entry, Verdict.PAYOUT, f"A payout by Mollie: settlement {settlement}.", (), settlement)
        aside = _why_aside(entry)
        if aside:
            return Match(entry, Verdict.UNKNOWN, aside)
        found = [self._look(payment) for payment in entry.payments]
        suggestions = found[0].suggestions if len(found) == 1 else _of_batch(found)
        if not suggestions:
            return Match(entry, Verdict.UNKNOWN, found[0].reason if len(found) == 1 else _NO_PART)
        numbers = [share.number for share in suggestions[0].shares]
        is_certain = all(one.is_certain for one in found) and len(set(numbers)) == len(numbers)
        if not (is_certain and may_book):
            return Match(entry, Verdict.SUGGESTED, suggestions[0].reason, suggestions)
        self._settled.update(numbers)
        return Match(entry, Verdict.CERTAIN, suggestions[0].reason, suggestions)

    def _holds_ours(self, payment: Payment) -> bool:
        found = find_references(_text_of(payment))
        return any(one in self._items.by_reference or one in self._items.balances for one in found)

    def _look(self, payment: Payment) -> _Finding:
        named, is_unknown = self._find_named(payment)
        if named:
            return self._of_named(payment, named)
        if found := self._find_balance(payment):
            return _Finding((found,))
        called = self._items.list_accounts_called(payment.name, payment.on_behalf_of)
        suggestions = (
            self._of_accounts(payment, Ground.IBAN, self._items.by_iban.get(payment.iban, ()))
            or self._of_accounts(payment, Ground.NAME, called)
            or self._of_amount(payment)
        )
        return _Finding(tuple(suggestions), _OTHER_REFERENCE if is_unknown else _NOTHING_SAID)

    def _find_named(self, payment: Payment) -> tuple[dict[str, _Named], bool]:
        """Invoices that are named, the strongest ground of each; and whether a reference is of no invoice here."""
        found: dict[str, _Named] = {}
        texts = [*payment.references, payment.text, payment.end_to_end_id]
        seen = False
        for place, text in enumerate(texts):
            ground = Ground.REFERENCE if place < len(payment.references) else Ground.TEXT_REFERENCE
            for reference in find_references(text):
                seen = True
                for invoice in self._items.by_reference.get(reference, ()):
                    found.setdefault(invoice.number, _Named(ground, invoice))
                    texts[place] = without(texts[place], reference)
        is_unknown = seen and not found
        for text in texts:
            for form in list_mentions(text):
                for invoice in self._items.by_form.get(form, ()):
                    found.setdefault(invoice.number, _Named(Ground.NUMBER, invoice))
        return found, is_unknown

    def _find_balance(self, payment: Payment) -> Suggestion | None:
        """What an account owes beside its invoices. Its credit is one figure with that, so a person looks first."""
        for ground, text in [*((Ground.REFERENCE, one) for one in payment.references),
                             (Ground.TEXT_REFERENCE, _text_of(payment))]:  # fmt: skip
            for account in filter(None, map(self._items.balances.get, find_references(text))):
                reason = _SAYS[ground].format("what the account owes beside its invoices")
                return Suggestion(ground, (Share(account, payment.amount),), f"{reason}.")
        return None

    def _of_named(self, payment: Payment, named: dict[str, _Named]) -> _Finding:
        """Each by itself; before them all together, where they are several that add up."""
        single = sorted((self._suggest(payment.amount, *one) for one in named.values()), key=_strength)
        open_ones = [one for one in named.values() if self._is_open(one.invoice)]
        [first, *others] = named.values()
        is_certain = (
            not others
            and first.ground != Ground.NUMBER
            and self._is_open(first.invoice)
            and first.invoice.open == payment.amount
        )
        if len(open_ones) < 2 or sum(one.invoice.open for one in open_ones) != payment.amount:
            return _Finding(tuple(single), is_certain=is_certain)
        numbers = ", ".join(one.invoice.number for one in open_ones)
        split = Suggestion(
            max((one.ground for one in open_ones), key=_GROUNDS.index),
            tuple(Share(one.invoice.account, one.invoice.open, one.invoice.number) for one in open_ones),
            f"It names {numbers}, and what is open of them adds up to the amount.",
        )
        return _Finding((split, *single))

    def _of_accounts(self, payment: Payment, ground: Ground, accounts: Iterable[str]) -> list[Suggestion]:
        """Their open invoices of equal amount."""
        amount = payment.amount
        equal = (
            one for account in dict.fromkeys(accounts) for one in self._items.by_account.get((account, amount), ())
        )
        return [self._suggest(amount, ground, one) for one in equal if self._is_open(one)]

    def _of_amount(self, payment: Payment) -> list[Suggestion]:
        equal = self._items.by_amount.get(payment.amount, ())
        if len(equal) > MOST_BY_AMOUNT:
            return []
        return [self._suggest(payment.amount, Ground.AMOUNT, one) for one in equal if self._is_open(one)]

    def _is_open(self, invoice: Invoice) -> bool:
        return invoice.state == InvoiceState.OPEN and invoice.open > 0 and invoice.number not in self._settled

    def _suggest(self, amount: Decimal, ground: Ground, invoice: Invoice) -> Suggestion:
        """One invoice for one payment: in full, in part, or with something left over."""
        takes = self._is_open(invoice) or (invoice.state == InvoiceState.WRITTEN_OFF and invoice.open > 0)
        part = min(amount, invoice.open) if takes else ZERO
        shares = [Share(invoice.account, part, invoice.number)] if part else []
        if amount > part:
            shares.append(Share(invoice.account, amount - part))
        ending = (
            self._say_amount(amount, invoice) if takes else f"; it {_SETTLED_IS[invoice.state]}: all would be credit."
        )
        return Suggestion(ground, tuple(shares), f"{_SAYS[ground].format(invoice.number)}{ending}")

    @staticmethod
    def _say_amount(amount: Decimal, invoice: Invoice) -> str:
        again = " It was written off: booking this reopens it." if invoice.state == InvoiceState.WRITTEN_OFF else ""
        if amount == invoice.open:
            return f", and the amount is what is open of it.{again}"
        if amount < invoice.open:
            return f"; {euros(invoice.open - amount)} less than is open: a part payment.{again}"
        return f"; {euros(amount - invoice.open)} more than is open: the rest would be credit.{again}"


def _of_batch(found: Sequence[_Finding]) -> tuple[Suggestion, ...]:
    """The strongest of each of its payments, as one."""
    firsts = [one.suggestions[0] for one in found if one.suggestions]
    if not firsts:
        return ()
    says = "all say" if len(firsts) == len(found) else f"{len(firsts)} say{'s' if len(firsts) == 1 else ''}"
    reasons = " ".join(dict.fromkeys(one.reason for one in firsts))
    ground = max((one.ground for one in firsts), key=_GROUNDS.index)
    shares = tuple(share for one in firsts for share in one.shares)
    return (Suggestion(ground, shares, f"A batch of {len(found)} payments, of which {says} what they pay. {reasons}"),)


def _why_aside(entry: Entry) -> str:
    """What pays no invoice whatever it says; empty for the rest."""
    if entry.currency != EUR:
        return f"It is in {entry.currency}: only EUR pays invoices."
    if entry.is_reversal:
        return "The bank took back, or gave back, a payment: a person decides what that undoes."
    if entry.amount <= 0:
        return "Money that left the account pays no invoice."
    if entry.amount != cents(entry.amount):
        return "The amount has fractions of a cent."
    return ""


def _text_of(payment: Payment) -> str:
    return " ".join([*payment.references, payment.text, payment.end_to_end_id])


def _strength(suggestion: Suggestion) -> int:
    return _GROUNDS.index(suggestion.ground)

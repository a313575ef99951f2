"""What may be decided about a line of a bank statement, and what a decision books. No Django, no clock. EUR."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from bursar.billing.bank import Entry
from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Standing
from bursar.core.money import ZERO, cents, euros

EUR = "EUR"
MOST_SHARES = 100


class LineState(StrEnum):
    """WAITING: somebody decides. PAYOUT: Mollie's, for many. LEFT: money that went away. ASIDE: of no invoice."""

    WAITING = "waiting"
    MATCHED = "matched"
    PAYOUT = "payout"
    LEFT = "left"
    ASIDE = "aside"


class DecisionKind(StrEnum):
    """ITSELF: by a reference that leaves no doubt. CONFIRMED: what was suggested. SPLIT: as a person wrote it."""

    ITSELF = "itself"
    CONFIRMED = "confirmed"
    SPLIT = "split"
    ASIDE = "aside"


class FileState(StrEnum):
    """READING: until its lines are stored. MATCHING: until compared with what is open. REFUSED: nothing came."""

    READING = "reading"
    MATCHING = "matching"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Claim:
    """A share of a line: EUR for an invoice, else for the account's credit. Below 0: the bank took that much back.

    `number`: empty for the credit. `label`: of the account. `standing`: of the invoice; `received`: what of its
    payments came from outside and did not go back. `there`: what of the account's money came for no invoice and did
    not go back.
    """

    label: str
    amount: Decimal
    number: str = ""
    standing: Standing | None = None
    received: Decimal = ZERO
    there: Decimal = ZERO


def begin_state(entry: Entry) -> LineState:
    """Where a line stands before anybody looked at it, and after what was decided is undone."""
    return LineState.LEFT if entry.amount <= 0 and not entry.is_reversal else LineState.WAITING


def why_no_money(currency: str, amount: Decimal) -> str | None:
    """What can be booked on nothing, and only be set aside."""
    if currency != EUR:
        return f"It is in {currency}: only EUR pays invoices."
    return None if amount == cents(amount) else "The amount has fractions of a cent."


def why_not_claims(amount: Decimal, claims: Sequence[Claim]) -> str | None:
    """Whether these are the whole of a line of `amount`, and each can be booked."""
    if not 0 < len(claims) <= MOST_SHARES:
        return f"Say for what it is: one to {MOST_SHARES} invoices or accounts."
    if any(claim.amount * amount <= 0 for claim in claims):
        return "Each part has the sign of the line, and none is 0."
    total = sum((claim.amount for claim in claims), ZERO)
    if total != amount:
        return f"The parts come to {euros(total)}, and the line to {euros(amount)}."
    twice = [name for name, count in Counter(claim.number or claim.label for claim in claims).items() if count > 1]
    if twice:
        return f"{twice[0]} is named twice: add the two up."
    left: dict[str, Decimal] = {}  # of each account's money that came for no invoice, after the shares before
    for claim in claims:
        claim = replace(claim, there=left.get(claim.label, claim.there))
        if why := _why_not_one(claim):
            return why
        left[claim.label] = claim.there - max(ZERO, -claim.amount - claim.received)
    return None


def _why_not_one(claim: Claim) -> str | None:
    standing, amount = claim.standing, claim.amount
    if standing is None:
        return None if amount > 0 or -amount <= claim.there else (
            f"Of the credit of {claim.label} {euros(claim.there)} are there: {euros(-amount)} cannot be taken back."
        )  # fmt: skip
    if amount > 0:
        most = standing.open + standing.written_off
        return None if amount <= most else (
            f"Of {claim.number} {euros(most)} are open: write down the rest as credit of the account."
        )  # fmt: skip
    return None if -amount <= claim.received + claim.there else (
        f"For {claim.number} {euros(claim.received)} came in: no more goes back."
    )  # fmt: skip


def book(
    amount: Decimal, standing: Standing | None, received: Decimal, tolerated: Decimal = ZERO
) -> list[ledger.Entry]:
    """Of one share, or of its turning round with the sign turned. `tolerated`: as in `ledger.settle`.

    `received`: as in `Claim`. What was moved from the invoice to the account's credit since is taken from there.
    """
    if amount > 0:
        return ledger.settle(amount, standing, tolerated) if standing else ledger.receive(amount, [])
    asked = -amount
    money = min(asked, received) if standing else ZERO
    entries = ledger.take_back(money, standing) if standing and money else []
    return entries + (ledger.pay_back(asked - money) if asked > money else [])

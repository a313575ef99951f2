"""Why what arrived in a month is not what was due in it. Pure. Gross EUR; days and months are the seller's. DOMAIN 6.

The difference of a month is that of what is owed, one by one, and of the money that belongs to none. What is owed is a
charge with its own invoice, or an invoice that is no charge's. So it is split here for one, and whatever is added up,
by account or over all, adds up to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from bursar.core.calendar import Month
from bursar.core.money import ZERO


class Cause(StrEnum):
    NOT_YET_DUE = "not_yet_due"
    UNDER_WAY = "under_way"
    FAILED = "failed"
    NEVER_ATTEMPTED = "never_attempted"
    CHARGED_BACK = "charged_back"
    REFUNDED = "refunded"
    UNPAID_INVOICE = "unpaid_invoice"
    PART_PAID = "part_paid"
    PAID_EARLIER = "paid_earlier"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"
    DIFFERENCE = "difference_booked"
    FROM_CREDIT = "from_credit"
    PAID_BACK = "paid_back"
    REVERSED = "reversed"
    OTHER_MONTH = "other_month"
    OTHER_AMOUNT = "other_amount"
    UNEXPECTED = "unexpected"


CAUSES = {
    Cause.NOT_YET_DUE: ("not yet due", "Its day is still to come this month."),
    Cause.UNDER_WAY: ("debit under way", "It was tried, and the bank has not decided yet."),
    Cause.FAILED: ("failed", "It was tried in vain, and nothing else is under way."),
    Cause.NEVER_ATTEMPTED: ("never attempted", "Its day has passed, and Mollie never tried."),
    Cause.CHARGED_BACK: ("charged back", "The payer's bank took it back."),
    Cause.REFUNDED: ("refunded", "It was given back."),
    Cause.UNPAID_INVOICE: ("unpaid invoice", "An invoice is due and not paid."),
    Cause.PART_PAID: ("part paid", "A part of it is still missing."),
    Cause.PAID_EARLIER: ("paid earlier", "It arrived in a month before."),
    Cause.CREDITED: ("credited", "A credit note took it back."),
    Cause.WRITTEN_OFF: ("written off", "It was given up, without a credit note."),
    Cause.DIFFERENCE: ("difference booked", "So little was missing that it was let be."),
    Cause.FROM_CREDIT: ("settled from credit", "The account's credit paid it."),
    Cause.PAID_BACK: ("paid back", "What stood to the account's good left by bank."),
    Cause.REVERSED: ("booking reversed", "Money that was booked on it was taken off again."),
    Cause.OTHER_MONTH: ("paid for another month", "It arrived now, and was due in another month."),
    Cause.OTHER_AMOUNT: ("another amount", "What was paid is not what was asked for, and it counts as settled."),
    Cause.UNEXPECTED: ("money nobody expected", "Nothing that we asked for is paid by it."),
}
"""Each in words, and what it means."""


BACK = (Cause.CHARGED_BACK, Cause.REFUNDED, Cause.REVERSED, Cause.PAID_BACK)
"""Why money went back."""
WITHOUT_MONEY = (Cause.CREDITED, Cause.WRITTEN_OFF, Cause.DIFFERENCE, Cause.FROM_CREDIT)
"""Why none comes any more."""


@dataclass(frozen=True)
class Owed:
    """A charge or an invoice. `due_on`: None while it has none. `is_owed`: nobody ended it. `is_settled`: it counts as
    paid, whatever is missing; of an invoice that is booked as a difference, so it never is.
    """

    gross: Decimal
    due_on: date | None
    is_owed: bool
    is_settled: bool
    is_invoice: bool = False


@dataclass(frozen=True)
class Back:
    """Money that went back on a day, by a cause of `BACK`; a chargeback that was reversed is a negative one."""

    day: date
    amount: Decimal
    cause: Cause


@dataclass(frozen=True)
class Try:
    """One payment, or money by bank. `paid_on`: None unless it is paid. `decided_on`: when it was paid, failed or given
    up.
    """

    amount: Decimal
    made_on: date
    paid_on: date | None
    decided_on: date | None
    back: tuple[Back, ...] = ()


@dataclass(frozen=True)
class Let:
    """What was settled on a day without money, by a cause of `WITHOUT_MONEY`; below 0, that was turned round."""

    day: date
    amount: Decimal
    cause: Cause


def explain(
    owed: Owed | None, tries: Sequence[Try], month: Month, today: date, lets: Sequence[Let] = ()
) -> dict[Cause, Decimal]:
    """Splits what one of what is owed makes of the month's difference, due less arrived; for None, what money makes of
    it that belongs to none.

    The parts add up to: `gross` where it is due in the month, less what was paid in it, plus what went back in it.
    What explains it is seen as at the month's end, or today while it runs.
    """
    first, last = month.first, month.next().first - timedelta(days=1)
    parts = dict.fromkeys(Cause, ZERO)
    for back in (back for one in tries for back in one.back if first <= back.day <= last):
        parts[back.cause] += back.amount
    paid = [one for one in tries if one.paid_on and first <= one.paid_on <= last]
    gross = owed.gross if owed and _is_due(owed, first, last) else ZERO
    missing = gross - sum((one.amount for one in paid), ZERO)
    for cause in BACK:  # what came again in the same month makes up for it
        part = min(max(-missing, ZERO), max(parts[cause], ZERO))
        parts[cause] -= part
        missing += part
    if missing < 0:
        parts[_why_more(owed, len(paid), is_due=bool(gross))] += missing
    at = min(last, today)
    for cause, amount in [*_came_before(tries, first), *_let_be(lets, at)]:
        part = min(max(missing, ZERO), amount)
        parts[cause] += part
        missing -= part
    if missing > 0 and owed:
        parts[_why_missing(owed, tries, at, today)] += missing
    return {cause: amount for cause, amount in parts.items() if amount}


def _why_more(owed: Owed | None, payments: int, *, is_due: bool) -> Cause:
    if is_due:
        return Cause.OTHER_AMOUNT if payments == 1 else Cause.UNEXPECTED
    is_for_other_month = owed is not None and owed.is_owed and owed.due_on is not None
    return Cause.OTHER_MONTH if is_for_other_month else Cause.UNEXPECTED


def _is_due(owed: Owed, first: date, last: date) -> bool:
    return owed.is_owed and owed.due_on is not None and first <= owed.due_on <= last


def _came_before(tries: Sequence[Try], first: date) -> list[tuple[Cause, Decimal]]:
    """What was paid in months before and stayed until this one, and what of it had gone back by then."""
    paid = sum((one.amount for one in tries if one.paid_on and one.paid_on < first), ZERO)
    gone = dict.fromkeys(BACK, ZERO)
    for back in (back for one in tries for back in one.back if back.day < first):
        gone[back.cause] += back.amount
    stayed = max(paid - sum(gone.values(), ZERO), ZERO)
    return [(Cause.PAID_EARLIER, stayed), *((cause, max(amount, ZERO)) for cause, amount in gone.items())]


def _let_be(lets: Sequence[Let], at: date) -> list[tuple[Cause, Decimal]]:
    """What was settled without money by the day `at`."""
    amounts = dict.fromkeys(WITHOUT_MONEY, ZERO)
    for one in lets:
        if one.day <= at:
            amounts[one.cause] += one.amount
    return [(cause, max(amount, ZERO)) for cause, amount in amounts.items()]


def _why_missing(owed: Owed, tries: Sequence[Try], at: date, today: date) -> Cause:
    """Why the rest had not arrived by the day `at`."""
    made = [one for one in tries if one.made_on <= at]
    assert owed.due_on is not None
    if any(one.decided_on is None or one.decided_on > at for one in made):
        return Cause.UNDER_WAY
    if any(one.paid_on for one in made):
        return Cause.OTHER_AMOUNT if owed.is_settled else Cause.PART_PAID
    if made and not owed.is_invoice:
        return Cause.FAILED
    if owed.due_on >= today:
        return Cause.NOT_YET_DUE
    return Cause.UNPAID_INVOICE if owed.is_invoice else Cause.NEVER_ATTEMPTED

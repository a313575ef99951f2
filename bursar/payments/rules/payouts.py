"""What a payout of Mollie's is made of. No Django, no clock. EUR."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bursar.core.money import ZERO, cents, euros


@dataclass(frozen=True)
class Made:
    """Each as it moves the payout: the first adds, the others are taken off. `amount`: what Mollie paid out."""

    amount: Decimal
    payments: Decimal
    refunds: Decimal
    chargebacks: Decimal
    fees: Decimal

    @property
    def rest(self) -> Decimal:
        """What is not explained; 0 where it adds up to the cent."""
        return self.amount - (self.payments - self.refunds - self.chargebacks - self.fees)


def add_up(amount: Decimal, payments: Iterable[Decimal], refunds: Iterable[Decimal], chargebacks: Iterable[Decimal],
           periods: dict[str, Any]) -> Made:  # fmt: skip
    """As Mollie signs them: what went back is below 0. periods: of the settlement."""
    came = sum(payments, ZERO)
    return Made(amount, came, -sum(refunds, ZERO), -sum(chargebacks, ZERO), calc_fees(periods))


def calc_fees(periods: dict[str, Any]) -> Decimal:
    """All that Mollie kept, by year and month; amounts have four decimals, and their sum is rounded once."""
    costs = (cost for year in periods.values() for month in year.values() for cost in month.get("costs") or [])
    return cents(sum((Decimal(cost["amountGross"]["value"]) for cost in costs), ZERO))


def why_not_whole(made: Made, arrived: Decimal) -> str:
    """Empty where payments, refunds, chargebacks and fees come to what arrived."""
    if made.amount != arrived:
        return f"Mollie says that it paid out {euros(made.amount)}; {euros(arrived)} arrived."
    return f"{euros(made.rest)} of it are not explained by what Mollie lists." if made.rest else ""

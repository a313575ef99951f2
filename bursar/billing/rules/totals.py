"""What lines add up to: one function, read by page, PDF, e-invoice and ledger alike. EUR; rounded once per rate.

Rounding is half away from zero, so that a credit is its invoice with the sign turned, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bursar.billing.rules.vat import Treatment, VatDecision
from bursar.core.money import CENT, ZERO, cents

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Line:
    """`unit_price` may have more decimals than cents; `discount` is an amount off the line, EUR."""

    quantity: Decimal
    unit_price: Decimal
    vat: VatDecision
    discount: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """What the document shows, so what is added up: in cents."""
        return cents(self.quantity * self.unit_price) - cents(self.discount)


@dataclass(frozen=True, order=True)
class RateTotal:
    """Of all lines that are treated alike. `rate`: per cent."""

    treatment: Treatment
    rate: Decimal
    state: str
    net: Decimal
    vat: Decimal


@dataclass(frozen=True)
class Totals:
    net: Decimal
    vat: Decimal
    rates: tuple[RateTotal, ...]

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat


def add_up(lines: Iterable[Line], stated: Sequence[Decimal] = ()) -> Totals:
    """Nets by rate, VAT on each sum, rounded once.

    `stated`: the VAT of each rate, in their order, where amounts were asked for with VAT included: not every gross
    amount has a net whose VAT adds up to it. Raises ValueError for more than a cent beside what the net comes to.
    """
    nets: dict[tuple[Treatment, Decimal, str], Decimal] = {}
    for line in lines:
        key = line.vat.treatment, line.vat.rate, line.vat.state
        nets[key] = nets.get(key, ZERO) + line.net
    rates = tuple(RateTotal(*key, net, cents(net * key[1] / HUNDRED)) for key, net in sorted(nets.items()))
    if stated:
        rates = tuple(_state(one, vat) for one, vat in zip(rates, stated, strict=True))
    return Totals(sum((one.net for one in rates), ZERO), sum((one.vat for one in rates), ZERO), rates)


def _state(one: RateTotal, vat: Decimal) -> RateTotal:
    if abs(vat - one.vat) > CENT or (vat and not one.rate):
        raise ValueError(f"{vat} is no VAT of {one.net} at {one.rate} per cent")
    return replace(one, vat=vat)


def split_gross(gross: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """Net and VAT of an amount that includes VAT at `rate` per cent, as a refund of a part asks; they add up to it."""
    net = cents(gross * HUNDRED / (HUNDRED + rate))
    return net, gross - net


def calc_vat_of_part(part: Decimal, of: RateTotal, net_before: Decimal, vat_before: Decimal) -> Decimal:
    """Of a further part of what one rate bears, EUR without VAT: rounded on the sum so far, so that all parts together
    bear the VAT of the whole. `net_before`, `vat_before`: of earlier parts. Never more than a cent beside its own.
    """
    own, net = cents(part * of.rate / HUNDRED), net_before + part
    wanted = (of.vat if net == of.net else cents(net * of.rate / HUNDRED)) - vat_before
    return max(ZERO, own - CENT, min(own + CENT, wanted)) if of.rate else ZERO


def split_part(part: Decimal, of: Totals) -> tuple[RateTotal, ...]:
    """What a part of a document's gross is of each of its rates, in their order, without those that get nothing.

    By each rate's share of the gross; they add up to `part` to the cent. part: above 0, at most the gross.
    """
    made, taken, before = [], ZERO, ZERO
    for one in of.rates:
        before += one.net + one.vat
        until = cents(part * before / of.gross)
        gross, taken = until - taken, until
        net, vat = split_gross(gross, one.rate)
        made.append(replace(one, net=net, vat=vat))
    return tuple(one for one in made if one.net or one.vat)

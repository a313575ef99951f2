"""What a charge asks for: lines, seats, VAT, gross. Pure. EUR; rounded half up, at proration and at VAT. DOMAIN 2.

A line is what a charge keeps as JSON: {"tier", "seats", "rate", "percent", "net"}; `rate` is EUR per seat and month,
`net` what the line comes to for the time that is charged, both as text with two decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from bursar.billing.rules import Line, VatDecision, add_up, split_gross
from bursar.core.money import ZERO, cents, plain
from bursar.plans.added import DAYS_OF, calc_part, count_seats
from bursar.plans.rules import MONTHS_OF, PriceLine, Seated, list_price_lines

ONE = Decimal(1)
JsonLine = dict[str, Any]


class Quote(NamedTuple):
    """`seats`: those that cost something. `decision`: what the VAT was made from; a charge keeps it."""

    lines: tuple[JsonLine, ...]
    seats: int
    net: Decimal
    vat: Decimal
    gross: Decimal
    decision: VatDecision


def quote_interval(
    seated: list[Seated], rate_of: Callable[[str], Decimal], cadence: str, decision: VatDecision
) -> Quote:
    """A whole interval of these seats: a yearly one is twelve months at once."""
    priced = [line for line in list_price_lines(seated, rate_of) if line.rate]
    lines = [_line(line, line.amount * MONTHS_OF[cadence]) for line in priced]
    return _sum_up(lines, count_seats(priced), decision)


def quote_rest(before: Decimal, after: Decimal, days_left: int, days: int, decision: VatDecision) -> Quote:
    """The difference of two whole intervals, net, for the days that are left of the running one. Never below 0."""
    net = calc_part(max(after - before, ZERO), days_left, days)
    return _sum_up([_bare_line(net, days_left, days)], 0, decision)


def quote_seats(
    added: Sequence[PriceLine], parts: Sequence[Decimal], cadence: str, days_left: int, decision: VatDecision
) -> Quote:
    """Seats that came within an interval, for the days that are left of it; `parts`: what each line comes to."""
    span = {"days": days_left, "of_days": DAYS_OF[cadence]}
    lines = [_line(line, net) | span for line, net in zip(added, parts, strict=True)]
    return _sum_up(lines, sum(line.seats for line in added), decision)


def quote_as_stands(lines: Sequence[JsonLine], gross: Decimal, decision: VatDecision) -> Quote:
    """What Mollie will take, whatever we want of it by now. Where these lines do not add up to it, it has none."""
    known = _sum_up(list(lines), sum(int(line["seats"]) for line in lines), decision)
    if known.gross == gross:
        return known
    net, vat = split_gross(gross, decision.rate)
    return Quote((), known.seats, net, vat, gross, decision)


def amounts_of(quote: Quote) -> dict[str, Any]:
    """The columns that a quote fills."""
    return {
        "seats": quote.seats,
        "lines": list(quote.lines),
        "net": quote.net,
        "vat": quote.vat,
        "gross": quote.gross,
        "decision": quote.decision.as_json(),
        "is_abroad": quote.decision.counts_for_oss,
    }


def _line(line: PriceLine, net: Decimal) -> JsonLine:
    return {
        "tier": line.tier,
        "seats": line.seats,
        "rate": plain(line.rate),
        "percent": line.percent,
        "net": plain(net),
    }


def _bare_line(net: Decimal, days_left: int, days: int) -> JsonLine:
    return {
        "tier": "",
        "seats": 0,
        "rate": "",
        "percent": 0,
        "net": plain(net),
        "days": days_left,
        "of_days": days,
    }


def _sum_up(lines: list[JsonLine], seats: int, decision: VatDecision) -> Quote:
    totals = add_up(Line(ONE, Decimal(line["net"]), decision) for line in lines)
    return Quote(tuple(lines), seats, cents(totals.net), cents(totals.vat), cents(totals.gross), decision)

"""Asks Mollie what its payouts are made of, by an access token alone. No transaction is open while Mollie is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog

from bursar.billing.models import BankLine
from bursar.core import clock
from bursar.core.money import cents
from bursar.payments.errors import MollieProblem
from bursar.payments.gateway import get_gateway
from bursar.payments.gateway.settled import Settlements
from bursar.payments.objects import Page, Settlement
from bursar.payments.queries import payouts
from bursar.payments.rules.payouts import add_up, why_not_whole
from bursar.payments.store import payouts as pen

AT_ONCE = 20
MOST_PAGES = 200
LOOKS_BACK = timedelta(days=60)
"""A settlement is paid out within days of its making; one that is older than this before the line is not looked for."""
log = structlog.get_logger()


def explain_payouts(now: datetime) -> None:
    """Some of those that wait; the rest in the minutes after."""
    if not payouts.can_explain():
        return
    for line in payouts.list_to_explain(now)[:AT_ONCE]:
        try:
            _explain(get_gateway(patient=True).settlements, line)
        except MollieProblem as problem:
            log.warning("payout_not_explained", line=line.public_id, why=str(problem))
            pen.put_off(line, "Mollie could not be asked; it is asked again.", clock.now())


def _explain(settlements: Settlements, line: BankLine) -> None:
    found = _find(settlements, line)
    if found is None:
        pen.put_off(line, f"Mollie lists no settlement {line.settlement}.", clock.now())
        return
    parts = {name: list(_each(getattr(settlements, f"list_{name}"), found.id)) for name in _PARTS}
    payments, refunds, chargebacks = ([_value(one) for one in parts[name]] for name in _PARTS)
    made = add_up(found.amount.value, payments, refunds, chargebacks, found.raw.get("periods") or {})
    counts = {name: len(some) for name, some in parts.items()}
    pen.explain(line, found.id, made, counts, why_not_whole(made, cents(line.amount)), clock.now())


_PARTS = ("payments", "refunds", "chargebacks")


def _value(one: Any) -> Decimal:
    """In the currency of the payout, signed; of a payment that says none, its own."""
    value: Decimal = (one.settled or one.amount).value
    return value


def _find(settlements: Settlements, line: BankLine) -> Settlement | None:
    """By its reference: Mollie has no search, and lists the newest first."""
    for one in _each_settlement(settlements):
        if one.reference == line.settlement:
            return one
        if one.created_at is not None and one.created_at.date() < line.booked_on - LOOKS_BACK:
            return None
    return None


def _each_settlement(settlements: Settlements) -> Iterator[Settlement]:
    return _turn(settlements.list)


def _each(list_parts: Callable[..., Page[Any]], settlement_id: str) -> Iterator[Any]:
    return _turn(lambda from_id=None: list_parts(settlement_id, from_id))


def _turn(ask: Callable[..., Page[Any]]) -> Iterator[Any]:
    """Page after page."""
    from_id: str | None = None
    for _ in range(MOST_PAGES):
        page = ask(from_id)
        yield from page.items
        from_id = page.next_id
        if from_id is None:
            return

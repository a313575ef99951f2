"""Feeds the gap's rule, in a number of statements that does not depend on how many accounts there are.

Only what may differ is fetched: a charge whose month is even, and from which nothing went back, makes no part of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Sum

from bursar.billing.seller import seller_day, span_of
from bursar.core.calendar import Month
from bursar.core.money import ZERO
from bursar.payments.gateway import get_mode
from bursar.payments.models import Charge
from bursar.payments.rules.gap import Back, Cause, Owed, Try, explain
from bursar.payments.states import ChargeKind, ChargeState, PaymentState, RefundState
from bursar.tenants.models import BillingAccount

MOVED = (RefundState.QUEUED, RefundState.PENDING, RefundState.PROCESSING, RefundState.REFUNDED)
"""Refunds that left or are leaving, as Mollie counts them."""

_BACK = (
    "(SELECT payment_id, created_at AS at, amount, true AS is_refund FROM payments_refund WHERE state = ANY(%(moved)s) "
    "UNION ALL SELECT payment_id, created_at, amount, false FROM payments_chargeback "
    "UNION ALL SELECT payment_id, reversed_at, -amount, false FROM payments_chargeback WHERE reversed_at IS NOT NULL) b"
)
_WORLD = "(%(mode)s::text IS NULL OR p.mode = %(mode)s)"
_PAID = f"p.status = 'paid' AND p.paid_at >= %(start)s AND p.paid_at < %(end)s AND {_WORLD}"
_IS_DUE = "c.due_on >= %(first)s AND c.due_on < %(next)s AND c.state <> 'ended'"
_WENT = (
    f"FROM {_BACK} JOIN payments_payment p ON p.id = b.payment_id "
    f"WHERE b.at >= %(start)s AND b.at < %(end)s AND {_WORLD}"
)
_NUMBERS = (
    f"SELECT (SELECT sum(c.gross) FROM payments_charge c WHERE {_IS_DUE}), "
    f"(SELECT sum(p.amount) FROM payments_payment p WHERE {_PAID}), (SELECT sum(b.amount) {_WENT})"
)
_TRIES = "p.id, p.amount, p.at, p.paid_at, p.failed_at, p.expires_at, p.status"
_ODD = (
    f"WITH due AS MATERIALIZED (SELECT c.id, c.gross FROM payments_charge c WHERE {_IS_DUE}), "
    "paid AS MATERIALIZED (SELECT p.charge_id, sum(p.amount) AS amount FROM payments_payment p "
    f"WHERE p.charge_id IS NOT NULL AND {_PAID} GROUP BY 1) "
    "SELECT coalesce(due.id, paid.charge_id) FROM due FULL JOIN paid ON paid.charge_id = due.id "
    "WHERE due.id IS NULL OR coalesce(paid.amount, 0) <> due.gross "
    f"UNION SELECT p.charge_id {_WENT} AND p.charge_id IS NOT NULL"
)
_CHARGES = (
    f"SELECT c.id, c.account_id, c.gross, c.due_on, c.state, c.kind, {_TRIES} FROM payments_charge c "
    f"LEFT JOIN payments_payment p ON p.charge_id = c.id AND {_WORLD} WHERE c.id = ANY(%(odd)s) ORDER BY c.id"
)
_LOOSE = (
    f"SELECT NULL, p.account_id, NULL, NULL, NULL, NULL, {_TRIES} FROM payments_payment p "
    f"WHERE p.charge_id IS NULL AND (({_PAID}) OR p.id IN (SELECT p.id {_WENT} AND p.charge_id IS NULL)) "
    "ORDER BY p.account_id"
)
_BACK_OF = f"SELECT b.payment_id, b.at, b.amount, b.is_refund FROM {_BACK} WHERE b.payment_id = ANY(%(ids)s)"


class _Line(NamedTuple):
    """A charge beside one of its payments; a charge without any, and a payment without one, have no other half."""

    charge_id: int | None
    account_id: int | None
    gross: Decimal
    due_on: date | None
    state: str
    kind: str
    payment_id: int | None
    amount: Decimal
    at: datetime
    paid_at: datetime | None
    failed_at: datetime | None
    expires_at: datetime | None
    status: str


@dataclass
class Row:
    """One account's part of the gap; `account_id` None: payments of nobody that is known here."""

    account_id: int | None
    parts: dict[Cause, Decimal] = field(default_factory=dict)
    account: BillingAccount | None = None
    due: Decimal = ZERO
    arrived: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        return sum(self.parts.values(), ZERO)


@dataclass
class Gap:
    """Of one month of the seller's, gross EUR: `difference` is the sum of `parts`, and of all rows.

    `rows`: accounts of which anything differs, the largest difference first. `counts`: how many have each cause.
    """

    due: Decimal
    arrived: Decimal
    rows: list[Row]
    parts: dict[Cause, Decimal] = field(default_factory=lambda: dict.fromkeys(Cause, ZERO))
    counts: dict[Cause, int] = field(default_factory=lambda: dict.fromkeys(Cause, 0))

    @property
    def difference(self) -> Decimal:
        return self.due - self.arrived


def calc_gap(month: Month, now: datetime) -> Gap:
    """In five statements, to be read of one instant."""
    span, mode = span_of(month), get_mode()
    values = {
        "start": span.start,
        "end": span.end,
        "first": month.first,
        "next": month.next().first,
        "mode": mode.value if mode else None,
        "moved": list(MOVED),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, values)
        due, paid, went = (amount or ZERO for amount in cursor.fetchone())
        cursor.execute(_ODD, values)
        cursor.execute(_CHARGES, {**values, "odd": [pk for (pk,) in cursor.fetchall()]})
        lines = [_Line(*found) for found in cursor.fetchall()]
        cursor.execute(_LOOSE, values)
        lines += [_Line(*found) for found in cursor.fetchall()]
        cursor.execute(_BACK_OF, {**values, "ids": [line.payment_id for line in lines if line.payment_id]})
        back = _group(cursor.fetchall())
    gap = Gap(due, paid - went, _list_rows(lines, back, month, seller_day(now)))
    for row in gap.rows:
        for cause, amount in row.parts.items():
            gap.parts[cause] += amount
            gap.counts[cause] += 1
    return gap


def _group(found: list[Any]) -> dict[int, list[Back]]:
    back: dict[int, list[Back]] = defaultdict(list)
    for payment_id, at, amount, is_refund in found:
        back[payment_id].append(Back(seller_day(at), amount, is_refund))
    return back


def _list_rows(lines: list[_Line], back: dict[int, list[Back]], month: Month, today: date) -> list[Row]:
    rows: dict[int | None, Row] = {}
    for (_, account_id), owed, tries in _read(lines, back):
        parts = rows.setdefault(account_id, Row(account_id)).parts
        for cause, amount in explain(owed, tries, month, today).items():
            parts[cause] = parts.get(cause, ZERO) + amount
    for row in rows.values():
        row.parts = {cause: row.parts[cause] for cause in Cause if row.parts.get(cause)}
    found = [row for row in rows.values() if row.parts]
    return sorted(
        found, key=lambda row: (-abs(row.difference), -max(map(abs, row.parts.values())), row.account_id or 0)
    )


def _read(
    lines: list[_Line], back: dict[int, list[Back]]
) -> Iterator[tuple[tuple[int | None, int | None], Owed | None, list[Try]]]:
    """Charge by charge, and the payments without one by account."""
    for key, group in groupby(lines, key=lambda line: (line.charge_id, line.account_id)):
        found = list(group)
        yield key, _owed(found[0]), [_try(line, back) for line in found if line.payment_id]


def _owed(line: _Line) -> Owed | None:
    if line.charge_id is None:
        return None
    is_owed, is_settled = line.state != ChargeState.ENDED, line.state == ChargeState.PAID
    return Owed(line.gross, line.due_on, is_owed, is_settled, line.kind == ChargeKind.INVOICE)


def _try(line: _Line, back: dict[int, list[Back]]) -> Try:
    paid_at = line.paid_at if line.status == PaymentState.PAID else None
    decided_at = {
        PaymentState.PAID: line.paid_at,
        PaymentState.FAILED: line.failed_at or line.at,
        PaymentState.CANCELED: line.failed_at or line.at,
        PaymentState.EXPIRED: line.failed_at or line.expires_at or line.at,
    }.get(PaymentState(line.status))
    return Try(
        line.amount,
        seller_day(line.at),
        seller_day(paid_at) if paid_at else None,
        seller_day(decided_at) if decided_at else None,
        tuple(back.get(line.payment_id or 0, ())),
    )


def fill(rows: Sequence[Row], month: Month) -> None:
    """The accounts with their names, and what was due and arrived of each. Two statements."""
    ids = [row.account_id for row in rows if row.account_id]
    accounts = BillingAccount.objects.select_related("organisation").in_bulk(ids)
    charges = Charge.objects.filter(account_id__in=ids, due_on__gte=month.first, due_on__lt=month.next().first)
    charges = charges.exclude(state=ChargeState.ENDED).order_by()
    due = dict(charges.values_list("account_id").annotate(total=Sum("gross")))
    for row in rows:
        row.account = accounts.get(row.account_id or 0)
        row.due = due.get(row.account_id, ZERO)
        row.arrived = row.due - row.difference

"""Feeds the gap's rule, in a number of statements that does not depend on how many accounts there are.

Only what may differ is fetched: what is owed of which a month is even, and from which nothing went back, makes no part
of it. What is owed is known by one number here: a charge by its key, an invoice by its key below zero. A charge is one
with its own invoice, so that both are due once; what collects another invoice is due with that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Q, Sum

from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice
from bursar.billing.rules.ledger import EntryKind
from bursar.billing.seller import seller_day, span_of
from bursar.core.calendar import Month
from bursar.core.money import ZERO
from bursar.payments.gateway import get_mode
from bursar.payments.models import Charge
from bursar.payments.rules.gap import Back, Cause, Let, Owed, Try, explain
from bursar.payments.states import ChargeKind, ChargeState, PaymentState, RefundState
from bursar.tenants.models import BillingAccount

MOVED = (RefundState.QUEUED, RefundState.PENDING, RefundState.PROCESSING, RefundState.REFUNDED)
"""Refunds that left or are leaving, as Mollie counts them."""
LETS = {
    EntryKind.CREDITED: Cause.CREDITED,
    EntryKind.WRITTEN_OFF: Cause.WRITTEN_OFF,
    EntryKind.DIFFERENCE: Cause.DIFFERENCE,
    EntryKind.MOVED: Cause.FROM_CREDIT,
}
OWN = "chg_"
"""What `made_for` of a charge's own invoice begins with."""

_BACK = (
    "(SELECT payment_id, created_at AS at, amount, 'refunded' AS cause FROM payments_refund "
    "WHERE state = ANY(%(moved)s) UNION ALL "
    "SELECT payment_id, created_at, amount, 'charged_back' FROM payments_chargeback UNION ALL "
    "SELECT payment_id, reversed_at, -amount, 'charged_back' FROM payments_chargeback WHERE reversed_at IS NOT NULL) b"
)
_WORLD = "(%(mode)s::text IS NULL OR p.mode = %(mode)s)"
_PAID = f"p.status = 'paid' AND p.paid_at >= %(start)s AND p.paid_at < %(end)s AND {_WORLD}"
_UNIT = "coalesce(-c.invoice_id, c.id)"
_WITH_INVOICE = "payments_charge c LEFT JOIN billing_invoice i ON i.id = c.invoice_id"
_IS_OWN = "(c.invoice_id IS NULL OR i.made_for = c.public_id)"
_CHARGES_DUE = (
    f"FROM {_WITH_INVOICE} WHERE c.due_on >= %(first)s AND c.due_on < %(next)s AND c.state <> 'ended' AND {_IS_OWN}"
)
_INVOICES_DUE = (
    "FROM billing_invoice i WHERE i.due_on >= %(first)s AND i.due_on < %(next)s AND i.kind = 'invoice' "
    "AND NOT starts_with(i.made_for, %(own)s)"
)
_WENT = (
    f"FROM {_BACK} JOIN payments_payment p ON p.id = b.payment_id "
    f"WHERE b.at >= %(start)s AND b.at < %(end)s AND {_WORLD}"
)
# What Mollie moved stands in the mirror: of the ledger's money only what came and went by bank is added.
_BY_BANK = "NOT starts_with(e.cause, 'pmt_') AND NOT starts_with(e.cause, 'ref_')"
_BOOKED = (
    "FROM billing_ledgerentry e WHERE e.kind IN ('received', 'returned') AND e.on >= %(first)s AND e.on < %(next)s "
    f"AND {_BY_BANK}"
)
_NUMBERS = (
    f"SELECT (SELECT sum(c.gross) {_CHARGES_DUE}), (SELECT sum(i.gross) {_INVOICES_DUE}), "
    f"(SELECT sum(p.amount) FROM payments_payment p WHERE {_PAID}), (SELECT sum(b.amount) {_WENT}), "
    f"(SELECT sum(e.amount) {_BOOKED})"
)
_ODD = (
    f"WITH due AS (SELECT {_UNIT} AS unit, c.gross AS amount {_CHARGES_DUE} "
    f"UNION ALL SELECT -i.id, i.gross {_INVOICES_DUE}), "
    f"came AS (SELECT {_UNIT} AS unit, p.amount FROM payments_payment p JOIN payments_charge c ON c.id = p.charge_id "
    f"WHERE {_PAID} UNION ALL SELECT -e.invoice_id, e.amount {_BOOKED} AND e.invoice_id IS NOT NULL) "
    "SELECT unit FROM (SELECT unit, amount, true AS is_due FROM due UNION ALL SELECT unit, -amount, false FROM came) d "
    "GROUP BY unit HAVING sum(amount) <> 0 OR NOT bool_or(is_due) "
    f"UNION SELECT {_UNIT} FROM payments_charge c WHERE c.id IN (SELECT p.charge_id {_WENT}) "
    f"UNION SELECT -e.invoice_id {_BOOKED} AND e.invoice_id IS NOT NULL AND e.amount < 0"
)
_TRIES = "p.id, p.amount, p.at, p.paid_at, p.failed_at, p.expires_at, p.status"
_CHARGES = (
    f"SELECT {_UNIT}, c.account_id, {_IS_OWN}, c.gross, c.due_on, c.state, c.kind, {_TRIES} FROM {_WITH_INVOICE} "
    f"LEFT JOIN payments_payment p ON p.charge_id = c.id AND {_WORLD} "
    "WHERE c.id = ANY(%(odd)s) OR c.invoice_id = ANY(%(odd_invoices)s) ORDER BY 1, c.id, p.id"
)
_LOOSE = (
    f"SELECT NULL, p.account_id, false, NULL, NULL, NULL, NULL, {_TRIES} FROM payments_payment p "
    f"WHERE p.charge_id IS NULL AND (({_PAID}) OR p.id IN (SELECT p.id {_WENT} AND p.charge_id IS NULL)) "
    "ORDER BY p.account_id"
)
_INVOICES = (
    "SELECT -i.id, i.account_id, i.gross, i.due_on FROM billing_invoice i "
    "WHERE i.id = ANY(%(odd_invoices)s) AND NOT starts_with(i.made_for, %(own)s)"
)
_ENTRIES = (
    "SELECT -e.invoice_id, e.account_id, e.kind, e.amount, e.on FROM billing_ledgerentry e "
    f"WHERE e.invoice_id = ANY(%(odd_invoices)s) AND {_BY_BANK} "
    f"UNION ALL SELECT NULL, e.account_id, e.kind, e.amount, e.on {_BOOKED} AND e.invoice_id IS NULL"
)
_BACK_OF = f"SELECT b.payment_id, b.at, b.amount, b.cause FROM {_BACK} WHERE b.payment_id = ANY(%(ids)s)"


class _Line(NamedTuple):
    """A charge beside one of its payments; a charge without any, and a payment without one, have no other half.

    `unit`: what is owed, and None for payments without a charge. `is_own`: it is due itself, not by another's invoice.
    """

    unit: int | None
    account_id: int | None
    is_own: bool
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
class _Unit:
    """What is owed, or what an account has beside it (`owed` None), with all that the rule asks."""

    account_id: int | None
    owed: Owed | None = None
    tries: list[Try] = field(default_factory=list)
    lets: list[Let] = field(default_factory=list)

    def take(self, kind: str, amount: Decimal, on: date) -> None:
        """An entry of the ledger that no payment of Mollie's caused."""
        if kind == EntryKind.RECEIVED:
            self.tries.append(Try(amount, on, on, on))
        elif kind == EntryKind.RETURNED:
            cause = Cause.PAID_BACK if self.owed is None else Cause.REVERSED
            self.tries.append(Try(ZERO, on, None, on, (Back(on, -amount, cause),)))
        elif self.owed is not None:
            self.lets.append(Let(on, amount, LETS[EntryKind(kind)]))


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
    """In seven statements, to be read of one instant."""
    span, mode = span_of(month), get_mode()
    values = {
        "start": span.start,
        "end": span.end,
        "first": month.first,
        "next": month.next().first,
        "mode": mode.value if mode else None,
        "moved": list(MOVED),
        "own": OWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, values)
        charged, invoiced, paid, went, booked = (amount or ZERO for amount in cursor.fetchone())
        units = _load_units(cursor, values)
    gap = Gap(charged + invoiced, paid - went + booked, _list_rows(units, month, seller_day(now)))
    for row in gap.rows:
        for cause, amount in row.parts.items():
            gap.parts[cause] += amount
            gap.counts[cause] += 1
    return gap


def _load_units(cursor: Any, values: dict[str, Any]) -> list[_Unit]:
    def ask(statement: str, **more: Any) -> list[Any]:
        cursor.execute(statement, {**values, **more})
        found: list[Any] = cursor.fetchall()
        return found

    odd = [unit for (unit,) in ask(_ODD)]
    of = {"odd": [unit for unit in odd if unit > 0], "odd_invoices": [-unit for unit in odd if unit < 0]}
    lines = [_Line(*found) for found in (*ask(_CHARGES, **of), *ask(_LOOSE))]
    back = _group(ask(_BACK_OF, ids=[line.payment_id for line in lines if line.payment_id]))
    units: dict[tuple[int | None, int | None], _Unit] = {}
    for unit, account_id, gross, due_on in ask(_INVOICES, **of):
        units[unit, account_id] = _Unit(account_id, Owed(gross, due_on, True, False, True))
    for line in lines:
        one = units.setdefault((line.unit, line.account_id), _Unit(line.account_id))
        one.owed = one.owed or _owed(line)
        one.tries += [_try(line, back)] if line.payment_id else []
    for unit, account_id, *entry in ask(_ENTRIES, **of):
        units.setdefault((unit, account_id), _Unit(account_id)).take(*entry)
    return list(units.values())


def _group(found: Iterable[Any]) -> dict[int, list[Back]]:
    back: dict[int, list[Back]] = defaultdict(list)
    for payment_id, at, amount, cause in found:
        back[payment_id].append(Back(seller_day(at), amount, Cause(cause)))
    return back


def _list_rows(units: Iterable[_Unit], month: Month, today: date) -> list[Row]:
    rows: dict[int | None, Row] = {}
    for unit in units:
        parts = rows.setdefault(unit.account_id, Row(unit.account_id)).parts
        for cause, amount in explain(unit.owed, unit.tries, month, today, unit.lets).items():
            parts[cause] = parts.get(cause, ZERO) + amount
    for row in rows.values():
        row.parts = {cause: row.parts[cause] for cause in Cause if row.parts.get(cause)}
    found = [row for row in rows.values() if row.parts]
    return sorted(
        found, key=lambda row: (-abs(row.difference), -max(map(abs, row.parts.values())), row.account_id or 0)
    )


def _owed(line: _Line) -> Owed | None:
    if line.unit is None or not line.is_own:
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
    """The accounts with their names, and what was due and arrived of each. Three statements."""
    ids = [row.account_id for row in rows if row.account_id]
    accounts = BillingAccount.objects.select_related("organisation").in_bulk(ids)
    due: dict[int, Decimal] = defaultdict(Decimal)
    for account_id, total in [*_charges_due(ids, month), *_invoices_due(ids, month)]:
        due[account_id] += total
    for row in rows:
        row.account = accounts.get(row.account_id or 0)
        row.due = due.get(row.account_id or 0, ZERO)
        row.arrived = row.due - row.difference


def _charges_due(ids: list[int], month: Month) -> Any:
    charges = Charge.objects.filter(account_id__in=ids, due_on__gte=month.first, due_on__lt=month.next().first)
    charges = charges.exclude(state=ChargeState.ENDED).order_by()
    own = charges.filter(Q(invoice=None) | Q(invoice__made_for=F("public_id")))
    return own.values_list("account_id").annotate(total=Sum("gross"))


def _invoices_due(ids: list[int], month: Month) -> Any:
    rows = Invoice.objects.filter(account_id__in=ids, due_on__gte=month.first, due_on__lt=month.next().first)
    rows = rows.filter(kind=DocumentKind.INVOICE.value).exclude(made_for__startswith=OWN).order_by()
    return rows.values_list("account_id").annotate(total=Sum("gross"))

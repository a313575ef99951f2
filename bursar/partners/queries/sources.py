"""What really came from a client and stays, receipt by receipt: what accrual is worked out from.

Money of an invoice stands in the ledger, however it came. A Mollie charge without one (its documents are made
elsewhere, or wait for billing details) is read from the mirror; its key stays the same once it has its invoice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from django.db.models import Prefetch

from bursar.billing.documents.document import DocumentKind, ItemKind
from bursar.billing.models import Invoice, LedgerEntry
from bursar.billing.rules.ledger import EntryKind
from bursar.billing.seller import seller_day
from bursar.core.money import ZERO, cents
from bursar.partners.rules.accrual import Position
from bursar.partners.rules.positions import Entry, Paper, list_positions
from bursar.payments.models import Charge, Payment, Refund
from bursar.payments.queries.listing import of_this_world
from bursar.payments.states import ChargeKind, ChargeState, PaymentState, RefundState

MONEY = [kind.value for kind in (EntryKind.RECEIVED, EntryKind.RETURNED, EntryKind.MOVED)]
SUBSCRIPTION = frozenset({ItemKind.SUBSCRIPTION, ItemKind.SEATS, ItemKind.UPGRADE})
CHARGED = [kind.value for kind in (ChargeKind.FIRST, ChargeKind.RENEWAL, ChargeKind.SEAT, ChargeKind.UPGRADE)]
"""What a charge without an invoice may be for, and counts: all of it is the subscription's money."""
DEBIT = "directdebit"


def load_positions(account_id: int) -> list[Position]:
    """Of one account, everything that ever came. The mirror is read first: what gets its invoice meanwhile stands in
    the ledger, which rules.
    """
    loose = list(_of_mirror(account_id))
    mirrored = of_this_world().filter(account_id=account_id, status=PaymentState.PAID, paid_at__isnull=False)
    told = {one: (at, method) for one, at, method in mirrored.values_list("public_id", "paid_at", "method") if at}
    debits = {one for one, (_, method) in told.items() if method == DEBIT}
    booked = list_positions(*_load_ledger(account_id), debits)
    booked = [replace(one, on=seller_day(told[one.key][0])) if one.key in told else one for one in booked]
    known = {one.key for one in booked}
    return booked + [one for one in loose if one.key not in known]


def _load_ledger(account_id: int) -> tuple[dict[int, Paper], list[Entry]]:
    rows = LedgerEntry.objects.filter(account_id=account_id, invoice__isnull=False, kind__in=MONEY).order_by("pk")
    columns = ("booking", "invoice_id", "amount", "on", "cause", "turns_round")
    entries = [Entry(*values) for values in rows.values_list(*columns)]
    invoices = Invoice.objects.filter(pk__in={entry.invoice for entry in entries}, kind=DocumentKind.INVOICE.value)
    return {row.pk: _paper(row) for row in invoices}, entries


def _paper(row: Invoice) -> Paper:
    if row.removed_at is not None:
        return Paper(row.gross, row.net, ZERO, row.replaces_id, is_known=False)
    asked = sum((item.net for item in row.document.items if item.kind in SUBSCRIPTION), ZERO)
    return Paper(row.gross, row.net, asked, row.replaces_id)


def _of_mirror(account_id: int) -> Iterator[Position]:
    sent = Refund.objects.filter(state=RefundState.REFUNDED.value)
    paid = of_this_world().filter(status=PaymentState.PAID).order_by("paid_at", "pk")
    charges = Charge.objects.filter(account_id=account_id, invoice=None, kind__in=CHARGED, gross__gt=0)
    charges = charges.exclude(state=ChargeState.ENDED.value, settled_at=None)  # what came after an end, nobody owed
    paid = paid.prefetch_related("chargebacks", Prefetch("refunds", queryset=sent))
    for charge in charges.prefetch_related(Prefetch("payments", queryset=paid)):
        payments = list(charge.payments.all())
        stayed = sum((one.amount - _went_back(one) for one in payments), ZERO)
        left = min(charge.gross, stayed)  # what was paid twice goes back; what went back twice came never
        for payment in payments:
            kept = max(ZERO, min(left, payment.amount - _went_back(payment)))
            left -= kept
            yield _position(payment, cents(charge.net * kept / charge.gross))


def _went_back(payment: Payment) -> Decimal:
    """What is on its way back still stays, as it does where an invoice says so: it may fail."""
    refunded = sum((one.amount for one in payment.refunds.all()), ZERO)
    charged_back: Decimal = payment.charged_back
    return charged_back + refunded


def _position(payment: Payment, net: Decimal) -> Position:
    moved = [payment.paid_at, *(one.created_at for one in payment.refunds.all())]
    for back in payment.chargebacks.all():
        moved += [back.created_at, back.reversed_at]
    days = [seller_day(at) for at in moved if at is not None]
    came_on = seller_day(payment.paid_at) if payment.paid_at else min(days)
    return Position(payment.public_id, came_on, max(days), net, is_debit=payment.method == DEBIT)

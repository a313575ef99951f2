"""Which payments at Mollie an invoice was paid by, and refunds of a correction that did not leave."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum

from bursar.billing.models import Invoice, LedgerEntry
from bursar.core.money import ZERO
from bursar.payments.models import Charge, Payment, Refund
from bursar.payments.queries.refunds import get_left
from bursar.payments.rules.refunds import DEAD
from bursar.payments.states import PaymentState


def list_paid_by(invoice: Invoice) -> list[tuple[Payment, Decimal]]:
    """Those of which something may go back still, the newest first, with how much."""
    causes = LedgerEntry.objects.filter(invoice=invoice, amount__gt=0).exclude(cause="").values("cause")
    known = Q(public_id__in=causes)
    known |= Q(charge__invoice=invoice)
    rows = Payment.objects.filter(known, account=invoice.account_id, status=PaymentState.PAID).order_by("-at", "-id")
    found = [(one, get_left(one)) for one in rows.prefetch_related("refunds")]
    return [(one, left) for one, left in found if left > 0]


def list_charges_of(invoice: Invoice) -> list[Charge]:
    """Whose money settles it."""
    return list(Charge.objects.filter(invoice=invoice).order_by("pk"))


def share_out(amount: Decimal, paid: Sequence[tuple[Payment, Decimal]]) -> list[tuple[Payment, Decimal]]:
    """How much of `amount` each gives back; what is above all of them is left out. EUR."""
    shares = []
    for payment, left in paid:
        part = min(amount, left)
        if part > ZERO:
            shares.append((payment, part))
        amount -= part
    return shares


def sum_booked(refund: Refund) -> Decimal:
    """How much of the account's credit the ledger holds as gone by it. EUR."""
    entries = LedgerEntry.objects.filter(cause=refund.public_id, invoice=None)
    return -(entries.aggregate(total=Sum("amount"))["total"] or ZERO)


def list_dead() -> QuerySet[Refund]:
    """Refunds of corrections that did not leave, while the ledger holds them as gone."""
    booked = LedgerEntry.objects.filter(cause=OuterRef("public_id"), invoice=None).order_by().values("cause")
    gone = Subquery(booked.annotate(total=Sum("amount")).values("total"))
    return Refund.objects.filter(corrects__isnull=False, state__in=DEAD).annotate(gone=gone).filter(gone__lt=0)

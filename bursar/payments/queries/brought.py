"""How much of an invoice's money came by Mollie and is there still."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from bursar.billing.models import Invoice, LedgerEntry
from bursar.core.money import ZERO
from bursar.payments.models import Payment, Refund
from bursar.payments.queries.invoicing import MONEY


def sum_by_mollie(row: Invoice) -> Decimal:
    """EUR, by what the ledger booked of its charges, for it or for the invoice that it replaces."""
    payments = Payment.objects.filter(charge__invoice=row).values("public_id")
    refunds = Refund.objects.filter(payment__charge__invoice=row).values("public_id")
    causes = payments.union(refunds)
    entries = LedgerEntry.objects.filter(invoice_id__in=_list_former(row), kind__in=MONEY, cause__in=causes)
    total: Decimal | None = entries.aggregate(total=Sum("amount"))["total"]
    return total or ZERO


def _list_former(row: Invoice) -> list[int]:
    """Its key, and those of the invoices whose VAT it corrects: their money was carried over with the charges."""
    keys, before = [row.pk], row.replaces_id
    while before is not None:
        keys.append(before)
        before = Invoice.objects.filter(pk=before).values_list("replaces_id", flat=True).first()
    return keys

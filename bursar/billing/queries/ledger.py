"""What was booked for one invoice, and what was issued about it."""

from __future__ import annotations

from django.db.models import QuerySet

from bursar.billing.models import Invoice, LedgerEntry


def list_entries(invoice: Invoice) -> QuerySet[LedgerEntry]:
    """In the order in which they were booked."""
    return LedgerEntry.objects.filter(invoice=invoice).order_by("booked_at", "id")


def list_credit_notes(invoice: Invoice) -> QuerySet[Invoice]:
    return Invoice.objects.filter(corrects=invoice).defer("says").order_by("issued_at", "id")

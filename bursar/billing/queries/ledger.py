"""What was booked for one invoice, and what was issued about it."""

from __future__ import annotations

from django.db.models import Max, Q, QuerySet

from bursar.billing.models import Invoice, LedgerEntry
from bursar.billing.rules.ledger import EntryKind

CAME = (EntryKind.RECEIVED.value, EntryKind.MOVED.value)


def list_entries(invoice: Invoice) -> QuerySet[LedgerEntry]:
    """In the order in which they were booked."""
    return LedgerEntry.objects.filter(invoice=invoice).order_by("booked_at", "id")


def list_credit_notes(invoice: Invoice) -> QuerySet[Invoice]:
    return Invoice.objects.filter(corrects=invoice).defer("says").order_by("issued_at", "id")


def list_own(account_id: int) -> QuerySet[Invoice]:
    """An account's documents with what they say, newest first; `paid_on`: the last day on which money came for one."""
    came = Q(entries__kind__in=CAME, entries__amount__gt=0)
    rows = Invoice.objects.filter(account_id=account_id).select_related("pdf", "e_invoice", "corrects")
    return rows.defer("corrects__says").annotate(paid_on=Max("entries__on", filter=came)).order_by("-issued_at", "-id")

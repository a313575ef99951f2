"""Removes documents whose retention ended: what they say and their files go, what numbers and sums need stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bursar.billing.models import Handover, Hold, Invoice, LedgerEntry, Reminder, Sending
from bursar.files import store as files


def remove(rows: Sequence[Invoice], now: datetime) -> None:
    """In the caller's transaction, which holds the rows. Number, day, amounts, digest, reference and ledger stay."""
    keys = [row.pk for row in rows]
    gone = [file for row in rows for file in (row.pdf_id, row.e_invoice_id) if file is not None]
    Invoice.objects.filter(pk__in=keys).update(says={}, payer_key="", pdf=None, e_invoice=None, removed_at=now)
    Sending.objects.filter(invoice__in=keys).delete()
    Reminder.objects.filter(invoice__in=keys).delete()
    Hold.objects.filter(pk__in=keys).delete()
    Handover.objects.filter(pk__in=keys).delete()
    LedgerEntry.objects.filter(invoice__in=keys).exclude(reference="").update(reference="")
    files.remove(gone)

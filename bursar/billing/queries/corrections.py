"""Invoices that say VAT which is not due since the customer's VAT id is confirmed."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice, LedgerEntry
from bursar.billing.rules import VatIdStatus
from bursar.billing.rules.ledger import EntryKind

MONEY = [EntryKind.RECEIVED.value, EntryKind.MOVED.value]


def last_paid_on(invoice: Invoice) -> date | None:
    """The day on which money for it was booked last."""
    entries = LedgerEntry.objects.filter(invoice=invoice, kind__in=MONEY, amount__gt=0)
    return entries.order_by("-on").values_list("on", flat=True).first()


def list_to_correct() -> QuerySet[Invoice]:
    """Those that bore VAT though they went elsewhere in the EU, of accounts whose VAT id is confirmed by now, and of
    which nothing is credited; newest first. Whether each would bear another is for `correcting.why_not_correct` to say.
    """
    details = "account__billing_details"
    known = Q(**{f"{details}__vat_status": VatIdStatus.VALID}) | Q(
        **{f"{details}__vat_status": VatIdStatus.UNKNOWN, f"{details}__is_accepted": True}
    )
    rows = Invoice.objects.exclude(abroad_net=0).filter(
        known, kind=DocumentKind.INVOICE.value, credited=0, removed_at=None
    )
    return rows.select_related("account__organisation", "account__billing_details").order_by("-issued_on", "-id")

"""Issued documents."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from django.db.models import F, QuerySet, Sum

from bursar.access.actor import Actor
from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice
from bursar.core.errors import NotFound
from bursar.core.money import ZERO
from bursar.tenants.models import BillingAccount


def find_invoiced(account_id: int, first: date, last: date) -> Invoice | None:
    """One that asks for seats of these days already."""
    return _asking(account_id).filter(service_from__lte=last, service_until__gte=first).order_by("pk").first()


def _asking(account_id: int) -> QuerySet[Invoice]:
    rows = Invoice.objects.filter(account_id=account_id, service_until__isnull=False)
    return rows.filter(credited__lt=F("gross"))


def sum_credited(invoice: Invoice) -> tuple[Decimal, Decimal]:
    """Net and VAT of the credit notes that there are of it. EUR."""
    sums = Invoice.objects.filter(corrects=invoice).aggregate(net=Sum("net"), vat=Sum("vat"))
    return sums["net"] or ZERO, sums["vat"] or ZERO


def find_first_open(account: BillingAccount) -> Invoice | None:
    """Of those that ask for money still, the one that is due first."""
    rows = Invoice.objects.filter(account=account, kind=DocumentKind.INVOICE.value, open__gt=0)
    return rows.select_related("account").order_by("due_on", "pk").first()


def count_documents(account_ids: Collection[int]) -> int:
    """Issued, and kept still."""
    return Invoice.objects.filter(account__in=account_ids, removed_at=None).count()


def list_invoices(account_id: int) -> QuerySet[Invoice]:
    """With credit notes, newest first."""
    rows = Invoice.objects.filter(account_id=account_id).select_related("pdf", "e_invoice", "corrects")
    return rows.defer("says").order_by("-issued_at", "-id")


def list_by_key(keys: Collection[int]) -> QuerySet[Invoice]:
    """In no order, without what they say."""
    rows = Invoice.objects.filter(pk__in=keys).select_related("account__organisation")
    return rows.defer("says")


def get_invoice(actor: Actor, public_id: str) -> Invoice:
    """For staff. Raises NotFound."""
    rows = Invoice.objects.select_related("account__organisation", "corrects", "pdf", "e_invoice")
    found = rows.filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found

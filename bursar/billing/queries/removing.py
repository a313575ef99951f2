"""Documents whose retention ended."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import Q, QuerySet

from bursar.billing.models import Invoice
from bursar.billing.rules.retention import first_day_kept
from bursar.billing.seller import seller_day

_OSS = Q(says__items__contains=[{"vat": {"is_oss": True}}])


def list_ended(now: datetime) -> QuerySet[Invoice]:
    """The oldest first. One that still asks for money stays until that is settled."""
    today = seller_day(now)
    usual = first_day_kept(today, settings.BURSAR_DOCUMENTS_KEPT_YEARS)
    by_oss = first_day_kept(today, settings.BURSAR_OSS_DOCUMENTS_KEPT_YEARS)
    old = Q(issued_on__lt=usual) & ~(_OSS & Q(issued_on__gte=by_oss))
    asks = Q(kind="invoice", open__gt=0)
    return Invoice.objects.filter(old, ~asks, removed_at=None).order_by("issued_on", "pk")

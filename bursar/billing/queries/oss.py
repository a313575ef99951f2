"""What was sold with VAT to buyers elsewhere in the EU, by the documents that were issued."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import Q, Sum

from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice
from bursar.core.money import ZERO


def sum_abroad(year: int) -> Decimal:
    """EUR without VAT in a year of the seller's, credit notes subtracted."""
    rows = Invoice.objects.exclude(abroad_net=0).filter(issued_on__range=(date(year, 1, 1), date(year, 12, 31)))
    is_credit = Q(kind=DocumentKind.CREDIT_NOTE.value)
    sums = rows.aggregate(sold=Sum("abroad_net", filter=~is_credit), back=Sum("abroad_net", filter=is_credit))
    return (sums["sold"] or ZERO) - (sums["back"] or ZERO)

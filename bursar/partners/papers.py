"""The self-billing invoice of a quarter as a file, for staff and for the partner alike."""

from __future__ import annotations

from django.http import HttpResponse

from bursar.billing.documents.document import read_document
from bursar.billing.documents.pdf import to_pdf
from bursar.core.errors import NotFound
from bursar.partners.models import Settlement
from bursar.partners.rules.quarters import Quarter
from bursar.tenants.models import Organisation


def answer_self_billing(partner: Organisation, quarter: Quarter) -> HttpResponse:
    """From the frozen document: drawn again, it is the same. Raises NotFound where nothing like it settled that."""
    found = Settlement.objects.filter(partner=partner, through=quarter.last, says__isnull=False).first()
    if found is None or found.says is None:
        raise NotFound
    answer = HttpResponse(to_pdf(read_document(found.says)), content_type="application/pdf")
    answer["Content-Disposition"] = f"inline; filename={found.number}.pdf"
    return answer

"""The self-billing invoice of a quarter as a file, for staff and for the partner alike."""

from __future__ import annotations

from django.http import HttpResponse

from bursar.billing.documents.document import read_document
from bursar.core.errors import NotFound
from bursar.partners.models import Settlement
from bursar.partners.rules.quarters import Quarter
from bursar.partners.self_billing import make_files
from bursar.tenants.models import Organisation

MEDIA = {"pdf": "application/pdf", "xml": "application/xml"}


def answer_self_billing(partner: Organisation, quarter: Quarter, suffix: str = "pdf") -> HttpResponse:
    """From the frozen document: made again, it is the same. `suffix`: pdf, or xml for the e-invoice. Raises NotFound
    where nothing like it settled that.
    """
    found = Settlement.objects.filter(partner=partner, through=quarter.last, says__isnull=False).first()
    if found is None or found.says is None or (suffix == "xml" and not found.has_e_invoice):
        raise NotFound
    made = make_files(read_document(found.says), with_e_invoice=found.has_e_invoice)
    content = made.pdf if suffix == "pdf" else made.e_invoice
    answer = HttpResponse(content, content_type=MEDIA[suffix])
    place = "inline" if suffix == "pdf" else "attachment"
    answer["Content-Disposition"] = f"{place}; filename={found.number}.{suffix}"
    return answer

"""What a partner's own people see of the referral ledger: read-only, without staff, reasons or notes."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import customer_of
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.errors import NotFound
from bursar.core.reading import consistent_read
from bursar.partners import present
from bursar.partners.filters import read_quarter
from bursar.partners.papers import answer_self_billing
from bursar.partners.queries import ledger
from bursar.partners.queries.statements import get_statement, list_quarters
from bursar.partners.rules.quarters import Quarter
from bursar.partners.statement import to_pdf
from bursar.tenants import scope
from bursar.tenants.models import Organisation
from bursar.tenants.rules import BILLING


def _find(request: HttpRequest, organisation_id: str) -> Organisation:
    """With billing rights there; for everybody else there is no such page."""
    mine = scope.load(customer_of(request), clock.now())
    for one in mine.organisations.values():
        if one.public_id == organisation_id and mine.above[one.pk] in BILLING:
            return one
    raise NotFound


def _addresses(partner: Organisation, quarter: Quarter) -> present.Addresses:
    names, ids = ("statement", "own_paper", "own_e_invoice"), [partner.public_id, str(quarter)]
    return present.Addresses(*(reverse(f"dashboard:{name}", args=ids) for name in names))


@login_required
@require_GET
def show_partner(request: HttpRequest, organisation_id: str) -> HttpResponse:
    today = seller_day(clock.now())
    with consistent_read():
        partner = _find(request, organisation_id)
        rows = [present.entry_row(entry, today) for entry in ledger.list_entries(partner, today)]
        quarters = [
            present.quarter_row(one, today, _addresses(partner, one.quarter))
            for one in list_quarters(partner, Quarter.of(today))
        ]
    return render(request, "dashboard/partner.html", {"partner": partner, "rows": rows, "quarters": quarters})


@login_required
@require_GET
def show_statement(request: HttpRequest, organisation_id: str, quarter: str) -> HttpResponse:
    asked = read_quarter(quarter)
    with consistent_read():
        content = to_pdf(get_statement(_find(request, organisation_id), asked))
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f"inline; filename=statement-{asked}.pdf"
    return answer


@login_required
@require_GET
def show_self_billing(request: HttpRequest, organisation_id: str, quarter: str) -> HttpResponse:
    return answer_self_billing(_find(request, organisation_id), read_quarter(quarter))


@login_required
@require_GET
def show_e_invoice(request: HttpRequest, organisation_id: str, quarter: str) -> HttpResponse:
    return answer_self_billing(_find(request, organisation_id), read_quarter(quarter), "xml")

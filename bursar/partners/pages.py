"""“Partners”: who brings clients, what that came to, what is owed, and the statement of each quarter."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from bursar.access.request import actor_of
from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.core.asked import read_page
from bursar.core.errors import BadRequest
from bursar.core.money import ZERO
from bursar.core.reading import consistent_read
from bursar.core.sortkey import sort_key
from bursar.partners import present
from bursar.partners.filters import read_quarter
from bursar.partners.models import AccrualLine
from bursar.partners.papers import answer_self_billing
from bursar.partners.queries import ledger
from bursar.partners.queries.leading import list_led
from bursar.partners.queries.statements import get_statement, list_quarters
from bursar.partners.rules.quarters import Quarter
from bursar.partners.statement import to_pdf
from bursar.tenants.models import Kind, Organisation, Workspace
from bursar.ui.lists import PAGE_SIZE, pager
from bursar.ui.navigation import NavEntry, register

SHOWN = 200
LEVERS = (
    ("settle", "Settle…"),
    ("settle_by_credit", "By credit note…"),
    ("settle_by_self_billing", "By self-billing…"),
)

register(
    NavEntry(
        key="partners",
        label="Partners",
        url_name="partners:page",
        order=40,
        group="customers",
        icon="building-bridge",
        help="partners",
        count=ledger.count_to_settle,
        holds=("partners:partner", "partners:led"),
    )
)


@require_GET
def show_page(request: HttpRequest) -> HttpResponse:
    today, page = seller_day(clock.now()), read_page(request.GET.get("page", "1"))
    q = request.GET.get("q", "").strip()[:100]
    with consistent_read():
        found = ledger.partners().filter(sort_key__contains=sort_key(q)) if q else ledger.partners()
        total = found.count()
        rows = ledger.with_counts(found, today).order_by("sort_key", "pk")[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        context = {
            "q": q,
            "rows": _list_rows(list(rows), today),
            "pager": pager(page, total, request.GET),
        }
    return render(request, "partners/page.html", context)


def _list_rows(partners: list[Organisation], today: Any) -> list[dict[str, Any]]:
    ids = [one.pk for one in partners]
    owed, accrued = ledger.list_owed(ids, today), _sum_accrued(ids)
    return [
        present.partner_row(one, {"accrued": accrued.get(one.pk, ZERO)}, owed.get(one.pk, ZERO)) for one in partners
    ]


def _sum_accrued(ids: list[int]) -> dict[int, Decimal]:
    rows = AccrualLine.objects.filter(entry__partner_id__in=ids).order_by().values_list("entry__partner_id")
    return dict(rows.annotate(total=Sum("amount")))


TABS = {"": "Needs a human", "mine": "Mine", "snoozed": "Snoozed"}


@require_GET
def show_led(request: HttpRequest) -> HttpResponse:
    """Clients that behave like owners."""
    now, actor, tab = clock.now(), actor_of(request), request.GET.get("tab", "")
    if tab not in TABS:
        raise BadRequest(f"“tab” is one of {', '.join(filter(None, TABS))}, not “{tab[:40]}”.")
    with consistent_read():
        found = list_led(now)
    rows = {
        "": [one for one in found if not one.rests(now)],
        "mine": [one for one in found if not one.rests(now) and one.triage and one.triage.owner_id == actor.staff_id],
        "snoozed": [one for one in found if one.rests(now)],
    }
    context = {
        "tab": tab,
        "tabs": [(label, f"?tab={key}" if key else "?", key == tab, len(rows[key])) for key, label in TABS.items()],
        "rows": [present.led_row(one, now) for one in rows[tab][:SHOWN]],
        "has_more": len(rows[tab]) > SHOWN,
    }
    return render(request, "partners/led.html", context)


@require_GET
def show_partner(request: HttpRequest, organisation_id: str) -> HttpResponse:
    today, page = seller_day(clock.now()), read_page(request.GET.get("page", "1"))
    with consistent_read():
        partner = ledger.get_partner(actor_of(request), organisation_id)
        entries = ledger.list_entries(partner, today)
        discounts = ledger.find_discounts(entries, clock.now())
        quarters = list_quarters(partner, Quarter.of(today))
        spaces = Workspace.objects.filter(organisation=partner, kind=Kind.EXTERNAL_CLIENT, deleted_at=None)
        spaces = spaces.select_related("data_owner", "account").order_by("sort_key", "pk")
        context = {
            "partner": partner,
            "rows": [present.entry_row(entry, today, discounts.get(entry.client_id)) for entry in entries],
            "spaces": list(spaces[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]),
            "pager": pager(page, spaces.count(), request.GET),
            "quarters": [present.quarter_row(one, today, _addresses(partner, one.quarter)) for one in quarters],
            "owed": ledger.list_owed([partner.pk], today).get(partner.pk, ZERO),
            "levers": [_lever(Case(actor_of(request), partner, clock.now()), *lever) for lever in LEVERS],
            "menu_url": reverse("actions:menu", args=["organisation", partner.public_id]),
        }
    return render(request, "partners/partner.html", context)


def _lever(case: Case, verb: str, label: str) -> tuple[str, str, str]:
    """Its label, its dialog, and why it cannot be pulled now."""
    url = reverse("actions:dialog", args=["organisation", case.target.public_id, verb])
    return label, url, why_not(ACTIONS[f"partners.organisation.{verb}"], case) or ""


def _addresses(partner: Organisation, quarter: Quarter) -> present.Addresses:
    ids = [partner.public_id, str(quarter)]
    names = ("statement", "self_billing", "e_invoice")
    again = reverse("actions:dialog", args=["organisation", partner.public_id, "send_self_billing_again"])
    files = present.Addresses(*(reverse(f"partners:{name}", args=ids) for name in names))
    return files._replace(again=f"{again}?quarter={quarter}")


@require_GET
def show_statement(request: HttpRequest, organisation_id: str, quarter: str) -> HttpResponse:
    partner, asked = ledger.get_partner(actor_of(request), organisation_id), read_quarter(quarter)
    with consistent_read():
        statement = get_statement(partner, asked)
        answer = HttpResponse(to_pdf(statement), content_type="application/pdf")
    answer["Content-Disposition"] = f"inline; filename=statement-{partner.public_id}-{asked}.pdf"
    return answer


@require_GET
def show_self_billing(request: HttpRequest, organisation_id: str, quarter: str) -> HttpResponse:
    partner, asked = ledger.get_partner(actor_of(request), organisation_id), read_quarter(quarter)
    return answer_self_billing(partner, asked)


@require_GET
def show_e_invoice(request: HttpRequest, organisation_id: str, quarter: str) -> HttpResponse:
    partner, asked = ledger.get_partner(actor_of(request), organisation_id), read_quarter(quarter)
    return answer_self_billing(partner, asked, "xml")


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    data = {name: request.POST.get(name, "") for name in ("partner", "layout")}
    outcome = run("partners.company.export_referrals", actor_of(request), "company", data)
    return HttpResponseRedirect(outcome.data["path"])

"""Turns documents into what the lists of Invoices show: words, links, no queries."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from bursar.actions.registry import ACTIONS
from bursar.billing.invoice_filters import COLUMNS, E_INVOICES, SHOWN, SORTS, STATES, EInvoice, View, default_sort
from bursar.billing.invoice_tabs import Shown
from bursar.billing.models import Invoice
from bursar.billing.present import describe_invoice
from bursar.billing.queries.listing import Ageing
from bursar.billing.rules.ageing import LABELS, Band, count_days_over
from bursar.billing.rules.ledger import InvoiceState
from bursar.billing.rules.places import say_country
from bursar.core.calendar import Month, months_between
from bursar.core.money import euros
from bursar.ui import lists
from bursar.ui.lists import ACCOUNT_FILTERS, Column, menu, query

HEADINGS = (
    Column("number", "Number"),
    Column("account", "Account"),
    Column("payer", "Payer", leaves="w2"),
    Column("issued", "Issued"),
    Column("due", "Due"),
    Column("state", "State"),
    Column("gross", "With VAT €", is_numeric=True),
    Column("open", "Open €", is_numeric=True),
)
LABEL_OF = {key: label.removesuffix(" €") for key, label, *_ in HEADINGS}
BACK, AHEAD = 15, 4  # months, of which filters offer to choose


def headers(view: View, given: QueryDict) -> list[dict[str, Any]]:
    return lists.headers(HEADINGS, SORTS, view.sort, default_sort(view.shown), given)


def columns(view: View) -> list[dict[str, Any]]:
    return [{"key": key, "label": LABEL_OF[key], "hidden": key in view.hidden} for key in COLUMNS]


def filter_menus(view: View, countries: list[str], given: QueryDict) -> list[dict[str, Any]]:
    states = [(name, state.value) for name, state in STATES.items() if _may_be(state, view.shown)]
    month = Month.of(view.today)
    issued = _name_months(month.plus(-BACK), month, view.issued)
    due = _name_months(month.plus(-BACK), month.plus(AHEAD), view.due)
    made = [
        menu("state", "State", states, view.states, given) if len(states) > 1 else None,
        menu("issued", "Issued in", issued, (str(view.issued),), given, single=True),
        menu("due", "Due in", due, (str(view.due),), given, single=True),
        menu("country", "Country", [(code, say_country(code)) for code in countries], view.countries, given),
        *[
            menu(name, one.label, one.list_choices(), view.accounts.get(name, ()), given)
            for name, one in ACCOUNT_FILTERS.items()
        ],
        menu("e_invoice", "E-invoice", list(E_INVOICES.items()), view.e_invoices, given),
    ]
    return [one for one in made if one]


def _may_be(state: InvoiceState, shown: Shown) -> bool:
    return shown is Shown.ALL or state in SHOWN.get(shown, ())


def _name_months(first: Month, last: Month, chosen: Month | None) -> list[tuple[str, str]]:
    found = list(reversed(months_between(first, last)))
    return [(str(one), one.label) for one in [*found, *([chosen] if chosen and chosen not in found else [])]]


def ageing_tiles(found: Ageing, view: View, given: QueryDict) -> list[dict[str, Any]]:
    """Each opens its invoices; the one that is open already, all of them again."""
    return [
        {
            "label": LABELS[band],
            "rows": found.rows[band],
            "open": found.open[band],
            "is_here": band in view.bands,
            "is_late": band is not Band.NOT_DUE and found.rows[band] > 0,
            "url": "?" + query(given, age=None if band in view.bands else band.value, page=None),
        }
        for band in Band
    ]


def bulk_tools() -> list[dict[str, str]]:
    """The actions that several picked documents can have at once."""
    return [
        {"label": one.label, "url": reverse("actions:bulk", args=["invoice", one.verb_name])}
        for one in ACTIONS.values()
        if one.bulk and one.target_slug == "invoice"
    ]


def say_amounts(view: View) -> str:
    """Empty where none is asked for."""
    least = f"from {euros(view.least)}" if view.least is not None else ""
    most = f"up to {euros(view.most)}" if view.most is not None else ""
    return f"{least} {most}".strip()


def row(invoice: Invoice, today: date) -> dict[str, Any]:
    return {
        **describe_invoice(invoice, today),
        "days_over": count_days_over(invoice.due_on, today) if invoice.open > 0 and not invoice.corrects_id else 0,
        "e_invoice": _say_e_invoice(invoice),
        "url": reverse("panel:invoice", args=[invoice.public_id]),
        "menu_url": reverse("actions:menu", args=["invoice", invoice.public_id]),
    }


def _say_e_invoice(invoice: Invoice) -> str:
    handover = getattr(invoice, "handover", None)
    if handover is not None:
        return E_INVOICES[EInvoice(handover.state)]
    return E_INVOICES[EInvoice.MADE if invoice.e_invoice_id else EInvoice.BEING_MADE]

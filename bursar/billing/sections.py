"""Who pays, on the page of one account: for staff, and for its own people with billing rights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from bursar.actions.spec import Case
from bursar.billing import present, queries
from bursar.billing.models import Invoice
from bursar.billing.queries import documents
from bursar.billing.queries.ledger import list_own
from bursar.billing.seller import get_identity, seller_day
from bursar.billing.store.ledger import get_credit
from bursar.core.money import ZERO
from bursar.core.turning import turn
from bursar.ui.sections import Look, Section

SHOWN = 12
LEVERS = ("set_billing_details", "ask_vies", "accept_vat_id")


def _staff(look: Look) -> dict[str, Any]:
    case = Case(look.who, look.target, look.now)
    return {
        **present.describe(queries.get_details(look.target.pk), look.now),
        "levers": [
            (label, reverse("actions:dialog", args=["account", look.target.public_id, verb]))
            for verb, label in present.list_levers(case, LEVERS)
        ],
    }


def _own(look: Look) -> dict[str, Any]:
    """`who` is the customer's scope; the page is for people with billing rights alone."""
    args = ["account", look.target.public_id, "give_billing_details"]
    return {
        **present.describe(queries.get_details(look.target.pk), look.now),
        "change_url": reverse("actions:dialog", args=args, current_app="own_actions"),
        "seller": get_identity(),
    }


def _invoices(look: Look) -> dict[str, Any] | None:
    """For staff; nothing where none was issued."""
    return _turned(look, documents.list_invoices(look.target.pk), present.describe_invoice)


def _own_invoices(look: Look) -> dict[str, Any] | None:
    """For the account's own billing people."""
    found = _turned(look, list_own(look.target.pk), present.describe_own)
    return found and {**found, "payees": present.group_by_payee(found["invoices"])}


def _turned(
    look: Look, rows: QuerySet[Invoice], describe: Callable[[Invoice, date], dict[str, Any]]
) -> dict[str, Any] | None:
    part = turn(rows, "invoices", look.asked.get("invoices", ""), SHOWN)
    credit = get_credit(look.target)
    if not part.rows and not part.pager["previous"] and not credit:
        return None
    today = seller_day(look.now)
    found = [describe(row, today) for row in part.rows]
    return {"invoices": found, "pager": part.pager, "credit": max(credit, ZERO), "owed": max(-credit, ZERO)}


ACCOUNT_INVOICES = Section("invoices", "Invoices", "billing/_invoices.html", _invoices)
ACCOUNT_BILLING = Section("billing-details", "Billing details", "billing/_staff.html", _staff)
OWN_INVOICES = Section("invoices", "Invoices", "billing/_own_invoices.html", _own_invoices)
OWN_BILLING = Section("billing-details", "Billing details", "billing/_own.html", _own)

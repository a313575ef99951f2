"""Who pays, on the page of one account: for staff, and for its own people with billing rights."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from bursar.actions.spec import Case
from bursar.billing import present, queries
from bursar.billing.queries import documents
from bursar.billing.seller import get_identity, seller_day
from bursar.billing.store.ledger import get_credit
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
    """For staff and for the account's own billing people alike; nothing where none was issued."""
    part = turn(documents.list_invoices(look.target.pk), "invoices", look.asked.get("invoices", ""), SHOWN)
    if not part.rows and not part.pager["previous"]:
        return None
    today = seller_day(look.now)
    rows = [present.describe_invoice(row, today) for row in part.rows]
    return {"invoices": rows, "pager": part.pager, "credit": get_credit(look.target)}


ACCOUNT_INVOICES = Section("invoices", "Invoices", "billing/_invoices.html", _invoices)
ACCOUNT_BILLING = Section("billing-details", "Billing details", "billing/_staff.html", _staff)
OWN_BILLING = Section("billing-details", "Billing details", "billing/_own.html", _own)

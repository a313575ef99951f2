"""Who pays, on the page of one account: for staff, and for its own people with billing rights."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from bursar.actions.spec import Case
from bursar.billing import present, queries
from bursar.billing.seller import get_identity
from bursar.ui.sections import Look, Section

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


ACCOUNT_BILLING = Section("billing-details", "Billing details", "billing/_staff.html", _staff)
OWN_BILLING = Section("billing-details", "Billing details", "billing/_own.html", _own)

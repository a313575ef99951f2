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
from bursar.billing.store.ledger import get_credit, get_given_up
from bursar.core.money import ZERO
from bursar.core.turning import turn
from bursar.ui.sections import Look, Section

SHOWN = 12
OWED_LEVERS = ("mark_owed_paid", "write_off_owed")
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
    given_up, rows = get_given_up(look.target), documents.list_invoices(look.target.pk)
    found = _turned(look, rows, present.describe_invoice, has_more=bool(given_up))
    return found and {**_with_levers(look, found), "given_up": given_up}


def _own_invoices(look: Look) -> dict[str, Any] | None:
    """For the account's own billing people."""
    found = _turned(look, list_own(look.target.pk), present.describe_own)
    if found is None:
        return None
    payees = present.group_by_payee(found["invoices"])
    return {**found, "payees": payees, "transfer": present.say_how_to_pay_owed(look.target) if found["owed"] else None}


def _turned(
    look: Look,
    rows: QuerySet[Invoice],
    describe: Callable[[Invoice, date], dict[str, Any]],
    *,
    has_more: bool = False,
) -> dict[str, Any] | None:
    """None where there is neither a document nor a balance, nor more that is shown beside them."""
    part = turn(rows, "invoices", look.asked.get("invoices", ""), SHOWN)
    credit = get_credit(look.target)
    if not (part.rows or part.pager["previous"] or credit or has_more):
        return None
    today = seller_day(look.now)
    found = [describe(row, today) for row in part.rows]
    return {"invoices": found, "pager": part.pager, "credit": max(credit, ZERO), "owed": max(-credit, ZERO)}


def _with_levers(look: Look, found: dict[str, Any]) -> dict[str, Any]:
    """What stands beside the invoices, and what can be done about what is owed so."""
    account = look.target
    levers = present.list_levers(Case(look.who, account, look.now), OWED_LEVERS) if found["owed"] else []
    return {
        **found,
        "reference": present.say_how_to_pay_owed(account)["reference"] if found["owed"] else "",
        "levers": [
            (label, reverse("actions:dialog", args=["account", account.public_id, verb])) for verb, label in levers
        ],
    }


ACCOUNT_INVOICES = Section("invoices", "Invoices", "billing/_invoices.html", _invoices)
ACCOUNT_BILLING = Section("billing-details", "Billing details", "billing/_staff.html", _staff)
OWN_INVOICES = Section("invoices", "Invoices", "billing/_own_invoices.html", _own_invoices)
OWN_BILLING = Section("billing-details", "Billing details", "billing/_own.html", _own)

"""What stands on the pages of one account, one workspace, one organisation: a line for each part, in this order."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from bursar.approvals.sections import WAITING
from bursar.billing.invoice_sections import DOCUMENT, FILES, RELATED, SENT, STANDING
from bursar.billing.sections import ACCOUNT_BILLING, ACCOUNT_INVOICES
from bursar.panel import queries
from bursar.payments.sections import ACCOUNT_PAYMENTS, LINKS
from bursar.rollup import filters
from bursar.rollup.sections import ACCOUNT_MONTHS, PRICE, WORKSPACE_MONTHS
from bursar.support.sections import SUPPORT
from bursar.tenants.models import BillingAccount, Workspace
from bursar.training.sections import ORGANISATION_TRAINING, PERSON_LICENCES, WORKSPACE_TRAINING
from bursar.ui.sections import Look, Section
from bursar.usage.sections import WHO


def _inside(look: Look) -> Q:
    """Of memberships and invitations: those of the workspaces that are looked at."""
    if isinstance(look.target, Workspace):
        return Q(workspace=look.target)
    if isinstance(look.target, BillingAccount):
        return Q(workspace__account=look.target)
    return Q(workspace__organisation=look.target)


def _page(look: Look, name: str) -> int:
    return filters.read({"page": look.asked.get(name, "")}, look.now).page


def _people(look: Look) -> dict[str, Any]:
    page = _page(look, "people")
    people, count = queries.list_people(_inside(look), look.now, page)
    return {"people": people, "people_page": page, "people_more": page * queries.PEOPLE_SHOWN < count, "aside": count}


def _invited(look: Look) -> dict[str, Any] | None:
    page = _page(look, "invited")
    invited, count = queries.list_invited(_inside(look), look.now, page)
    if not count:
        return None
    return {
        "invited": invited,
        "invited_page": page,
        "invited_more": page * queries.PEOPLE_SHOWN < count,
        "is_of_several": not isinstance(look.target, Workspace),
        "aside": f"{count:,}, not billed",
    }


def _terms(look: Look) -> dict[str, Any]:
    terms = (
        queries.list_workspace_terms(look.target)
        if isinstance(look.target, Workspace)
        else queries.list_account_terms(look.target)
    )
    return {"terms": terms, "terms_shown": queries.TERMS_SHOWN}


PEOPLE = Section("people", "People and seats", "panel/_people.html", _people)
INVITED = Section("invited", "Invited", "panel/_invited.html", _invited)
TERMS = Section("terms", "Terms and their history", "panel/_terms.html", _terms)

ACCOUNT_SECTIONS = (
    WAITING, PRICE, ACCOUNT_PAYMENTS, ACCOUNT_INVOICES, LINKS, PEOPLE, INVITED, ACCOUNT_MONTHS, TERMS, ACCOUNT_BILLING,
    ORGANISATION_TRAINING,
)  # fmt: skip
WORKSPACE_SECTIONS = (WORKSPACE_MONTHS, WHO, PEOPLE, INVITED, SUPPORT, WORKSPACE_TRAINING, TERMS)
ORGANISATION_SECTIONS = (ORGANISATION_TRAINING, INVITED)
PERSON_SECTIONS = (PERSON_LICENCES,)
INVOICE_SECTIONS = (WAITING, STANDING, RELATED, FILES, LINKS, SENT, DOCUMENT)

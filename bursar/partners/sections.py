"""On the first page of a partner's people: what their organisation brought, and a new workspace for a client."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from bursar.billing.seller import seller_day
from bursar.partners.queries.ledger import list_owed, partners
from bursar.tenants.models import Organisation
from bursar.tenants.rules import BILLING
from bursar.tenants.scope import Scope
from bursar.ui.sections import Look, Section


def _list_partners(mine: Scope) -> list[Organisation]:
    """Where they may make workspaces, or see what is owed: also of one that is no partner any more."""
    return list(partners().filter(pk__in=_list_billing(mine)).order_by("sort_key", "pk"))


def _list_billing(mine: Scope) -> list[int]:
    return [one.pk for one in mine.organisations.values() if mine.above[one.pk] in BILLING]


def _own(look: Look) -> dict[str, Any]:
    mine: Scope = look.who
    partners = _list_partners(mine)
    owed = list_owed([one.pk for one in partners], seller_day(mine.now))
    return {"own_partners": [_place(mine, one, owed.get(one.pk)) for one in partners]}


def _place(mine: Scope, one: Organisation, owed: Any) -> dict[str, Any]:
    dialog = reverse(
        "actions:dialog", args=["organisation", one.public_id, "create_client_workspace"], current_app="own_actions"
    )
    return {"organisation": one, "owed": owed, "create_url": dialog if one.is_partner and mine.governs(one) else ""}


OWN_PARTNER = Section("partner", "", "partners/_own.html", _own, is_for=lambda look: bool(_list_billing(look.who)))

"""Requests as pages and programs show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from bursar.core.days import say_day
from bursar.plans.models import Cadence, DiscountKind, Tier
from bursar.plans.queries import load_catalogue
from bursar.plans.rules import describe_discount
from bursar.requests import rules
from bursar.requests.filters import KINDS, PAGE_SIZE, TABS, View
from bursar.requests.models import RequestState, UpgradeRequest
from bursar.tenants.models import Visibility

TONES = {"approved": "good", "denied": "bad"}


def row(request: UpgradeRequest, now: datetime) -> dict[str, Any]:
    """One line of the queue."""
    return {
        "request": request,
        "id": request.public_id,
        "kind": "ask" if request.is_ask else request.get_kind_display(),
        "from_tier": Tier(request.present_tier).label if request.present_tier else "",
        "tier": request.get_tier_display(),
        "billed": request.cadence if request.tier != Tier.FREE else "",
        "granted": say_grant(request) if request.state == RequestState.APPROVED else "",
        "is_changed": is_changed(request),
        "age": rules.age_words(now - request.requested_at),
        "tone": TONES.get(request.state, ""),
        "url": reverse("requests:request", args=[request.public_id]),
        "menu_url": reverse("actions:menu", args=["request", request.public_id]),
    }


def say_grant(request: UpgradeRequest) -> str:
    """ "Changemaker until 31 December 2026, −20 %" """
    until = f" until {say_day(request.granted_end_date)}" if request.granted_end_date else ""
    discount = f", −{request.granted_discount_percent} %" if request.granted_discount_kind else ""
    return f"{Tier(request.granted_tier).label}{until}{discount}"


def is_changed(request: UpgradeRequest) -> bool:
    """Whether the grant differs from the proposal."""
    return request.state == RequestState.APPROVED and any(line["differs"] for line in compare(request))


def compare(request: UpgradeRequest) -> list[dict[str, Any]]:
    """The proposal beside the grant, line by line; `granted` is empty while there is none."""
    has_grant = request.state == RequestState.APPROVED
    last_day = request.granted_end_date
    lines = []
    if request.makes_workspace:
        lines.append(("Name", request.name, request.granted_name))
        lines.append(
            ("Visibility", Visibility(request.visibility).label, _label(Visibility, request.granted_visibility))
        )
    lines.append(("Plan", Tier(request.tier).label, _label(Tier, request.granted_tier)))
    if request.tier != Tier.FREE or request.granted_tier not in ("", Tier.FREE):
        lines.append(("Billed", Cadence(request.cadence).label, _label(Cadence, request.granted_cadence)))
    if last_day:
        lines.append(("Until", "for good", say_day(last_day)))
    if request.granted_discount_kind:
        lines.append(("Discount", "none", _discount(request)))
    return [
        {"label": label, "asked": asked, "granted": given if has_grant else "", "differs": has_grant and asked != given}
        for label, asked, given in lines
    ]


def _label(choices: Any, value: str) -> str:
    return str(choices(value).label) if value else ""


def _discount(request: UpgradeRequest) -> str:
    kind = DiscountKind(request.granted_discount_kind).label
    return describe_discount(kind, request.granted_discount_percent or 0, request.granted_discount_end)


def entitlements(before: str, after: str, now: datetime) -> list[dict[str, Any]]:
    """Cap, recording and uploads on two tiers."""
    catalogue = load_catalogue()
    old, new = (rules.entitled(catalogue.at(tier, now)) for tier in (before, after))
    return [
        {"label": row.label, "before": row.before, "after": row.after, "differs": row.differs, "sentence": str(row)}
        for row in rules.compare(old, new)
    ]


def tabs(view: View, counts: dict[str, int], given: QueryDict) -> list[dict[str, Any]]:
    """Each state with its count under the present filters."""
    return [
        {
            "label": label,
            "count": sum(counts.get(state.value, 0) for state in states),
            "is_here": key == view.tab,
            "url": "?" + query(given, state=key, page=None),
        }
        for key, (label, states) in TABS.items()
    ]


def menus(view: View) -> list[dict[str, Any]]:
    """The filters beside the search field."""
    kinds = [{"value": key, "label": words, "selected": view.kind == key} for key, words in KINDS.items()]
    tiers = [{"value": key, "label": label, "selected": view.tier == key} for key, label in Tier.choices]
    return [
        {"name": "kind", "label": "Kind", "words": KINDS.get(view.kind, ""), "options": kinds},
        {"name": "tier", "label": "Asked for", "words": dict(Tier.choices).get(view.tier, ""), "options": tiers},
    ]


def pager(view: View, total: int, given: QueryDict) -> dict[str, Any]:
    first, last = (view.page - 1) * PAGE_SIZE + 1, min(view.page * PAGE_SIZE, total)
    return {
        "first": first if total else 0,
        "last": last,
        "total": total,
        "previous_url": "?" + query(given, page=view.page - 1) if view.page > 1 else "",
        "next_url": "?" + query(given, page=view.page + 1) if last < total else "",
    }


def query(given: QueryDict, **changes: Any) -> str:
    """The address's query with some values replaced; None drops one."""
    kept = {key: value for key, value in given.items() if value and key not in changes}
    return urlencode({**kept, **{key: value for key, value in changes.items() if value is not None}})

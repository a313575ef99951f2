"""Turns facts into what the templates show: words, links, no queries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from bursar.actions.registry import ACTIONS
from bursar.core.calendar import months_between
from bursar.plans.models import PaymentStatus, Tier
from bursar.rollup import filters, rules, words
from bursar.rollup.filters import DEFAULT_SORT, LOOKBACK, NOBODY, SORTS, STATUSES, View
from bursar.rollup.models import RevenueClass, WorkspaceMonth
from bursar.rollup.queries import NESTED_MORE, AccountLine, Totals, WorkspaceLine
from bursar.rollup.states import HOPED_FOR, Klass
from bursar.ui import lists
from bursar.ui.lists import menu, query

COLUMNS = (
    ("account", "Account", False),
    ("class", "Class", False),
    ("tier", "Tier", False),
    ("pays", "Pays", False),
    ("seats", "Seats", True),
    ("hours", "Hours", True),
    ("mrr", "MRR €", True),
    ("potential", "Potential €", True),
    ("contact", "Admin contact", False),
    ("manager", "Manager", False),
    ("payment", "Last payment €", False),
)


def only_month(view: View) -> str:
    return "" if view.is_current else f"month={view.month}"


def months(view: View, with_data: set[date], given: QueryDict) -> list[dict[str, Any]]:
    first = view.current.plus(-LOOKBACK)
    return [
        {
            "label": month.label,
            "url": "?" + query(given, month=None if month == view.current else month, page=None),
            "enabled": month.first in with_data or month == view.current,
            "current": month == view.month,
        }
        for month in reversed(months_between(first, view.current))
    ]


def headers(view: View, given: QueryDict) -> list[dict[str, Any]]:
    return lists.headers(COLUMNS, SORTS, view.sort, DEFAULT_SORT, given)


def columns(view: View) -> list[dict[str, Any]]:
    """Which columns can be hidden, and are."""
    labels = {key: label for key, label, _ in COLUMNS}
    return [{"key": key, "label": labels[key], "hidden": key in view.hidden} for key in filters.COLUMNS]


def filter_menus(view: View, given: QueryDict, managers: list[Any]) -> list[dict[str, Any]]:
    people = [(NOBODY, "nobody"), *[(m.public_id, str(m)) for m in managers]]
    return [
        menu("class", "Class", RevenueClass.choices, view.classes, given),
        menu("tier", "Tier", Tier.choices, view.tiers, given),
        menu("status", "Payment status", list(STATUSES.items()), view.statuses, given),
        menu("manager", "Account manager", people, view.managers, given),
        menu("partner", "Partner", [("yes", "partners"), ("no", "no partners")], (view.partner,), given, single=True),
    ]


def total_links(totals: Totals, given: QueryDict) -> dict[str, str]:
    """Every figure opens its accounts, within the filters that hold."""
    page = reverse("rollup:page")

    def link(**changes: Any) -> str:
        return f"{page}?{query(given, page=None, **changes)}"

    for row in totals.classes:
        row["url"] = link(**{"class": row["key"]})
    return {
        "paying": link(**{"class": Klass.PAYING}),
        "managed": link(**{"class": Klass.MANAGED}),
        "trial": link(**{"class": Klass.TRIAL}),
        "forecast": link(**{"class": [Klass.PAYING, *HOPED_FOR]}),
        "past_due": link(status=PaymentStatus.PAST_DUE.value),
    }


def rule(version: int) -> dict[str, Any]:
    """What stands beside the figures: by which version of the rules they are, in words."""
    return {"version": version, "sentence": rules.sentence_of(version)}


def bulk_tools() -> list[dict[str, str]]:
    """The actions that several picked rows can have at once."""
    return [
        {
            "kind": action.target_slug,
            "label": action.label,
            "url": reverse("actions:bulk", args=[action.target_slug, action.verb_name]),
        }
        for action in ACTIONS.values()
        if action.bulk and action.target_slug in ("account", "workspace")
    ]


def account_row(line: AccountLine, view: View, given: QueryDict) -> dict[str, Any]:
    fact, account = line.fact, line.fact.account
    at = view.month.last_instant if not view.is_current else fact.settled_at
    badge = words.badge(fact, max(at, fact.settled_at))
    address = reverse("rollup:row", args=[account.public_id])
    return {
        "id": account.public_id,
        "label": str(account),
        "scope": account.scope,
        "organisation": account.organisation,
        "klass": fact.klass,
        "klass_label": fact.get_klass_display(),
        "reason": words.explain(fact.reason),
        "badge": {"word": badge[0], "tone": badge[1]} if badge else None,
        "discount": words.discount(fact),
        "tier_label": line.tier_label,
        "others": line.others,
        "pays": words.pays(fact),
        "fact": fact,
        "ended": words.ended(fact),
        "contact": line.contacts[0] if line.contacts else None,
        "more_contacts": line.contacts[1:],
        "manager": line.manager,
        "last_payment": line.last_payment,
        "workspaces": [workspace_row(inner) for inner in line.workspaces],
        "more": line.more if view.nested else 0,
        "step": min(line.more, NESTED_MORE),
        "more_url": f"{address}?{query(given)}&shown={len(line.workspaces) + NESTED_MORE}",
        "url": f"{address}?{query(given)}" + (f"&shown={len(line.workspaces)}" if "shown" in given else ""),
        "seats_url": f"{reverse('rollup:seats', args=[account.public_id])}?{query(given)}",
        "menu_url": reverse("actions:menu", args=["account", account.public_id]),
    }


def _aside(fact: WorkspaceMonth) -> Iterator[str]:
    """For whom it is held, and how many of its people come from elsewhere."""
    if owner := fact.workspace.data_owner:
        yield f"for {owner.name}"
    for count, noun in ((fact.externals, "external"), (fact.observers, "observer")):
        if count:
            yield f"{count} {noun}{'' if count == 1 else 's'}"


def workspace_row(line: WorkspaceLine) -> dict[str, Any]:
    fact, workspace = line.fact, line.fact.workspace
    return {
        "id": workspace.public_id,
        "name": workspace.name,
        "kind": workspace.get_kind_display(),
        "visibility": workspace.get_visibility_display().removesuffix(" to organisation"),
        "aside": " · ".join(_aside(fact)),
        "tier_label": line.tier_label,
        "tier_from": Tier(fact.base_tier).label if fact.grant_until else "",
        "tier_ends_at": fact.grant_until,
        "discount": f"{fact.discount_percent} % off" if fact.discount_percent else "",
        "discount_words": words.discount(fact),
        "fact": fact,
        "ended": words.ended(fact),
        "standing": line.standing,
        "tone": {"ok": "", "approaching": "warn"}.get(line.standing.state.key, "bad"),
        "menu_url": reverse("actions:menu", args=["workspace", workspace.public_id]),
    }

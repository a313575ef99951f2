"""Turns facts into what the templates show: words, links, no queries."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from bursar.actions.registry import ACTIONS
from bursar.core.calendar import months_between
from bursar.core.hours import cap_hours, clock_hours, short_hours
from bursar.plans.models import PaymentStatus, Tier
from bursar.rollup import filters, rules, words
from bursar.rollup.filters import DEFAULT_SORT, LOOKBACK, NOBODY, SORTS, STATUSES, View
from bursar.rollup.models import RevenueClass
from bursar.rollup.queries.lines import NESTED_MORE, AccountLine, WorkspaceLine
from bursar.rollup.queries.totals import Totals
from bursar.rollup.states import HOPED_FOR, Klass
from bursar.tenants.models import Scope
from bursar.ui import lists
from bursar.ui.lists import Column, menu, query

# In the order of the cells of rollup/_account.html; at which width one leaves stands in css/rollup.css, by its place.
COLUMNS = (
    Column("account", "Account"),
    Column("class", "Class"),
    Column("tier", "Tier"),
    Column("pays", "Pays"),
    Column("seats", "Seats", is_numeric=True),
    Column("hours", "Hours", is_numeric=True),
    Column("mrr", "MRR €", is_numeric=True),
    Column("potential", "Potential €", is_numeric=True),
    Column("contact", "Admin contact"),
    Column("manager", "Manager"),
    Column("payment", "Last payment €"),
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
    labels = {key: label for key, label, *_ in COLUMNS}
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


@lru_cache(maxsize=50)
def _stem(name: str, *places: str) -> str:
    """What the addresses of one kind begin with: a page has hundreds, and a look into the URL table costs each time."""
    return reverse(name, args=[*places, "x"]).removesuffix("x")


def row_query(view: View) -> str:
    """What a row's own addresses ask: the month, and whether workspaces are shown. Filters do not matter there."""
    asked = {"month": "" if view.is_current else str(view.month), "workspaces": "" if view.nested else "hide"}
    known = urlencode({name: value for name, value in asked.items() if value})
    return f"?{known}" if known else ""


def account_row(line: AccountLine, view: View) -> dict[str, Any]:
    fact, account = line.fact, line.fact.account
    at = view.month.last_instant if not view.is_current else fact.settled_at
    badge = words.badge(fact, max(at, fact.settled_at))
    asked = row_query(view)
    is_alone = account.scope == Scope.WORKSPACE
    return {
        "id": account.public_id,
        "label": str(account),
        "page": _stem("panel:account") + account.public_id,
        "organisation": account.organisation,
        "aside": f"one workspace of {account.organisation.name}" if is_alone else "",
        "aside_url": _stem("panel:organisation") + account.organisation.public_id if is_alone else "",
        "klass": fact.klass,
        "klass_label": fact.get_klass_display(),
        "reason": words.explain(fact.reason),
        "badge": {"word": badge[0], "tone": badge[1]} if badge else None,
        "discount": words.discount(fact),
        "tier_label": "" if fact.fault else line.tier_label,
        "others": line.others,
        "pays": words.pays(fact),
        "is_pending": fact.status == PaymentStatus.PENDING,
        "fact": fact,
        "ended": words.ended(fact),
        "contact": line.contacts[0] if line.contacts else None,
        "manager": line.manager,
        "last_payment": line.last_payment,
        "workspaces": [workspace_row(inner) for inner in line.workspaces],
        "more": line.more if view.nested else 0,
        "step": min(line.more, NESTED_MORE),
        # told from the page's own address, fifty times: the page's weight is counted
        "more_url": f"rows/{account.public_id}{asked}{'&' if asked else '?'}shown={len(line.workspaces) + NESTED_MORE}",
        "seats_url": f"{_stem('rollup:seats')}{account.public_id}{asked}",
        "menu_url": _stem("actions:menu", "account") + account.public_id,
    }


def workspace_row(line: WorkspaceLine) -> dict[str, Any]:
    """Of a living one how full it is; of one that ended its hours alone."""
    fact, workspace, standing = line.fact, line.fact.workspace, line.standing
    row = {
        "id": workspace.public_id,
        "name": workspace.name,
        "page": _stem("panel:workspace") + workspace.public_id,
        "kind": words.kind_of(workspace),
        "tier_label": line.tier_label,
        "hours": f"{short_hours(fact.recorded_seconds)} h" if fact.recorded_seconds else "",
        "menu_url": _stem("actions:menu", "workspace") + workspace.public_id,
    }
    if not fact.is_live:
        return {**row, "ended": words.ended(fact)}
    is_capped = standing.cap is not None
    return {
        **row,
        "tier_ends_at": fact.grant_until,
        "tier_after": Tier(fact.base_tier).label if fact.grant_until else "",
        "discount": words.short_discount(fact) if fact.discount_percent else "",
        "discount_last_day": fact.discount_end_date,
        "seats": words.count(fact.seats, "seat"),
        "externals": words.from_elsewhere(fact),
        "state": standing.state.label,
        "tone": {"ok": "", "approaching": "warn"}.get(standing.state.key, "bad"),
        "filled": f"{standing.state.share / 100:g}" if is_capped else "",
        "counted": f"{clock_hours(standing.counted)} of {cap_hours(standing.cap or 0)}" if is_capped else "",
    }

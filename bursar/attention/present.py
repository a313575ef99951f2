"""Turns rows into what the templates show: words, links, no queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from bursar.access.actor import Actor
from bursar.actions.registry import ACTIONS
from bursar.attention import words
from bursar.attention.filters import TABS, Ask
from bursar.attention.queries import Counts, Kind, Line
from bursar.attention.reasons import REASONS
from bursar.plans.models import Tier
from bursar.rollup.filters import NOBODY
from bursar.rollup.words import explain
from bursar.staff.models import StaffMember
from bursar.ui import lists
from bursar.ui.lists import menu, query

PAGES = {"workspace": "page", "account": "accounts_page"}


def tabs(ask: Ask, workspaces: Counts, accounts: Counts, given: QueryDict) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "count": workspaces.of(key) + accounts.of(key),
            "here": key == ask.tab,
            "url": "?" + query(given, tab=key or None, page=None, accounts_page=None),
        }
        for key, label in TABS.items()
    ]


def filter_menus(ask: Ask, given: QueryDict, people: list[StaffMember], actor: Actor) -> list[dict[str, Any]]:
    me = [(actor.id, "me")] if actor.staff_id else []
    others = [(one.public_id, str(one)) for one in people if one.pk != actor.staff_id]
    owners = [(NOBODY, "nobody"), *me, *others]
    managers = [(NOBODY, "nobody"), *[(one.public_id, str(one)) for one in people]]
    return [
        _menu("reason", "Reason", [(key, reason.label) for key, reason in REASONS.items()], ask.reasons, given),
        _menu("owner", "Owner", owners, ask.owners, given),
        _menu("manager", "Account manager", managers, ask.managers, given),
        _menu("tier", "Tier", Tier.choices, ask.tiers, given),
    ]


def _menu(name: str, label: str, choices: Any, chosen: tuple[str, ...], given: QueryDict) -> dict[str, Any]:
    made = menu(name, label, choices, chosen, given)
    made["clear_url"] = "?" + query(given, **{name: None, "page": None, "accounts_page": None})
    return made


def reason_links(kind: Kind, counts: Counts, ask: Ask, given: QueryDict) -> list[dict[str, Any]]:
    """How many rows stand under each first reason; each figure opens them."""
    return [
        {
            "label": reason.label,
            "tone": reason.tone,
            "count": counts.tabs[ask.tab][reason.key],
            "url": "?" + query(given, reason=[reason.key], page=None, accounts_page=None),
        }
        for reason in kind.reasons
        if counts.tabs[ask.tab][reason.key]
    ]


def pager(kind: Kind, page: int, total: int, given: QueryDict) -> dict[str, Any]:
    return lists.pager(page, total, given, PAGES[kind.slug])


def bulk_tools(slug: str) -> list[dict[str, str]]:
    """What several picked rows can have at once here."""
    return [
        {
            "kind": slug,
            "label": action.label,
            "url": reverse("actions:bulk", args=[slug, action.verb_name]),
        }
        for action in ACTIONS.values()
        if action.bulk and action.target_slug == slug
    ]


def row_pattern(kind: Kind) -> str:
    """Where one row is fetched; the page's script puts its id for the star."""
    return reverse("attention:row", args=[kind.slug, "x"]).removesuffix("x") + "*"


def log_pattern(kind: Kind) -> str:
    """As `row_pattern`, where it is told that a prepared mail was opened."""
    return reverse("actions:dialog", args=[kind.slug, "x", "log_outreach"]).replace("/x/", "/*/")


def row(line: Line, actor: Actor, now: datetime) -> dict[str, Any]:
    slug, target_id = line.kind.slug, line.target.public_id
    mail = words.prepare(line, actor.name)

    def dialog(verb: str) -> str:
        return reverse("actions:dialog", args=[slug, target_id, verb])

    since = line.row.since if line.reason.lasts else None
    return {
        "id": target_id,
        "slug": slug,
        "label": str(line.target),
        "account": line.account,
        "line": line,
        "tier_label": line.tier_label,
        "since": since,
        "lasts": f"{line.reason.lasts} {words.span(since, now)}" if since else "",
        "drop": words.drop(line, now),
        "login": words.last_login(line.signal, now),
        "tone": line.reason.tone,
        "why_class": explain(line.fact.reason),
        "contact": line.contacts[0] if line.contacts else None,
        "more_contacts": line.contacts[1:],
        "mail": mail,
        "snoozed": words.snoozed(line),
        "take_url": dialog("take"),
        "snooze_url": dialog("snooze"),
        "send_url": dialog("send_outreach"),
        "side_url": reverse(f"panel:{slug}", args=[target_id]),
        "menu_url": reverse("actions:menu", args=[slug, target_id]),
    }

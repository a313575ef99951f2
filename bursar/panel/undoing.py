"""What can still be taken back, with all that one decides by: one place for the page, the API and the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from bursar.access.actor import Actor
from bursar.access.holders import Holders, explain_to, load_holders
from bursar.actions import menu, undo
from bursar.actions.models import UndoOffer
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.attention.words import span
from bursar.audit.models import AuditLine
from bursar.audit.pages import describe
from bursar.audit.queries import lines
from bursar.tenants.models import BillingAccount

PAGE_SIZE = 50
MOVED_ON = "What stands there changed since, and not by this action."


@dataclass(frozen=True)
class Offer:
    """`told`: the line of the book, its names put back. `left`: how long it can be taken back, in words. `why_not`:
    why not any more, or not by this reader; empty while they can. `account`, `account_url`: whose it is, unless the
    target is the account itself.
    """

    made: UndoOffer
    told: dict[str, Any]
    icon: str
    kind: str
    until: datetime
    left: str
    data: dict[str, Any]
    url: str
    target_url: str
    account: str
    account_url: str
    why_not: str

    @property
    def line(self) -> AuditLine:
        line: AuditLine = self.told["line"]
        return line


def list_page(found: QuerySet[UndoOffer], actor: Actor, now: datetime, size: int) -> tuple[list[Offer], int | None]:
    """The first so many, and the key before which the next page begins; None: there is none. Five statements, and one
    a kind of state that is compared, however many there are.
    """
    rows = list(found[: size + 1])
    shown = rows[:size]
    told = {line.public_id: describe(line) for line in lines().filter(public_id__in=[one.line_id for one in shown])}
    shown = [one for one in shown if one.line_id in told and one.of_key in ACTIONS and one.key in ACTIONS]
    overtaken = undo.find_overtaken(shown)
    newer = _describe_newer([line for line in overtaken.values() if line is not None])
    streams = {told[one.line_id]["line"].stream for one in shown}
    accounts = {a.public_id: str(a) for a in BillingAccount.objects.filter(public_id__in=streams).select_related(
        "organisation"
    )}  # fmt: skip
    offers, holders = [], cache(load_holders)
    for one in shown:
        why_not = _why_overtaken(one, overtaken[one.line_id], newer) if one.line_id in overtaken else ""
        offers.append(_offer(one, told[one.line_id], accounts, now, why_not or _why_not_theirs(one, actor, holders)))
    return offers, rows[size - 1].pk if len(rows) > size else None


def _offer(one: UndoOffer, told: dict[str, Any], accounts: dict[str, str], now: datetime, why_not: str) -> Offer:
    line, kind, until = told["line"], TARGETS[told["line"].target_kind], one.created_at + undo.OFFERED_FOR
    is_of_account = line.stream in accounts and line.stream != one.target_id
    return Offer(
        made=one,
        told=told,
        icon=ACTIONS[one.of_key].icon,
        kind=kind.label,
        until=until,
        left=span(now, until),
        data=undo.fill(one),
        url=menu.undo_url(one.key, one.target_id, one.line_id),
        target_url=reverse(kind.page, args=[one.target_id]) if kind.page else "",
        account=accounts[line.stream] if is_of_account else "",
        account_url=reverse("panel:account", args=[line.stream]) if is_of_account else "",
        why_not=why_not,
    )


def _describe_newer(found: Sequence[AuditLine]) -> dict[str, dict[str, Any]]:
    ids = {line.public_id for line in found}
    return {line.public_id: describe(line) for line in lines().filter(public_id__in=ids)} if ids else {}


def _why_overtaken(one: UndoOffer, newer: AuditLine | None, told: dict[str, dict[str, Any]]) -> str:
    if newer is None:
        return MOVED_ON
    who = told[newer.public_id]["actor"] or "somebody"
    if one.line_id in newer.touches:
        return f"Taken back by {who}."
    return f"“{newer.label}” was done there since, by {who}."


def _why_not_theirs(one: UndoOffer, actor: Actor, holders: Callable[[], Holders]) -> str:
    right = ACTIONS[one.key].permission
    return "" if right is None or actor.can(right) else explain_to(actor, right, load=holders)

"""Requests in the story of whom they are about: when they were asked, and when they were decided."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet
from django.urls import reverse

from bursar.core.days import say_day
from bursar.plans.models import Cadence, Tier
from bursar.requests import present
from bursar.requests.models import RequestState, UpgradeRequest
from bursar.tenants.story import of_asker
from bursar.ui.story import Ask, Bound, Entry, Kind, Source

ASKED = frozenset({"requests.workspace.ask_upgrade", "requests.organisation.ask_workspace"})
DECIDED = frozenset(f"requests.request.{verb}" for verb in ("approve", "deny", "close_as_done", "withdraw", "give_way"))


def _rows(ask: Ask) -> QuerySet[UpgradeRequest]:
    named = ("workspace", "requester", "decided_by__user", "closed_by")
    return UpgradeRequest.objects.filter(of_asker(ask.look.target)).select_related(*named)


def _asked(ask: Ask, bound: Bound) -> Iterator[Entry]:
    for row in bound.cut(_rows(ask), "requested_at"):
        waits = row.is_pending
        yield Entry(
            row.requested_at,
            row.pk,
            f"Asked {'their own people for' if row.is_ask else 'for'} {_wish(row)}",
            where=_where(row, ask),
            url=_url(row),
            body=row.message,
            state=row.get_state_display() if waits else "",
            tone="warn" if waits else "",
            by=row.requester.name,
            subject=row.public_id,
        )


def _wish(row: UpgradeRequest) -> str:
    """ "Changemaker, billed yearly", "the new workspace “Raad” on Free" """
    billed = f", billed {Cadence(row.cadence).label.lower()}" if row.tier != Tier.FREE else ""
    plan = f"{row.get_tier_display()}{billed}"
    return f"the new workspace “{row.name}” on {plan}" if row.makes_workspace else plan


def _decided(ask: Ask, bound: Bound) -> Iterator[Entry]:
    for row in bound.cut(_rows(ask).exclude(decided_at=None), "decided_at"):
        yield Entry(
            row.decided_at,  # type: ignore[arg-type]  # not among those without it
            row.pk,
            f"Request of {say_day(row.requested_at)} {row.get_state_display()}{_grant(row)}",
            where=_where(row, ask),
            url=_url(row),
            state="changed" if present.is_changed(row) else "",
            by=str(row.decided_by or row.closed_by or ""),
            message=row.note,
            subject=row.public_id,
        )


def _grant(row: UpgradeRequest) -> str:
    return f": {present.say_grant(row)}" if row.state == RequestState.APPROVED else f": {_wish(row)}"


def _where(row: UpgradeRequest, ask: Ask) -> str:
    return row.workspace.name if row.workspace and row.workspace != ask.look.target else ""


def _url(row: UpgradeRequest) -> str:
    return reverse("requests:request", args=[row.public_id])


REQUESTS = Kind(
    "requests",
    "Requests",
    "message-question",
    "Nobody asked for anything yet.",
    (Source("decided", _decided, DECIDED), Source("asked", _asked, ASKED)),
)

"""Lines of the book as people read them, and the timeline of one thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bursar.access.actor import ActorKind
from bursar.audit import queries
from bursar.audit.models import AuditLine
from bursar.audit.rules import spoke_of_money

PAGE_SIZE = 50
TIMELINE_SIZE = 30


Say = Callable[[str, str], str]
"""How a name is said, from its reference and itself."""


def _bare(reference: str, name: str) -> str:
    return name


def describe(line: AuditLine, say: Say = _bare) -> dict[str, Any]:
    """A line with its names put back; an erased name reads “erased”."""
    names = {row.slot: say(row.reference, row.text) or "erased" for row in line.name_rows.all()}
    changes = [
        {
            "label": names.get(f"{place}:who", change["label"]),
            "before": names.get(f"{place}:before", change["before"]),
            "after": names.get(f"{place}:after", change["after"]),
            "private": change["private"],
            "concerns_money": change.get("concerns_money", False),
        }
        for place, change in enumerate(line.changes)
    ]
    return {"line": line, "actor": names.get("actor", ""), "target": names.get("target", ""), "changes": changes}


def customer_version(line: AuditLine, reader_id: str = "", sees_money: bool = True, say: Say = _bare) -> dict[str, Any]:
    """A line as customers read it (DOMAIN 12): no reason, no staff member, no private change.

    What customers did themselves names them; `reader_id`, the public id of who reads, turns that into “you”. Without
    billing rights (`sees_money`) nothing that others did speaks of money.
    """
    told = describe(line, say)
    by = f"the {settings.BURSAR_COMPANY_NAME} team"
    if line.actor_kind == ActorKind.CUSTOMER:
        by = "you" if line.actor_id == reader_id else told["actor"]
    changes, message = [change for change in told["changes"] if not change["private"]], line.message
    if not sees_money and by != "you":
        changes = [change for change in changes if not _is_about_money(line, change)]
        message = "" if _is_for_billing(line) else message
    return {
        "label": line.label,
        "at": line.at,
        "target": told["target"],
        "target_id": line.target_id,
        "changes": changes,
        "message": message,
        "by": by,
        "is_own": by == "you",
    }


def _is_about_money(line: AuditLine, change: dict[str, Any]) -> bool:
    if line.format == 1:
        return spoke_of_money(*(str(change[name]) for name in ("label", "before", "after")))
    return bool(line.concerns_money or change["concerns_money"])


def _is_for_billing(line: AuditLine) -> bool:
    if line.format == 1:
        return spoke_of_money(line.message)
    return bool(line.concerns_money or line.message_for_billing)


@require_GET
def show_timeline(request: HttpRequest, public_id: str) -> HttpResponse:
    lines = list(queries.list_timeline(public_id)[:TIMELINE_SIZE])
    context = {"lines": [describe(line) for line in lines], "public_id": public_id}
    return render(request, "audit/timeline.html", context)

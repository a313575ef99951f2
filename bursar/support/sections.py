"""Support access on the page of one workspace: for its own people, and for colleagues."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from bursar.actions.spec import Case
from bursar.core.errors import BadRequest
from bursar.support import present
from bursar.support.actions.shared import standing_of
from bursar.tenants.scope import Scope
from bursar.ui.sections import Look, Section

PAGE = "support_page"


def _page(look: Look) -> int:
    text = look.asked.get(PAGE, "1")
    if not (text.isascii() and text.isdigit() and int(text[:6]) > 0 and len(text) < 6):
        raise BadRequest("This page address is broken. Open the page from its start.")
    return int(text)


def _own(look: Look) -> dict[str, Any]:
    """`who` is the customer's scope."""
    mine: Scope = look.who
    case = Case(mine.actor, look.target, look.now)
    standing = standing_of(case)
    return {
        "standing": standing,
        "levers": present.list_levers(case, "turn_on", "turn_off", is_own=True),
        "sessions": [
            (one, present.list_levers(case, "end_session", is_own=True, session=one.public_id))
            for one in standing.sessions
        ],
        "pending": [
            (one, present.list_levers(case, "approve", "deny", is_own=True, request=one.public_id))
            for one in standing.pending
        ],
        "governs": mine.sight(look.target).governs,
        "hours": settings.BURSAR_SUPPORT_HOURS,
        "page_name": PAGE,
        **present.list_steps(case, _page(look)),
    }


def _staff(look: Look) -> dict[str, Any]:
    case = Case(look.who, look.target, look.now)
    standing = standing_of(case)
    mine = standing.session_of(look.who.staff_id)
    return {
        "standing": standing,
        "mine": mine,
        "visit_url": reverse("visits:workspace", args=[look.target.public_id]) if mine else "",
        "levers": present.list_levers(case, "join", "ask", "extend", "leave", "withdraw"),
    }


OWN_SUPPORT = Section(
    "support", "Support access", "support/_own.html", _own, lambda look: look.who.sight(look.target).sees_people
)
SUPPORT = Section("support", "Support access", "support/_staff.html", _staff)

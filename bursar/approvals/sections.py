"""What waits for a second person, on the page of the account or of the thing that it is about."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from bursar.approvals import queries
from bursar.approvals.actions import say_what
from bursar.ui.sections import Look, Section


def _waiting(look: Look) -> dict[str, Any] | None:
    rows = queries.list_about(look.who, look.target)
    waiting = [
        {"row": row, "what": say_what(row), "url": reverse("approvals:approval", args=[row.public_id])} for row in rows
    ]
    return {"waiting": waiting} if waiting else None


WAITING = Section("waiting", "Waits for a second person", "approvals/_waiting.html", _waiting)

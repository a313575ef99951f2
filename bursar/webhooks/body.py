"""What a message says: rendered once, stored as text, so that every try and every replay is the same bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bursar.audit.models import AuditLine
from bursar.webhooks.events import EVENTS, TEST
from bursar.webhooks.queries import get_concern


def make_body(event: str, line: AuditLine, returned: dict[str, Any]) -> str:
    """No reason, no colleague, no person's name, no private change; of what the verb returned, the documented part.

    A message that is for billing people only stays out: the product shows its events to whom it likes.
    """
    concern = get_concern(line)
    data = {
        "id": line.public_id,
        "account": concern.account,
        "organisation": concern.organisation,
        "workspaces": concern.workspaces,
        "changes": [_change(change) for change in line.changes if not change["private"]],
        "details": {name: returned[name] for name in EVENTS[event].details if name in returned},
        "message": "" if line.message_for_billing else line.message,
    }
    return _dump(event, line.at, data)


def make_test_body(now: datetime) -> str:
    nobody: dict[str, Any] = {"account": None, "organisation": None, "workspaces": [], "changes": [], "details": {}}
    return _dump(TEST, now, {"id": "", **nobody, "message": ""})


def _change(change: dict[str, Any]) -> dict[str, str]:
    """A person's name is not in the line itself, so its place is empty here."""
    return {name: change[name] for name in ("label", "before", "after")}


def _dump(event: str, at: datetime, data: dict[str, Any]) -> str:
    timestamp = at.astimezone(UTC).isoformat()
    return json.dumps({"type": event, "timestamp": timestamp, "data": data}, ensure_ascii=False, separators=(",", ":"))

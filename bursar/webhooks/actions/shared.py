"""What the verbs of the outgoing webhooks share."""

from __future__ import annotations

from bursar.actions.registry import declaration_check
from bursar.actions.spec import Action, Case
from bursar.webhooks.events import EVENTS


@declaration_check("webhooks.events")
def list_undescribed(action: Action) -> list[str]:
    """What nobody described, nobody could receive."""
    names = {action.event, *action.events} - {""}
    return [f"sends the event {name}, which no `webhook_events.py` describes" for name in sorted(names - EVENTS.keys())]


def why_gone(case: Case) -> str | None:
    return "The endpoint was deleted; its log stays." if case.target.deleted_at is not None else None


def say_messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"

"""What the verbs of the outgoing webhooks share."""

from __future__ import annotations

from bursar.actions.spec import Case


def why_gone(case: Case) -> str | None:
    return "The endpoint was deleted; its log stays." if case.target.deleted_at is not None else None


def say_messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"

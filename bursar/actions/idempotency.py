"""A repeated submit has one effect: the same key and body get the first outcome, another body is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.fields.json import KT

from bursar.access.actor import Actor
from bursar.actions.models import IdempotencyKey
from bursar.actions.request import Request
from bursar.actions.spec import Change, Outcome, Undo
from bursar.audit.links import refers_to_lines
from bursar.core import naming
from bursar.core.errors import Invalid

KEPT_FOR = timedelta(days=30)
SHOWN_ONCE = "What came of it was shown once, and is kept nowhere. Whoever lost it makes a new one."
refers_to_lines(
    "kept outcomes",
    lambda: IdempotencyKey.objects.annotate(book_line=KT("outcome__line_id")).filter(book_line__gt=""),
)


def digest_of(request: Request) -> str:
    """Of what is asked, so that another body under the same key can be told."""
    asked = [request.action.key, request.target_id, dict(request.data), request.reason, request.message]
    seldom = [one for one in (request.message_for_billing, request.undoes) if one]
    body = json.dumps([*asked, *seldom], sort_keys=True, default=str)
    return hashlib.sha256(body.encode()).hexdigest()


def find(actor: Actor, key: str, digest: str) -> Outcome | None:
    """The first outcome under this key; None when there is none yet. Raises Invalid for another body."""
    row = IdempotencyKey.objects.filter(actor_id=actor.id, key=key).first()
    if row is None or row.outcome is None:
        return None
    if row.digest != digest:
        raise Invalid("This idempotency key was used before, with other data. Take a new key for a new request.")
    return _without_secret(_read(row.outcome))


def _without_secret(first: Outcome) -> Outcome:
    """A repeated request must not be told again what was to be seen once: it hears so."""
    if first.secret_was_shown:
        first.sentence += f" {SHOWN_ONCE}"
    return first


def claim(actor: Actor, key: str, digest: str, now: datetime) -> Outcome | None:
    """Takes the key inside the action's transaction. Waits for one in flight, then answers as it did."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO actions_idempotencykey (actor_id, key, digest, created_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (actor_id, key) DO NOTHING",
            [actor.id, key, digest, now],
        )
        if cursor.rowcount == 1:
            return None
    return find(actor, key, digest)


def keep(actor: Actor, key: str, outcome: Outcome) -> None:
    """The outcome without its names: whoever is erased meanwhile is not named when it is answered again."""
    stored = {**asdict(outcome), "touched": {}, "secret": "", "outgoing": [], "secret_was_shown": True}
    if not outcome.secret:
        del stored["secret_was_shown"]  # so that the release before reads all others
    if not outcome.next:
        del stored["next"]
    if not outcome.waits:
        del stored["waits"]
    for name in ("changes", "effects"):
        stored[name] = [_with_places(change) for change in stored[name]]
    IdempotencyKey.objects.filter(actor_id=actor.id, key=key).update(outcome=naming.keep(stored))


def _with_places(change: dict[str, Any]) -> dict[str, Any]:
    sides = {side: naming.say(change[f"{side}_ref"], change[side]) for side in ("before", "after", "who")}
    return {**change, **sides}


def list_old(now: datetime) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(created_at__lt=now - KEPT_FOR)


def _read(kept: dict[str, Any]) -> Outcome:
    stored = naming.read(kept)
    changes = {name: [Change(**change) for change in stored[name]] for name in ("changes", "effects")}
    undo = Undo(**stored["undo"]) if stored.get("undo") else None
    return Outcome(**{**stored, **changes, "undo": undo})

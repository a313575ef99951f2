"""The same action on many targets: one transaction each, one group in the book, a result per row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from procrastinate.contrib.django import app

from bursar.access import carried
from bursar.access.actor import Actor
from bursar.actions.checks import check_confirmed, check_reason
from bursar.actions.models import BulkResult, BulkRun, BulkState
from bursar.actions.registry import ACTIONS
from bursar.actions.request import Request
from bursar.actions.run import run
from bursar.core import clock
from bursar.core.errors import Forbidden, Invalid, NotFound, Refusal, Refused
from bursar.core.ids import is_public_id
from bursar.core.text import why_not_keep_within

AT_ONCE = 20
AT_MOST = 5000


@dataclass(frozen=True)
class Row:
    target_id: str
    status: int
    sentence: str


def start(
    key: str,
    actor: Actor,
    target_ids: list[str],
    data: Mapping[str, Any],
    reason: str = "",
    message: str = "",
    message_for_billing: bool = False,
) -> BulkRun:
    """Up to 20 targets are done before this returns; more go to the worker, row by row."""
    check_right(key, actor)
    unique = check_ids(target_ids)
    check_reason(Request(ACTIONS[key], actor, "", data, reason, message, message_for_billing=message_for_billing))
    unfit = {name: [f"This {why}."] for name, value in data.items() if (why := why_not_keep_within([name, value]))}
    if unfit:
        raise Invalid(fields=unfit)
    made = BulkRun.objects.create(
        action_key=key,
        actor=actor.reference(),
        target_ids=unique,
        data=dict(data),
        reason=reason,
        message=message,
        message_for_billing=message_for_billing,
        created_at=clock.now(),
    )
    if len(unique) <= AT_ONCE:
        resume(made)
    else:
        app.configure_task("actions.resume_bulk").defer(run_id=made.public_id)
    return made


def check_ids(target_ids: list[str]) -> list[str]:
    """Each once, in their order. Raises Invalid for none, for too many, and for what cannot be an id."""
    unique = list(dict.fromkeys(target_ids))
    if not 0 < len(unique) <= AT_MOST:
        raise Invalid(f"Choose between 1 and {AT_MOST:,} rows.", {"ids": [f"{len(unique):,} chosen."]})
    odd = sum(not is_public_id(one) for one in unique)
    if odd:
        words = f"{odd:,} of {len(unique):,} are no ids."
        raise Invalid("Nothing was done: some of these are no ids.", {"ids": [words]})
    return unique


def check_right(key: str, actor: Actor) -> None:
    """Before form and rows are looked at, and before each row. Raises NotFound, Forbidden, Refused or Unconfirmed."""
    if key not in ACTIONS:
        raise NotFound(f"There is no action “{key}”.")
    if not actor.can(ACTIONS[key].permission):
        raise Forbidden(ACTIONS[key].explain_missing_right())
    if not ACTIONS[key].bulk:
        raise Refused(f"“{ACTIONS[key].title}” is done to one at a time, and not to many at once.")
    check_confirmed(ACTIONS[key], actor, clock.now())


def resume(bulk: BulkRun) -> None:
    """Does what is left. Killed at any moment and called again, no row is done twice: each has its own key."""
    done = set(bulk.results.values_list("target_id", flat=True))
    for target_id in bulk.target_ids:
        if target_id not in done:
            row = _one(bulk, target_id)
            BulkResult.objects.get_or_create(
                run=bulk, target_id=row.target_id, defaults={"status": row.status, "sentence": row.sentence}
            )
    BulkRun.objects.filter(pk=bulk.pk).update(state=BulkState.DONE)
    bulk.state = BulkState.DONE


def _one(bulk: BulkRun, target_id: str) -> Row:
    """As whoever began it, with what still holds of them now."""
    try:
        actor = carried.load(bulk.actor)
        check_right(bulk.action_key, actor)
        outcome = run(
            bulk.action_key,
            actor,
            target_id,
            bulk.data,
            reason=bulk.reason,
            message=bulk.message,
            message_for_billing=bulk.message_for_billing,
            idempotency_key=f"{bulk.public_id}:{target_id}",
            group=bulk.public_id,
        )
    except Refusal as refusal:
        faults = " ".join(text for texts in getattr(refusal, "fields", {}).values() for text in texts)
        return Row(target_id, refusal.status, faults or refusal.sentence)
    return Row(target_id, 200, outcome.sentence)


def resume_as_stored(run_id: str) -> None:
    """For the worker."""
    resume(BulkRun.objects.get(public_id=run_id))


def list_unfinished(before: datetime) -> list[str]:
    return list(
        BulkRun.objects.filter(state=BulkState.RUNNING, created_at__lt=before).values_list("public_id", flat=True)
    )

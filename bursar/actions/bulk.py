"""The same action on many targets: one transaction each, one group in the book, a result per row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError

from bursar.access import carried
from bursar.access.actor import Actor, system
from bursar.access.holders import explain_to
from bursar.actions import runs, undo
from bursar.actions.checks import check_confirmed, check_reason
from bursar.actions.models import BulkRun
from bursar.actions.registry import ACTIONS
from bursar.actions.request import Request
from bursar.actions.run import run
from bursar.core import clock, naming
from bursar.core.errors import Forbidden, Invalid, NotFound, Refusal, Refused
from bursar.core.ids import is_public_id
from bursar.core.text import why_not_keep_within

AT_ONCE = 20
AT_MOST = 5000
HICCUPS = (OperationalError, InterfaceError)
BROKE = "Something broke on our side, and nothing of this row was done. The log says what."
log = structlog.get_logger()


@dataclass(frozen=True)
class Row:
    """What came of one target."""

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
    idempotency_key: str = "",
) -> BulkRun:
    """Up to 20 targets are done before this returns; more go to the worker, row by row.

    The same key and body get the first run, as far as it is; what a killed process leaves the worker goes on with.
    """
    check_right(key, actor)
    unique = check_ids(target_ids)
    asked = Request(
        ACTIONS[key], actor, f"bulk {' '.join(unique)}", data, reason, message, idempotency_key,
        message_for_billing=message_for_billing,
    )  # fmt: skip
    check_reason(asked)
    unfit = {name: [f"This {why}."] for name, value in data.items() if (why := why_not_keep_within([name, value]))}
    if unfit:
        raise Invalid(fields=unfit)
    is_small = len(unique) <= AT_ONCE
    made, is_new = runs.begin(asked, unique, clock.now(), by_worker=not is_small)
    if is_small and is_new:
        try:
            resume(made)
        except HICCUPS as error:
            log.warning("bulk_left_to_the_worker", run=made.public_id, why=str(error))
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
    right = ACTIONS[key].permission
    if right is not None and not actor.can(right):
        raise Forbidden(explain_to(actor, right))
    if not ACTIONS[key].bulk:
        raise Refused(f"“{ACTIONS[key].title}” is done to one at a time, and not to many at once.")
    check_confirmed(ACTIONS[key], actor, clock.now())


def resume(bulk: BulkRun) -> None:
    """Does what is left. Killed at any moment and called again, no row is done twice: each has its own key.

    Raises when the database goes away: whether the row in hand has happened is found out when it is asked again.
    """
    done = set(bulk.results.values_list("target_id", flat=True))
    for target_id in bulk.target_ids:
        if target_id not in done:
            row = _one(bulk, target_id)
            if not runs.note(bulk, row.target_id, row.status, row.sentence, clock.now()):
                break
    else:
        runs.finish(bulk)


def _one(bulk: BulkRun, target_id: str) -> Row:
    """As whoever began it, with what still holds of them now."""
    try:
        actor = carried.load(bulk.actor)
        check_right(bulk.action_key, actor)
        key, data, line = _what_to_do(bulk, target_id)
        outcome = run(
            key,
            actor,
            target_id,
            data,
            undoes=line,
            reason=bulk.reason,
            message=bulk.message,
            message_for_billing=bulk.message_for_billing,
            idempotency_key=f"{bulk.public_id}:{target_id}",
            group=bulk.public_id,
        )
    except HICCUPS:
        raise
    except Refusal as refusal:
        faults = " ".join(text for texts in getattr(refusal, "fields", {}).values() for text in texts)
        return Row(target_id, refusal.status, naming.keep(faults or refusal.sentence))
    except Exception:  # a fault in one row must not stop those behind it
        log.exception("bulk_row_failed", run=bulk.public_id, target=target_id)
        return Row(target_id, 500, BROKE)
    return Row(target_id, 200, naming.keep(outcome.sentence))


def _what_to_do(bulk: BulkRun, target_id: str) -> tuple[str, Mapping[str, Any], str]:
    """The action's key, its data, and the line that it takes back. Raises Refused where there is none to take back."""
    if not bulk.undoes:
        return bulk.action_key, bulk.data, ""
    made = undo.find_offer_of(bulk.undoes, target_id)
    if made is None:
        raise Refused("Nothing was done to this row that can be taken back.")
    return made.key, undo.fill(made), made.line_id


def list_rows(bulk: BulkRun) -> list[Row]:
    """What came of each target so far, in the order of the work, with people's names of today."""
    rows = list(bulk.results.order_by("id"))
    sentences = naming.read([row.sentence for row in rows])
    return [Row(row.target_id, row.status, said) for row, said in zip(rows, sentences, strict=True)]


def resume_as_stored(run_id: str) -> None:
    """For the worker. What it does not finish is gone on with later, a few times."""
    bulk = runs.pick_up(run_id, clock.now())
    if bulk is None:
        return
    resume(bulk)


def go_on_with_what_was_left(now: datetime) -> None:
    """Each minute: runs whose process was killed, or for whom the database was away."""
    for bulk in runs.list_left(now):
        try:
            _go_on_or_halt(bulk, now)
        except Exception:  # one bad run stops no other
            log.exception("bulk_left_as_it_is", run=bulk.public_id)


def _go_on_or_halt(bulk: BulkRun, now: datetime) -> None:
    why = runs.why_halt(bulk, now)
    if why is None:
        runs.enqueue(bulk.public_id)
    else:
        _halt(bulk, why)


def _halt(bulk: BulkRun, why: str) -> None:
    """It may have got further, or been stopped, in this very moment."""
    try:
        run("actions.bulk_run.halt", system("bulk"), bulk.public_id, {"why": why})
    except Refusal:
        return

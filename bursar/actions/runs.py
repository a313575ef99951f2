"""Bulk runs as rows: begun once a key, worked on, left behind, halted, gone on with, stopped."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from bursar.access.actor import Actor
from bursar.access.rights import Right
from bursar.actions import idempotency
from bursar.actions.models import BulkResult, BulkRun, BulkState
from bursar.actions.request import Request
from bursar.actions.spec import Outcome
from bursar.core.errors import NotFound
from bursar.core.retention import no_longer_kept

TRIES = 5
LEFT_AFTER = timedelta(minutes=2)
WATCHED = 5  # priority of its job: somebody looks at how far it is, while deliveries have time
FORGOTTEN_AFTER = timedelta(days=1)
"""What people wanted yesterday they may not want today: it goes on when somebody says so."""


def begin(asked: Request, target_ids: Sequence[str], now: datetime, *, by_worker: bool) -> tuple[BulkRun, bool]:
    """The run, and whether it is new: the same idempotency key and body get the first one. Raises Invalid otherwise.

    `asked.target_id` says all of the targets. The worker's job is written with the run, or neither.
    """
    key = asked.idempotency_key
    with transaction.atomic():
        first = idempotency.claim(asked.actor, key, idempotency.digest_of(asked), now) if key else None
        if first is not None:
            return _known(first), False
        made = BulkRun.objects.create(
            action_key=asked.action.key,
            actor=asked.actor.reference(),
            target_ids=list(target_ids),
            data=dict(asked.data),
            reason=asked.reason,
            message=asked.message,
            message_for_billing=asked.message_for_billing,
            created_at=now,
            worked_at=now,
        )
        if key:
            idempotency.keep(asked.actor, key, Outcome("Begun.", data={"run": made.public_id}))
        if by_worker:
            enqueue(made.public_id)
    return made, True


def take_back(bulk: BulkRun, actor: Actor, reason: str, now: datetime) -> BulkRun:
    """A run that takes `bulk` back, row by row; the worker does it. Written with the caller's transaction."""
    done = bulk.results.filter(status=200).order_by("id").values_list("target_id", flat=True)
    made = BulkRun.objects.create(
        action_key=bulk.action_key,
        actor=actor.reference(),
        target_ids=list(done),
        data={},
        reason=reason,
        undoes=bulk.public_id,
        created_at=now,
        worked_at=now,
    )
    enqueue(made.public_id)
    return made


def is_taken_back(bulk: BulkRun) -> bool:
    return BulkRun.objects.filter(undoes=bulk.public_id).exists()


def _known(first: Outcome) -> BulkRun:
    known = BulkRun.objects.filter(public_id=first.data["run"]).first()
    if known is None:
        raise no_longer_kept()
    return known


def fetch(actor: Actor, public_id: str) -> BulkRun:
    """Any colleague's: whoever may act stops what is a mistake. It goes on with the rights of whoever began it."""
    found = BulkRun.objects.filter(public_id=public_id).first()
    if found is None or not actor.all_accounts:
        raise NotFound
    return found


def get_run(actor: Actor, public_id: str) -> BulkRun:
    """To look at: one's own; whoever manages staff sees every one."""
    found = fetch(actor, public_id)
    if found.actor.get("id") != actor.id and not actor.can(Right.MANAGE_STAFF):
        raise NotFound
    return found


def enqueue(run_id: str) -> None:
    """For the worker; one job of a run waits at most, and none runs beside another."""
    name = f"bulk:{run_id}"
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task("actions.resume_bulk", lock=name, queueing_lock=name, priority=WATCHED).defer(run_id=run_id)


def list_left(now: datetime) -> list[BulkRun]:
    """Runs that nobody has worked on for a while: their process was killed, or the database was away."""
    return list(BulkRun.objects.filter(state=BulkState.RUNNING, worked_at__lt=now - LEFT_AFTER).order_by("id"))


def pick_up(run_id: str, now: datetime) -> BulkRun | None:
    """Counts a try. None when there is nothing to go on with."""
    running = BulkRun.objects.filter(public_id=run_id, state=BulkState.RUNNING)
    return BulkRun.objects.get(public_id=run_id) if running.update(tries=F("tries") + 1, worked_at=now) else None


def note(bulk: BulkRun, target_id: str, status: int, sentence: str, now: datetime) -> bool:
    """Keeps what came of a row; with it the run has got further. False when somebody stopped it meanwhile."""
    with transaction.atomic():
        BulkResult.objects.get_or_create(
            run=bulk, target_id=target_id, defaults={"status": status, "sentence": sentence}
        )
        running = BulkRun.objects.filter(pk=bulk.pk, state=BulkState.RUNNING)
        return bool(running.update(tries=0, worked_at=now))


def finish(bulk: BulkRun) -> None:
    BulkRun.objects.filter(pk=bulk.pk, state=BulkState.RUNNING).update(state=BulkState.DONE)
    bulk.refresh_from_db(fields=["state"])


def halt(bulk: BulkRun, why: str) -> None:
    BulkRun.objects.filter(pk=bulk.pk).update(state=BulkState.HALTED, fault=why)


def go_on(bulk: BulkRun, now: datetime) -> None:
    BulkRun.objects.filter(pk=bulk.pk).update(state=BulkState.RUNNING, tries=0, fault="", worked_at=now)
    enqueue(bulk.public_id)


def stop(bulk: BulkRun) -> None:
    BulkRun.objects.filter(pk=bulk.pk).update(state=BulkState.STOPPED)


def why_halt(bulk: BulkRun, now: datetime) -> str | None:
    """None while it may be gone on with, unasked."""
    if bulk.worked_at < now - FORGOTTEN_AFTER:
        return "Nobody went on with it for a day. Look whether it is still wanted."
    if bulk.tries < TRIES:
        return None
    return f"It was begun {TRIES} times without getting further: what did it was ended each time. The logs say more."

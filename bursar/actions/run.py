"""The one door. Every change that a person, a program or a job makes comes through `run`, in one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import OperationalError, transaction

from bursar.access.actor import Actor, ActorKind, system
from bursar.actions import idempotency, undo
from bursar.actions.guard import watched
from bursar.actions.record import write_line
from bursar.actions.registry import ACTIONS, HERALDS, SETTLERS, TARGETS, Lock, Target, target_of
from bursar.actions.request import Request
from bursar.actions.spec import Action, Case, Change, Cleaned, Outcome, Reason, Touched
from bursar.audit import queries as book
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound, Refused
from bursar.core.ids import public_id
from bursar.core.retry import retry_deadlocks
from bursar.core.text import why_not_keep

REASON_LENGTH = 2000
log = structlog.get_logger()


@dataclass
class Act:
    """What a verb has in hand, beside its target and cleaned data."""

    request: Request
    case: Case
    group: str
    prepared: Any = None
    touched: Touched = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        return self.request.actor

    @property
    def now(self) -> datetime:
        return self.case.now

    @property
    def reason(self) -> str:
        return self.request.reason

    def also(self, key: str, target: Any, data: Mapping[str, Any]) -> Outcome:
        """Runs another action in this transaction: own permission check, own line, same group."""
        request = Request(
            ACTIONS[key], self.actor, target.public_id, data, self.reason, self.request.message, group=self.group
        )
        _check_permission(request, target)
        _lock(target)
        inner = Act(request, Case(self.actor, target, self.now), self.group)
        outcome = _perform(inner)
        _merge(self.touched, inner.touched)
        write_line(request, inner.case, inner.group, outcome)
        return outcome


class _Rehearsed(Exception):
    """Carries a preview's outcome out of the transaction that is rolled back."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def run(key: str, actor: Actor, target_id: str, data: Mapping[str, Any] | None = None, **more: Any) -> Outcome:
    """Performs an action, whole or not at all.

    `more`: reason, message, idempotency_key, group, seen, undoes. Raises NotFound, Forbidden, Blocked, Invalid or
    Refused; nothing has changed then.
    """
    request = Request(_action(key), actor, target_id, data or {}, **more)
    digest = ""
    if request.idempotency_key:
        digest = idempotency.digest_of(key, target_id, request.data, request.reason, request.message)
        first = idempotency.find(actor, request.idempotency_key, digest)
        if first is not None:
            return first
    target = _fetch(request)
    _check_permission(request, target)
    prepared = _prepare(request, target)
    return retry_deadlocks(partial(_atomically, request, digest, prepared))


def _atomically(request: Request, digest: str, prepared: Any) -> Outcome:
    with transaction.atomic():
        return _in_transaction(request, digest, prepared)


def preview(key: str, actor: Actor, target_id: str, data: Mapping[str, Any]) -> Outcome:
    """What the action would do: the verb is run and rolled back. Raises as `run`; the reason is not asked for."""
    request = Request(_action(key), actor, target_id, data)
    target = _fetch(request)
    _check_permission(request, target)
    try:
        with transaction.atomic():
            act = _begin(request)
            outcome = _perform(act)
            outcome.effects = _settle(act, outcome)
            raise _Rehearsed(outcome)
    except _Rehearsed as rehearsed:
        return rehearsed.outcome


def check_right(key: str, actor: Actor, target_id: str) -> None:
    """For doors that find a fault before `run` is called. Raises NotFound or Forbidden first, as `run` would."""
    request = Request(_action(key), actor, target_id, {})
    _check_permission(request, _fetch(request))


def _action(key: str) -> Action:
    if key not in ACTIONS:
        raise NotFound(f"There is no action “{key}”.")
    return ACTIONS[key]


def _fetch(request: Request) -> Any:
    return TARGETS[request.action.target_slug].fetch(request.actor, request.target_id)


def why_not_permitted(action: Action, actor: Actor, target: Any) -> str | None:
    """None, or the sentence that greys the lever for this actor."""
    if not actor.can(action.permission):
        return action.explain_missing_right()
    if actor.kind is ActorKind.STAFF and not actor.own_account_ids.isdisjoint(target_of(target).accounts(target)):
        return "You are a customer of this account yourself. Ask a colleague."
    return None


def _check_permission(request: Request, target: Any) -> None:
    sentence = why_not_permitted(request.action, request.actor, target)
    if sentence:
        raise Forbidden(sentence)


def _prepare(request: Request, target: Any) -> Any:
    if request.action.prepare is None:
        return None
    case = Case(request.actor, target, clock.now())
    data = _clean(request, case)
    return request.action.prepare(case, data)


def _in_transaction(request: Request, digest: str, prepared: Any) -> Outcome:
    if request.idempotency_key:
        first = idempotency.claim(request.actor, request.idempotency_key, digest, clock.now())
        if first is not None:
            return first
    act = _begin(request, prepared)
    check_reason(request)
    _check_seen(request, act.case)
    if request.undoes:
        undo.check(request, act.case)
    _tell_what_the_clock_did(sorted(_target(request).accounts(act.case.target)), act.now)
    outcome = _perform(act)
    outcome.effects = _settle(act, outcome)
    write_line(request, act.case, act.group, outcome)
    if request.idempotency_key:
        idempotency.keep(request.actor, request.idempotency_key, outcome)
    return outcome


def tell_what_is_due(account_id: int, lock: Lock) -> None:
    """For the worker: tells what the clock did to this account. Whatever stands in the way is raised."""
    with transaction.atomic():
        _announce([account_id], lock([account_id]))


def _tell_what_the_clock_did(account_ids: list[int], now: datetime) -> None:
    """Before an action, so that its own word comes after. A fault here stops no colleague; the worker tries again."""
    if not account_ids:
        return
    try:
        with transaction.atomic():
            _announce(account_ids, now)
    except OperationalError:
        raise  # a deadlock ends the whole transaction, which is tried again
    except Exception:
        log.exception("clock_not_told", accounts=account_ids)


def _announce(account_ids: list[int], now: datetime) -> None:
    clockwork, group = system("clock"), public_id("grp")

    def tell(key: str, target: Any, data: dict[str, Any]) -> None:
        request = Request(ACTIONS[key], clockwork, target.public_id, data, group=group)
        act = Act(request, Case(clockwork, target, now), group)
        write_line(request, act.case, group, _perform(act))

    for announce in HERALDS.values():
        announce(account_ids, now, tell)


def _begin(request: Request, prepared: Any = None) -> Act:
    """Locks, then looks at the target afresh: what was true before the lock may not be now."""
    target = _fetch(request)
    moment = _lock(target)
    fresh = _fetch(request)
    if set(_target(request).accounts(fresh)) != set(_target(request).accounts(target)):
        moment = _lock(fresh)
    _check_permission(request, fresh)
    case = Case(request.actor, fresh, moment)
    return Act(request, case, request.group or public_id("grp"), prepared)


def _target(request: Request) -> Target:
    return TARGETS[request.action.target_slug]


def _lock(target: Any) -> datetime:
    """Locks the accounts in id order, then the target. Returns the instant of the action: it never steps back."""
    kind = target_of(target)
    moment = kind.lock(sorted(kind.accounts(target)))
    if hasattr(target, "_meta"):
        type(target)._base_manager.select_for_update().filter(pk=target.pk).first()
    return moment


def _clean(request: Request, case: Case) -> Cleaned:
    form = request.action.form_for(case, request.data)
    unknown = sorted(set(request.data) - set(form.fields))
    if unknown:
        raise Invalid(
            f"There is no field “{unknown[0]}” here.", {name: ["There is no such field."] for name in unknown}
        )
    if not form.is_valid():
        raise Invalid(fields={name: [str(e) for e in errors] for name, errors in form.errors.items()})
    return form.cleaned_data


def check_reason(request: Request) -> None:
    """Raises Invalid for a missing or unfit reason or message."""
    text = request.reason.strip()
    if request.action.reason is Reason.REQUIRED and not text:
        raise Invalid(fields={"reason": ["Say why. The reason stays with the staff."]})
    if request.action.message is Reason.REQUIRED and not request.message.strip():
        raise Invalid(fields={"message": ["Write to them what was decided and why. They will read this."]})
    for name, value in (("reason", text), ("message", request.message)):
        if len(value) > REASON_LENGTH:
            raise Invalid(fields={name: [f"At most {REASON_LENGTH} characters; this has {len(value)}."]})
        unfit = why_not_keep(value)
        if unfit:
            raise Invalid(fields={name: [f"This {unfit}."]})
    if request.message.strip() and not request.action.takes_message:
        raise Invalid(fields={"message": ["The customer does not see this action, so there is nowhere to write to."]})


def _check_seen(request: Request, case: Case) -> None:
    """Two people on one row: the second, who saw an older row, gets a sentence instead of overwriting."""
    if request.seen is None:
        return
    line = (
        book.list_timeline(case.target.public_id).filter(target_id=case.target.public_id, at__gt=request.seen).first()
    )
    if line is not None:
        who = next((row.text for row in line.name_rows.all() if row.slot == "actor"), "") or "somebody"
        raise Refused(f"{who} was quicker: “{line.label}”, a moment ago. Look at the row again, then decide.")


def _perform(act: Act) -> Outcome:
    action, case = act.request.action, act.case
    sentence = action.blocked(case) if action.blocked else None
    if sentence:
        raise Blocked(sentence)
    data = _clean(act.request, case)
    sentence = action.refused(case, data) if action.refused else None
    if sentence:
        raise Refused(sentence)
    with watched() as written:
        outcome = action.verb(act, case.target, data)
    _merge(act.touched, outcome.touched)
    if written and not act.touched:
        raise RuntimeError(f"{action.key} wrote {sorted(written)} and did not say which accounts it touched.")
    outcome.group = act.group
    return outcome


def _merge(into: Touched, more: Touched) -> None:
    """The earlier month wins; None is the current month."""
    for account_id, month in more.items():
        known: Month | None = into.get(account_id)
        into[account_id] = min(m for m in (known, month) if m) if (known or month) else None


def _settle(act: Act, outcome: Outcome) -> list[Change]:
    effects: list[Change] = []
    if act.touched:
        for settle in SETTLERS.values():
            effects += settle(act.touched, act.now, outcome.settle_later)
    return effects

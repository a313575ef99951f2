"""The one door. Every change that a person, a program or a job makes comes through `run`, in one order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.db import OperationalError, transaction

from bursar.access.actor import Actor, Door, system
from bursar.access.rights import By
from bursar.actions import checks, idempotency, second, undo
from bursar.actions.cards import Watcher
from bursar.actions.guard import watched
from bursar.actions.holding import list_accounts, list_further, lock
from bursar.actions.models import Approval
from bursar.actions.record import Left, Told, send, write_lines
from bursar.actions.registry import ACTIONS, HERALDS, PROJECTIONS, TARGETS, Lock
from bursar.actions.request import Request
from bursar.actions.spec import Action, Case, Change, Cleaned, Outcome, Stale, Touched, Weighed
from bursar.core import clock, timeouts
from bursar.core.calendar import Month
from bursar.core.errors import BadRequest, Forbidden, NotFound, Unavailable
from bursar.core.faults import as_busy
from bursar.core.ids import public_id
from bursar.core.retry import TRIES, retry_deadlocks
from bursar.core.text import why_not_keep

log = structlog.get_logger()


@dataclass
class Act:
    """What a verb has in hand, beside its target and cleaned data.

    `accounts`: keys of those that are locked. `left`: what the actions it called have waiting for commit. `asked`: what
    stands in its place, where a second person decides first.
    """

    request: Request
    case: Case
    group: str
    prepared: Any = None
    accounts: list[int] = field(default_factory=list)
    touched: Touched = field(default_factory=dict)
    left: Left = field(default_factory=Left)
    asked: Act | None = None

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
        return self._perform_also(self._request_of(key, target, data), target)

    def also_each(self, key: str, wanted: Sequence[tuple[Any, Mapping[str, Any]]]) -> list[Outcome]:
        """As `also` for each target with its data, in one go where the action says how (`together`): every one is asked
        and has its own line, and what a statement does for all is not done for each.
        """
        if len(wanted) < 2 or ACTIONS[key].together is None:
            return [self.also(key, target, data) for target, data in wanted]
        requests = [(self._request_of(key, target, data), target) for target, data in wanted]
        further = {pk for request, target in requests for pk in list_further(request, target, self.now)}
        inner = [Act(request, Case(self.actor, target, self.now), self.group) for request, target in requests]
        for one in inner:
            checks.check_permission(one.request, one.case, further)
        lock([target for target, _ in wanted], further)
        outcomes = _perform_together(ACTIONS[key], inner)
        for one in inner:
            _merge(self.touched, one.touched)
        self.left.add(write_lines([one.telling(outcome) for one, outcome in zip(inner, outcomes, strict=True)]))
        return outcomes

    def _request_of(self, key: str, target: Any, data: Mapping[str, Any]) -> Request:
        if key not in self.request.action.calls:
            raise RuntimeError(f"{self.request.action.key} calls {key} and does not declare it (`calls`).")
        return Request(
            ACTIONS[key], self.actor, target.public_id, data, self.reason, self.request.message, group=self.group,
            message_for_billing=self.request.message_is_narrow, rehearsed=self.request.rehearsed,
        )  # fmt: skip

    def carry_out(self, approval: Approval) -> Outcome:
        """Runs what was asked for and is decided now, as `also` does; its line keeps the asker's reason."""
        request = second.request_of(approval, self.actor, self.group, rehearsed=self.request.rehearsed)
        return self._perform_also(request, approval.target)

    def _perform_also(self, request: Request, target: Any) -> Outcome:
        further = list_further(request, target, self.now)
        inner = Act(request, Case(self.actor, target, self.now), self.group)
        checks.check_permission(request, inner.case, further)
        lock([target], further)
        outcome = _perform(inner, by_itself=False)
        _merge(self.touched, inner.touched)
        self.left.add(inner.leave(outcome))
        return outcome

    def tell_what_is_due(self, account_ids: list[int]) -> None:
        """What this very verb made be over by the clock, told in lines of the system's own."""
        _announce(account_ids, self.now)

    def leave(self, outcome: Outcome) -> Left:
        """Writes the line. Returns what waits for commit: its own notice leads, the rows are in the order of events."""
        if self.asked is not None:
            return self.asked.leave(outcome)
        own = write_lines([self.telling(outcome)])
        return Left([*own.notices, *self.left.notices], [*self.left.rows, *own.rows])

    def telling(self, outcome: Outcome) -> Told:
        return Told(self.request, self.case, self.group, outcome)


class _Rehearsed(Exception):
    """Carries a preview's outcome out of the transaction that is rolled back."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def run(
    key: str,
    actor: Actor,
    target_id: str,
    data: Mapping[str, Any] | None = None,
    *,
    reason: str = "",
    message: str = "",
    idempotency_key: str = "",
    group: str = "",
    seen: datetime | None = None,
    undoes: str = "",
    message_for_billing: bool = False,
) -> Outcome:
    """Performs an action, whole or not at all; `Request` says what the keywords are.

    Raises NotFound, Forbidden, Blocked, Invalid, Refused or Unavailable; nothing has changed then.
    """
    request = Request(
        _action(key), actor, target_id, data or {}, reason, message, idempotency_key, group, seen,
        undo.line_of(_action(key), undoes, data or {}), message_for_billing,
    )  # fmt: skip
    digest = ""
    if unfit := why_not_keep(request.idempotency_key) or why_not_keep(request.undoes):
        raise BadRequest(f"The idempotency key, or what is to be undone, {unfit}.")
    if request.idempotency_key:
        digest = idempotency.digest_of(request)
        first = idempotency.find(actor, request.idempotency_key, digest)
        if first is not None:
            return first
    for _ in range(TRIES):
        target = _fetch_for(request)
        prepared = _prepare(request, target)
        with suppress(Stale), _said_when_busy():
            return retry_deadlocks(partial(_atomically, request, target, digest, prepared))
    raise Unavailable("What this rests on changes again and again. Nothing happened; try again in a moment.")


def _atomically(request: Request, target: Any, digest: str, prepared: Any) -> Outcome:
    with _transaction_of(request):
        return _in_transaction(request, target, digest, prepared)


@contextmanager
def _transaction_of(request: Request) -> Iterator[None]:
    """With the time limits of an action where somebody waits for the answer; jobs and the shell keep their own."""
    with transaction.atomic():
        if request.actor.door in (Door.PAGE, Door.API):
            timeouts.begin_transaction(timeouts.Work.ACTION)
        yield


@contextmanager
def _said_when_busy() -> Iterator[None]:
    """A limit that ran out, or a deadlock once too often, is a refusal as any other: nothing has changed."""
    try:
        yield
    except OperationalError as error:
        busy = as_busy(error)
        if busy is None:
            raise
        raise busy from error


def preview(key: str, actor: Actor, target_id: str, data: Mapping[str, Any], watcher: Watcher | None = None) -> Outcome:
    """What the action would do: the verb is run and rolled back. Raises as `run`; the reason is not asked for.

    Slow work is left out, and `act.prepared` is None, unless the action says that it is cheap. `watcher`: reads the
    card, before and after.
    """
    line = undo.line_of(_action(key), "", data)
    request = Request(_action(key), actor, target_id, data, undoes=line, rehearsed=True)
    target = _fetch_for(request)
    prepared = _prepare(request, target, by_itself=False) if request.action.prepare_is_cheap else None
    try:
        with _said_when_busy(), _transaction_of(request):
            act = _begin(request, target, prepared)
            with watcher(act.case) if watcher else nullcontext():
                outcome = _perform(act, by_itself=False)
                outcome.effects = _project(act, outcome)
            raise _Rehearsed(outcome)
    except _Rehearsed as rehearsed:
        return rehearsed.outcome


def check_right(key: str, actor: Actor, target_id: str) -> None:
    """For doors that find a fault before `run` is called. Raises NotFound, Forbidden or Unconfirmed, as `run` would."""
    request = Request(_action(key), actor, target_id, {})
    case = Case(actor, _fetch(request), clock.now())
    sentence = checks.why_not_permitted(request.action, case)
    if sentence:
        raise Forbidden(sentence)
    checks.check_confirmed(request.action, actor, case.now)


def _action(key: str) -> Action:
    if key not in ACTIONS:
        raise NotFound(f"There is no action “{key}”.")
    return ACTIONS[key]


def _fetch(request: Request) -> Any:
    return TARGETS[request.action.target_slug].fetch(request.actor, request.target_id)


def _fetch_for(request: Request) -> Any:
    """Raises NotFound or Forbidden."""
    target = _fetch(request)
    checks.check_permission(request, Case(request.actor, target, clock.now()))
    return target


def _prepare(request: Request, target: Any, *, by_itself: bool = True) -> Any:
    """Slow work, once nothing speaks against it; all is asked again under the lock."""
    if request.action.prepare is None:
        return None
    case = Case(request.actor, target, clock.now())
    return request.action.prepare(case, checks.ask(request, case, by_itself=by_itself))


def _in_transaction(request: Request, target: Any, digest: str, prepared: Any) -> Outcome:
    if request.idempotency_key:
        first = idempotency.claim(request.actor, request.idempotency_key, digest, clock.now())
        if first is not None:
            return first
    act = _begin(request, target, prepared)
    act.case.held = _tell_what_the_clock_did(act.accounts, act.now)
    outcome = _perform(act)
    outcome.effects = _project(act, outcome)
    send(act.leave(outcome), act.now)
    if request.idempotency_key:
        idempotency.keep(request.actor, request.idempotency_key, outcome)
    return outcome


def tell_what_is_due(account_id: int, lock: Lock) -> None:
    """For the worker: tells what the clock did to this account. Whatever stands in the way is raised."""
    with transaction.atomic():
        _announce([account_id], lock([account_id]))


def _tell_what_the_clock_did(account_ids: list[int], now: datetime) -> dict[str, Any]:
    """Before an action, so that its own word comes after. A fault here stops no colleague; the worker tries again.

    Returns what was loaded of the accounts for it, as they stand now.
    """
    if not account_ids:
        return {}
    try:
        with transaction.atomic():
            return _announce(account_ids, now)
    except OperationalError:
        raise  # a deadlock ends the whole transaction, which is tried again
    except Exception:
        log.exception("clock_not_told", accounts=account_ids)
        return {}


def _announce(account_ids: list[int], now: datetime) -> dict[str, Any]:
    clockwork, group = system("clock"), public_id("grp")
    held: dict[str, Any] = {}

    def say(key: str, target: Any, data: dict[str, Any]) -> None:
        if ACTIONS[key].permission is not By.CLOCK:
            raise RuntimeError(f"A herald tells by {key}, which is not declared as done by the clock.")
        request = Request(ACTIONS[key], clockwork, target.public_id, data, group=group)
        act = Act(request, Case(clockwork, target, now, held=held), group)
        send(act.leave(_perform(act, by_itself=False)), now)
        if act.case.written:
            held.clear()

    for announce in HERALDS.values():
        announce(account_ids, now, say, held)
    return held


def _begin(request: Request, target: Any, prepared: Any = None) -> Act:
    """Locks, then looks at the target afresh: what was true before the lock may not be now.

    `target`: as it was found before; it says which accounts to lock.
    """
    before = list_further(request, target, clock.now())
    moment = lock([target], before)
    fresh = _fetch(request)
    further = list_further(request, fresh, moment)
    accounts = list_accounts(fresh, further)
    if accounts != list_accounts(target, before):
        moment = lock([fresh], further)
    case = Case(request.actor, fresh, moment)
    checks.check_permission(request, case, further)
    return Act(request, case, request.group or public_id("grp"), prepared, accounts)


def _perform(act: Act, *, by_itself: bool = True) -> Outcome:
    action, case = act.request.action, act.case
    data = checks.ask(act.request, case, by_itself=by_itself)
    if weighed := second.weigh(act.request, case, data):
        return _put_up(act, weighed)
    with watched(case.written, case.unread):
        outcome = action.verb(act, case.target, data)
    _take(act, outcome)
    return outcome


def _perform_together(action: Action, acts: Sequence[Act]) -> list[Outcome]:
    """Each is asked as if it stood alone. What the verb of all wrote counts as written by each."""
    assert action.together is not None
    action.together.load([(act.case, act.request.data) for act in acts])
    asked: list[tuple[Act, Any, Cleaned]] = [
        (act, act.case.target, checks.ask(act.request, act.case, by_itself=False)) for act in acts
    ]
    written: set[str] = set()
    with watched(written):
        outcomes = action.together.verb(asked)
    for act, outcome in zip(acts, outcomes, strict=True):
        act.case.written |= written
        act.case.unread |= written
        _take(act, outcome)
    return outcomes


def _take(act: Act, outcome: Outcome) -> None:
    _merge(act.touched, outcome.touched)
    if act.case.written and not act.touched:
        wrote = sorted(act.case.written)
        raise RuntimeError(f"{act.request.action.key} wrote {wrote} and did not say which accounts it touched.")
    outcome.group = act.group


def _put_up(act: Act, weighed: Weighed) -> Outcome:
    """Instead of what was asked: it is kept as it was sent, and those who decide are told."""
    row = second.ask(act.request, act.case, weighed)
    told = replace(
        act.request, action=ACTIONS[second.PUT_UP], target_id=row.public_id, data={}, message="", seen=None, undoes="",
        message_for_billing=False,
    )  # fmt: skip
    act.asked = Act(told, Case(act.actor, row, act.now), act.group)
    return _perform(act.asked, by_itself=False)


def _merge(into: Touched, more: Touched) -> None:
    """The earlier month wins; None is the current month."""
    for account_id, month in more.items():
        known: Month | None = into.get(account_id)
        into[account_id] = min(m for m in (known, month) if m) if (known or month) else None


def _project(act: Act, outcome: Outcome) -> list[Change]:
    effects: list[Change] = []
    if act.touched:
        for project in PROJECTIONS.values():
            effects += project(act.touched, act.case, outcome.project_later)
    return effects

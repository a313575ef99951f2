"""The carrier of calls to Mollie: at least once on our side, once at Mollie, in order per account.

What may pass is tried again with the outbox's patience; what Mollie refuses for good ends the call, and the account
hears of it by an action of the system. Without a key that works nothing is tried: calls wait, and say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.urls import reverse

from bursar.access.actor import system
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.core import clock
from bursar.outbox.carriers import NotDelivered, NotYet, Outgoing, Refused, carrier
from bursar.outbox.models import OutboxRow
from bursar.payments.carry import changing, linking, making
from bursar.payments.carry.ops import OPS
from bursar.payments.errors import KeyRefused, MollieProblem, NotSetUp, RateLimited, WrongMode
from bursar.payments.gateway import get_gateway
from bursar.payments.models import Call
from bursar.payments.queries.calling import say_calls
from bursar.payments.states import CallOp, CallState
from bursar.payments.store import calls

__all__ = ["changing", "linking", "making"]
OPS.close([op.value for op in CallOp])

REFUSED = "payments.account.note_refused_call"
UNTIL_SET_UP = timedelta(minutes=5)
TO = "Mollie"
SLOWLY = 30.0  # seconds, where Mollie asks us to slow down and does not say for how long
log = structlog.get_logger()


def _refuse(row: OutboxRow) -> None:
    """With the action that says what follows for the account: both or neither."""
    call = _get_call(row)
    calls.note_refused(call, row.last_error, clock.now())
    if call.account is not None and REFUSED in ACTIONS:
        run(REFUSED, system("payments"), call.account.public_id, {"call": call.public_id})


def _describe(rows: Sequence[OutboxRow]) -> dict[int, Outgoing]:
    """Of which account, and for what."""
    ids = {row.pk: row.payload["call"] for row in rows}
    found = {call.public_id: call for call in Call.objects.filter(public_id__in=ids.values()).select_related("account")}
    said = say_calls(found.values())
    return {key: _tell(found[one], said[one]) for key, one in ids.items() if one in found}


def _tell(call: Call, said: str) -> Outgoing:
    if call.account is None:
        return Outgoing(f"{said}, of nobody here", TO)
    return Outgoing(f"{said}: {call.account}", TO, reverse("panel:account", args=[call.account.public_id]))


@carrier(calls.KIND, "call to Mollie", apart=True, gave_up=_refuse, describe=_describe)
def carry(row: OutboxRow) -> str:
    """Raises NotYet while it cannot be tried, NotDelivered for what may pass, Refused for what never will."""
    call = _get_call(row)
    if call.state not in calls.UNDONE:
        return f"{call.state} already"
    try:
        return _ask(call)
    except (NotSetUp, KeyRefused) as problem:
        calls.note_problem(call, str(problem))
        raise NotYet(clock.now() + UNTIL_SET_UP) from problem
    except RateLimited as problem:
        calls.note_problem(call, str(problem))
        raise NotYet(clock.now() + timedelta(seconds=problem.seconds or SLOWLY)) from problem
    except MollieProblem as problem:
        if not problem.may_pass:
            raise Refused(str(problem)) from problem
        calls.note_problem(call, str(problem))
        raise NotDelivered(str(problem)) from problem


def _ask(call: Call) -> str:
    gateway = get_gateway(patient=True)
    if gateway.mode != call.mode:
        raise WrongMode
    log.info("mollie_call", op=call.op, call=call.public_id, state=call.state)
    answer_id = OPS[call.op](gateway, call)
    calls.note_done(call, answer_id, clock.now())
    return f"{CallState.DONE.value}: {answer_id or call.op}"


def _get_call(row: OutboxRow) -> Call:
    return Call.objects.select_related("account").get(public_id=row.payload["call"])

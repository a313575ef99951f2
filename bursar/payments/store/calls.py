"""Calls that change something at Mollie: written with the change that wants them, carried out after commit."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from bursar.outbox import store as outbox
from bursar.payments.errors import NotSetUp
from bursar.payments.gateway import get_mode
from bursar.payments.keys import Mode, StoredKey
from bursar.payments.models import Call, MollieCustomer
from bursar.payments.objects import Raw
from bursar.payments.states import CallOp, CallState
from bursar.payments.store.work import LATER, enqueue
from bursar.tenants.models import BillingAccount

KIND = "mollie"
NOBODYS = "nobody"
"""In whose order calls go out that concern no account."""
UNDONE = (CallState.WAITING.value, CallState.LOOKING.value)


def put(
    op: str, account: BillingAccount | None, body: dict[str, Any], now: datetime, *, is_awaited: bool = False
) -> Call:
    """Inside an action's verb: the call, its outbox row and its job, in the verb's transaction.

    Calls of one account go out one after the other, in the order in which they were put. Where the account's customer
    is missing at Mollie, a call that makes it goes before. body: what the op needs (`payments/carry/`). is_awaited: a
    person waits for it. account: None for what belongs to nobody here. Raises ValueError for an unknown op, NotSetUp
    without a key.
    """
    mode = get_mode()
    if mode is None:
        raise NotSetUp("Payments are not set up: there is no key of Mollie's (BURSAR_MOLLIE_KEY).")
    if CallOp(op) is CallOp.PAYMENT_CREATE and account is not None and not _has_customer(account, mode):
        _write(CallOp.CUSTOMER_CREATE, account, {}, mode, now, is_awaited)
    return _write(CallOp(op), account, body, mode, now, is_awaited)


def _has_customer(account: BillingAccount, mode: Mode) -> bool:
    """It is there, or on its way."""
    coming = Call.objects.filter(account=account, mode=mode, op=CallOp.CUSTOMER_CREATE, state__in=UNDONE)
    return MollieCustomer.objects.filter(account=account, mode=mode).exists() or coming.exists()


def _write(
    op: CallOp, account: BillingAccount | None, body: dict[str, Any], mode: Mode, now: datetime, is_awaited: bool
) -> Call:
    call = Call.objects.create(
        account=account, op=op.value, body=body, mode=mode.value, made_at=now, is_awaited=is_awaited
    )
    whose = account.public_id if account else NOBODYS
    outbox.put(KIND, call.public_id, {"call": call.public_id}, now, order_key=whose)
    start(whose, is_awaited=is_awaited)
    return call


def start(account_id: str, *, is_awaited: bool = False) -> None:
    """Some of what is due of one account. Two such jobs may run at once: the outbox keeps the order."""
    enqueue("payments.carry", f"carry:{account_id}", is_awaited=is_awaited, priority=LATER, account_id=account_id)


def begin(call: Call, body: Raw, now: datetime) -> StoredKey:
    """Committed before the first try: its key, what leaves under it, and since when Mollie may know both.

    What leaves is what was kept, read again: the database has its own order of names, and Mollie compares bytes.
    """
    if call.first_tried_at is None:
        call.first_tried_at, call.sent = now, body
        call.save(update_fields=["first_tried_at", "sent"])
        call.refresh_from_db(fields=["sent"])
    return StoredKey(str(call.key), call.first_tried_at)


def note_looking(call: Call) -> None:
    """Its key is too old: from here it is not repeated before somebody looked whether it was done."""
    call.state = CallState.LOOKING.value
    call.save(update_fields=["state"])


def renew(call: Call) -> None:
    """It was not done: what follows is another call to Mollie, under a key of its own, with what is wanted now."""
    call.state, call.key, call.first_tried_at, call.sent = CallState.WAITING.value, uuid.uuid4(), None, {}
    call.save(update_fields=["state", "key", "first_tried_at", "sent"])


def note_done(call: Call, answer_id: str, now: datetime) -> None:
    call.state, call.answer_id, call.answered_at, call.problem = CallState.DONE.value, answer_id, now, ""
    call.save(update_fields=["state", "answer_id", "answered_at", "problem"])


def note_problem(call: Call, sentence: str) -> None:
    """It is tried again; meanwhile this says why it was not done yet."""
    Call.objects.filter(pk=call.pk).update(problem=sentence)


def note_refused(call: Call, sentence: str, now: datetime) -> None:
    call.state, call.problem, call.answered_at = CallState.REFUSED.value, sentence, now
    call.save(update_fields=["state", "problem", "answered_at"])


def drop_with_rows(now: datetime) -> int:
    """Calls whose outbox row a person dropped are not waited for any more. Returns how many."""
    gone = outbox.list_dropped(KIND).values("key")
    dropped = Call.objects.filter(state__in=UNDONE, public_id__in=gone)
    return dropped.update(state=CallState.DROPPED.value, answered_at=now, problem="A person dropped it.")


def list_finished_before(before: datetime) -> QuerySet[Call]:
    return Call.objects.filter(answered_at__lt=before).exclude(state__in=UNDONE)

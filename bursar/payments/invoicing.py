"""Documents and ledger follow what Mollie says of charges: each minute what is new, one charge stopping no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import structlog
from django.db import transaction

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.billing.seller import seller_day
from bursar.billing.store import not_issued
from bursar.core.errors import Blocked, Refusal, Refused
from bursar.core.ticks import tick
from bursar.payments.actions.shared import KEY
from bursar.payments.gateway import get_mode
from bursar.payments.models import Charge
from bursar.payments.queries.invoicing import (
    AS_CREDIT,
    BOOK,
    ISSUE,
    PAID_OTHERWISE,
    Step,
    find_step,
    get_first_day,
    list_paid_otherwise,
    list_refund_ids,
    list_to_book,
    list_to_try,
)
from bursar.payments.states import ChargeKind
from bursar.payments.store import invoicing as store

ACTOR = system("invoicing")
AT_ONCE = 300
"""Charges a minute: each takes some 50 ms, and what is left goes on with the next."""
TIMES = 30
"""Steps of one charge: its invoice, its money, and a credit note for each refund."""
WHAT = {ISSUE: "invoice", BOOK: "booking", AS_CREDIT: "booking"}
log = structlog.get_logger()


@tick("payments.invoice")
def invoice(now: datetime) -> None:
    """Nothing without a key. The first day that is looked on is the first that is invoiced, unless a setting says."""
    mode = get_mode()
    if mode is None:
        return
    first_day = get_first_day() or store.begin(mode, seller_day(now))
    for charge in list_to_book(AT_ONCE):
        _try(charge, lambda one: bring_up(one, first_day, now))
    for charge in list_to_try(now, AT_ONCE):  # somebody meant it to be issued, whenever it was paid
        _try(charge, lambda one: bring_up(one, date.min, now))
    for charge in list_paid_otherwise().order_by("pk")[:AT_ONCE]:
        _try(charge, lambda one: _run(one, PAID_OTHERWISE, {"charge": one.public_id}))


def _try(charge: Charge, do: Callable[[Charge], object]) -> None:
    try:
        do(charge)
    except Refusal as refusal:
        log.info("charge_not_invoiced", charge=charge.public_id, why=refusal.sentence)
    except Exception:
        log.exception("charge_not_invoiced", charge=charge.public_id)


def _run(charge: Charge, verb: str, data: dict[str, str]) -> None:
    run(KEY.format(verb), ACTOR, charge.account.public_id, data)


def bring_up(charge: Charge, first_day: date, now: datetime) -> bool:
    """One charge's documents and ledger, as far as rules allow; what they do not is noted. Whether all was done.

    Raises Unavailable: somebody else holds the account, and the next minute does it.
    """
    refused: tuple[Step, str] | None = None
    for _ in range(TIMES):
        step = _find_next(charge, first_day, refused, now)
        if step is None:
            return refused is None
        try:
            _run(charge, step.verb, step.data)
            refused = None
        except (Blocked, Refused) as refusal:
            refused = step, refusal.sentence
    raise RuntimeError(f"{charge.public_id} asks for ever more documents")


@transaction.atomic
def _find_next(charge: Charge, first_day: date, refused: tuple[Step, str] | None, now: datetime) -> Step | None:
    """None: nothing is to be done, or what was refused a moment ago still is, and nothing is new since."""
    store.hold(charge)
    charge.refresh_from_db(fields=["invoice", "settled_at", "state"])
    step = find_step(charge, first_day)
    if step is not None and (refused is None or refused[0] != step):
        return step
    if step is not None and refused is not None:
        what = WHAT.get(step.verb, "credit note")
        not_issued.note(charge.account, step.made_for, what, step.amount, refused[1], now)
    elif charge.invoice_id is not None or charge.kind == ChargeKind.LINK:
        not_issued.forget([charge.public_id, *list_refund_ids(charge)])
    store.note_booked(charge)
    return None

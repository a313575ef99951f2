"""Looks and calls, each in a job of its own queue, and the sweepers behind them. Loading this registers the carrier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from bursar.core import clock
from bursar.core.retention import forgets
from bursar.core.retry import JOB_AGAIN
from bursar.core.ticks import tick
from bursar.outbox.store import deliver_apart, list_finished, list_order_keys_due
from bursar.payments import carry, invoicing, look, paid_out, timed, verify
from bursar.payments.errors import MollieProblem, RateLimited
from bursar.payments.gateway import get_gateway, get_mode
from bursar.payments.models import Payment, PaymentLink
from bursar.payments.queries.links import list_to_look_at
from bursar.payments.store import calls, hints, links
from bursar.payments.store.work import enqueue
from bursar.payments.sync import walks

__all__ = ["carry", "invoicing", "timed", "verify"]
CALLS_AT_ONCE = 10  # at 30 s each this ends before the outbox takes a row for stuck
SWEPT_AT_ONCE = 1000
APPLIED_AT_ONCE = 200
MOMENT = timedelta(minutes=1)
log = structlog.get_logger()


@app.task(name="payments.carry", retry=JOB_AGAIN)
def carry_calls(account_id: str) -> None:
    """Some of what is due of one account; the rest in a job behind it."""
    if deliver_apart(clock.now(), calls.KIND, account_id, CALLS_AT_ONCE) == CALLS_AT_ONCE:
        calls.start(account_id)


@app.task(name="payments.look", retry=JOB_AGAIN)
def look_at_hint(mollie_id: str) -> None:
    """One look, whoever told of it how often. What cannot be looked at now waits for the sweeper."""
    if not hints.is_waiting(mollie_id):
        return
    asked_at = clock.now()
    try:
        found = look.look_at(mollie_id)
    except MollieProblem as problem:
        log.warning("look_put_off", id=mollie_id, why=str(problem))
        hints.put_off(mollie_id, clock.now(), problem.seconds if isinstance(problem, RateLimited) else None)
        return
    if found is not None:
        hints.note_looked(mollie_id, asked_at)
    elif hints.is_worth_another(mollie_id):
        hints.put_off(mollie_id, clock.now())
    else:
        hints.forget(mollie_id, asked_at)


@app.task(name="payments.link", retry=JOB_AGAIN)
def look_at_link(link_id: str) -> None:
    link = PaymentLink.objects.get(public_id=link_id)
    try:
        look.look_at_link(link)
    except MollieProblem as problem:
        log.warning("link_put_off", link=link_id, why=str(problem))
        links.put_off(link, clock.now())


@tick("payments.links")
def look_at_links(now: datetime) -> None:
    """Open ones each day, and at once those of which Mollie told: their own lists say which payments are theirs."""
    if get_mode() is None:
        return
    for link in list_to_look_at(now, SWEPT_AT_ONCE):
        links.put_off(link, now)
        name = f"link:{link.public_id}"
        enqueue("payments.link", name, is_awaited=False, lock=name, link_id=link.public_id)


@tick("payments.hints")
def look_at_left(now: datetime) -> None:
    """The sweeper: what could not be looked at, and what a lost job left behind."""
    due = hints.list_waiting().filter(due_at__lte=now).order_by("due_at")
    for mollie_id in due.values_list("mollie_id", flat=True)[:SWEPT_AT_ONCE]:
        hints.start(mollie_id)


@tick("payments.explain_payouts")
def explain_payouts(now: datetime) -> None:
    """What arrived at the bank from Mollie; its settlements say what that is made of."""
    paid_out.explain_payouts(now)


@tick("payments.apply")
def apply_left(now: datetime) -> None:
    """The sweeper: copied, and then the worker died, or the account was busy. One stops no other."""
    left = Payment.objects.filter(to_apply=True, account__isnull=False, answered_at__lt=now - MOMENT)
    for payment in left.order_by("id")[:APPLIED_AT_ONCE]:
        look.move(payment)


@app.task(name="payments.sync", retry=JOB_AGAIN)
def sync_list(walk: str) -> None:
    """One walk, to its end. What Mollie refuses meanwhile ends the job; the next minute goes on with the walk."""
    gateway = get_gateway(patient=True)
    try:
        while walks.step(gateway, walk, clock.now()):
            pass
    except MollieProblem as problem:
        log.warning("sync_put_off", list=walk, why=str(problem))


@app.task(name="payments.mandates", retry=JOB_AGAIN)
def ask_about_mandates() -> None:
    walks.ask_about_mandates(get_gateway(patient=True), clock.now())


@tick("payments.sync")
def sync_when_due(now: datetime) -> None:
    """Nothing without a key."""
    if get_mode() is None:
        return
    gateway = get_gateway(patient=True)
    walks.ask_again(gateway, now)
    for name in walks.list_due(gateway, now):
        enqueue("payments.sync", f"sync:{name}", is_awaited=False, lock=f"sync:{name}", walk=name)
    enqueue("payments.mandates", "mandates", is_awaited=False, lock="mandates")


@tick("payments.calls")
def carry_left(now: datetime) -> None:
    """The sweeper: calls whose time has come again, and whatever a lost job left behind."""
    calls.drop_with_rows(now)
    for account_id in list_order_keys_due(calls.KIND, now)[:SWEPT_AT_ONCE]:
        calls.start(account_id)


@forgets("payments")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """Hints as soon as the sync has gone over their payments again; calls, and their rows, with the other logs."""
    yield hints.list_looked_before(now - hints.KEPT)
    kept_since = now - settings.BURSAR_LOGS_KEPT
    yield calls.list_finished_before(kept_since)
    yield list_finished(kept_since).filter(kind=calls.KIND)

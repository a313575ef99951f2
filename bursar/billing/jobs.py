"""What the clock owes billing: fresh answers of the register, lines of the bank compared with what is open now,
reminders where they go by themselves, and an end of what was kept long enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.billing import banking, bundling
from bursar.billing.asking import ask_again
from bursar.billing.models import Bundle
from bursar.billing.obstacles import list_obstacles
from bursar.billing.queries import bank
from bursar.billing.queries.addresses import list_reached
from bursar.billing.queries.removing import list_ended
from bursar.billing.queries.sending import list_due
from bursar.billing.store import sending
from bursar.core.errors import Refusal
from bursar.core.retention import forgets
from bursar.core.retry import JOB_AGAIN
from bursar.core.ticks import tick

REMINDED_A_MINUTE = 200
REMOVED_A_MINUTE = 10
"""Batches, so that a first cleaning holds up nobody; the rest goes in the minutes after."""
log = structlog.get_logger()


@tick("billing.ask_vies")
def ask_vies(now: datetime) -> None:
    ask_again(now)


@app.task(name="billing.bundle_documents", retry=JOB_AGAIN)
def bundle_documents(bundle_id: str) -> None:
    bundling.carry_out(bundle_id)


@forgets("billing")
def list_old_bundles(now: datetime) -> Iterator[QuerySet[Any]]:
    """The book keeps who asked for which."""
    yield Bundle.objects.filter(created_at__lt=now - settings.BURSAR_LOGS_KEPT)


@tick("billing.note_sent")
def note_sent(now: datetime) -> None:
    sending.note_ended(now)


@tick("billing.remind")
def remind(now: datetime) -> None:
    """Each by itself, so that one stops no other; what somebody did in this very moment is refused quietly. What is
    held, and what would go to nobody, waits for somebody and is not tried.
    """
    if not settings.BURSAR_REMINDERS:
        return
    due = list(list_due(now).values_list("pk", "public_id", "account"))
    held = list_obstacles([pk for pk, _, _ in due], now)
    reached = list_reached({account for _, _, account in due}, now)
    free = [public_id for pk, public_id, account in due if pk not in held and account in reached]
    for public_id in free[:REMINDED_A_MINUTE]:
        try:
            run("billing.invoice.remind", system("billing"), public_id, {"to": ""})
        except Refusal as refusal:
            log.info("not_reminded", invoice=public_id, why=refusal.sentence)
        except Exception:
            log.exception("reminding_failed", invoice=public_id)


@tick("billing.remove_documents")
def remove_documents(now: datetime) -> None:
    for _ in range(REMOVED_A_MINUTE):
        if not list_ended(now).exists():
            return
        if not run("billing.company.remove_documents", system("billing"), "company").changes:
            return


@app.task(name="billing.read_statement", lock="billing.bank", retry=JOB_AGAIN)
def read_statement(file_id: str) -> None:
    """One at a time: each compares all that waits."""
    banking.carry_out(file_id)


@tick("billing.look_at_bank_lines")
def look_at_bank_lines(now: datetime) -> None:
    """Where invoices were issued or settled since the lines that wait were compared with them."""
    if bank.is_to_look():
        banking.look(now)

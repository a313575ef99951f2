"""Delivery, one job an endpoint; and switching off what fails for days. Loading this registers the carriers."""

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
from bursar.core import clock
from bursar.core.days import say_instant
from bursar.core.errors import Refusal
from bursar.core.retention import forgets
from bursar.core.retry import JOB_AGAIN
from bursar.core.ticks import tick
from bursar.outbox.store import deliver_apart, list_finished
from bursar.webhooks import carry, queries, store
from bursar.webhooks.models import WebhookMessage
from bursar.webhooks.rules import calc_kept_since

__all__ = ["carry"]
AT_ONCE = 20  # at 12 s each this ends before the outbox takes a row for stuck

log = structlog.get_logger()


@app.task(name="webhooks.deliver", retry=JOB_AGAIN)
def deliver(endpoint_id: str) -> None:
    """Some of what is due at one endpoint; the rest in a job behind it, so that others get their turn."""
    if deliver_apart(clock.now(), queries.KIND, f"{endpoint_id}:", AT_ONCE) == AT_ONCE:
        store.start_delivery(endpoint_id)


@tick("webhooks.deliver")
def deliver_when_due(now: datetime) -> None:
    """The sweeper: retries whose time has come, and whatever a lost job left behind."""
    queries.list_stray_rows().update(due_at=now)
    for endpoint_id in queries.list_with_due_rows(now):
        store.start_delivery(endpoint_id)


@tick("webhooks.drop_old")
def drop_old(now: datetime) -> None:
    """What waited too long for endpoints that are paused, switched off or deleted: once a day. One stops no other."""
    before = calc_kept_since(now, settings.BURSAR_WEBHOOK_WAITS)
    data = {"before": before.isoformat(), "days": settings.BURSAR_WEBHOOK_WAITS.days}
    for endpoint in queries.list_holding_since(before):
        try:
            run("webhooks.endpoint.drop_old", system("webhooks"), endpoint.public_id, data)
        except Refusal as refusal:
            log.info("webhook_old_not_dropped", endpoint=endpoint.public_id, why=refusal.sentence)
        except Exception:
            log.exception("webhook_drop_old_failed", endpoint=endpoint.public_id)


@tick("webhooks.switch_off")
def switch_off_failing(now: datetime) -> None:
    """Endpoints without one success for too long. One bad endpoint stops no other."""
    for endpoint in queries.list_failing_since(now - settings.BURSAR_WEBHOOK_PATIENCE):
        why = f"Every try failed since {say_instant(endpoint.failing_since, is_short=False)}."
        try:
            run("webhooks.endpoint.switch_off", system("webhooks"), endpoint.public_id, {"why": why})
        except Refusal as refusal:
            log.info("webhook_not_switched_off", endpoint=endpoint.public_id, why=refusal.sentence)
        except Exception:
            log.exception("webhook_switch_off_failed", endpoint=endpoint.public_id)


@forgets("webhooks")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """Messages first: a row whose message is gone is found again by the second part, however the first ended."""
    rows = list_finished(now - settings.BURSAR_LOGS_KEPT).filter(kind=queries.KIND)
    yield WebhookMessage.objects.filter(row__in=rows)
    yield rows.filter(webhook_message=None)

"""Timed work; and, loaded at start-up with every room's jobs, the carriers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db.models import QuerySet

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.core.errors import Refusal
from bursar.core.retention import forgets
from bursar.core.ticks import tick
from bursar.notifications import carry, seals, store
from bursar.notifications.models import Mail, Notification
from bursar.outbox import store as outbox

__all__ = ["carry"]
log = structlog.get_logger()


@tick("notifications.digest")
def send_digests(now: datetime) -> None:
    for recipient_id, error in store.send_digests(now):
        log.error("digest_failed", recipient=recipient_id, exc_info=error)


@tick("notifications.blank_old_mail")
def blank_old_mail(now: datetime) -> None:
    store.blank_old(now - settings.BURSAR_MAIL_KEPT)


@tick("notifications.keep_seal")
def keep_seal(now: datetime) -> None:
    seals.keep_daily(now)


@tick("notifications.set_aside")
def set_aside(now: datetime) -> None:
    """Deliveries that take the worker down each time. One stops no other."""
    for row in outbox.list_set_aside(now):
        try:
            run("notifications.delivery.set_aside", system("outbox"), row.public_id)
        except Refusal as refusal:  # somebody sent or dropped it in this very moment
            log.info("delivery_not_set_aside", id=row.public_id, why=refusal.sentence)
        except Exception:
            log.exception("setting_aside_failed", id=row.public_id)


@forgets("notifications")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """Mail that was sent, notices that were read. What nobody has read or sent yet stays."""
    before = now - settings.BURSAR_LOGS_KEPT
    yield Notification.objects.filter(read_at__lt=before, waits=False)
    yield Mail.objects.filter(sent_at__lt=before)

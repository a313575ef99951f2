"""Timed work; and, loaded at start-up with every room's jobs, the carriers."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.conf import settings

from bursar.core.ticks import tick
from bursar.notifications import carry, store

__all__ = ["carry"]
log = structlog.get_logger()


@tick("notifications.digest")
def send_digests(now: datetime) -> None:
    for recipient_id, error in store.send_digests(now):
        log.error("digest_failed", recipient=recipient_id, exc_info=error)


@tick("notifications.blank_old_mail")
def blank_old_mail(now: datetime) -> None:
    store.blank_old(now - settings.BURSAR_MAIL_KEPT)

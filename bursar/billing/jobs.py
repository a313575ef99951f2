"""What the clock owes billing: fresh answers of the register, before anything is charged by an old one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from bursar.billing import bundling
from bursar.billing.asking import ask_again
from bursar.billing.models import Bundle
from bursar.core.retention import forgets
from bursar.core.retry import JOB_AGAIN
from bursar.core.ticks import tick


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

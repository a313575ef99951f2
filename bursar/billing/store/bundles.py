"""Bundles as rows: begun, counted on, done or failed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.billing.models import Bundle
from bursar.billing.models.bundles import BundleState
from bursar.files.models import File


def begin(values: dict[str, Any], now: datetime) -> Bundle:
    return Bundle.objects.create(created_at=now, **values)


def note_progress(bundle: Bundle, done: int, left_out: int) -> None:
    Bundle.objects.filter(pk=bundle.pk).update(done=done, left_out=left_out)


def close(bundle: Bundle, file: File, now: datetime) -> None:
    Bundle.objects.filter(pk=bundle.pk).update(state=BundleState.DONE, file=file, finished_at=now)


def fail(bundle: Bundle, sentence: str, now: datetime) -> None:
    Bundle.objects.filter(pk=bundle.pk).update(state=BundleState.FAILED, problem=sentence[:300], finished_at=now)

"""Writes the catalogue. A price holds from an instant on; sessions keep the one that held when they were asked for."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from bursar.core.calendar import TICK
from bursar.core.dated import replace_from
from bursar.training.models import Training, TrainingPrice, TrainingSession


class Terms(NamedTuple):
    """EUR, net: `price` for up to `included` participants, `extra` for each one more."""

    price: Decimal
    included: int
    extra: Decimal


class Kind(NamedTuple):
    """What a training is, beside its price. `mode`: a value of `Mode`."""

    title: str
    mode: str
    grants_licence: bool


def make(kind: Kind, terms: Terms, now: datetime) -> Training:
    row = Training.objects.create(**kind._asdict(), created_at=now)
    TrainingPrice.objects.create(training=row, valid_from=now, **terms._asdict())
    return row


def change(row: Training, kind: Kind) -> None:
    for name, value in kind._asdict().items():
        setattr(row, name, value)
    row.save()


def hold(row: Training) -> None:
    """Locked until the transaction ends, as one who asks for a session and one who changes its price may meet."""
    Training.objects.select_for_update(no_key=True).get(pk=row.pk)


def set_price(row: Training, terms: Terms, at: datetime) -> None:
    """From `at` on; a price that was to begin later is dropped. The training is held."""
    if TrainingSession.objects.filter(price__training=row, price__valid_from=at).exists():
        at += TICK  # the one that began in this very instant is somebody's, and stays
    replace_from(TrainingPrice, {"training": row}, at, terms._asdict())


def retire(row: Training, now: datetime) -> None:
    row.retired_at = now
    row.save()


def bring_back(row: Training) -> None:
    row.retired_at = None
    row.save()

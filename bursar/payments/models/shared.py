"""What the tables of payments share."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.db import models

from bursar.payments.keys import Mode

PEN = "bursar.payments.store"
MOLLIE_ID_LENGTH = 72
MODES = [(mode.value, mode.value) for mode in Mode]


def choices_of(states: type[StrEnum]) -> list[tuple[str, str]]:
    return [(one.value, one.value.replace("_", " ")) for one in states]


def state_field(states: type[StrEnum], **kwargs: Any) -> Any:
    return models.CharField(max_length=12, choices=choices_of(states), **kwargs)


def money_field(**kwargs: Any) -> Any:
    """EUR, exact to the cent."""
    return models.DecimalField(max_digits=12, decimal_places=2, **kwargs)


class Mirrored(models.Model):
    """A copy of what Mollie knows. `asked_at`, `answered_at`: around the call whose answer stands here.

    An answer that was asked for before `answered_at` may be older than what stands: it is asked again, not taken.
    """

    mode = models.CharField(max_length=4, choices=MODES)
    raw = models.JSONField(default=dict)
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    learned_at = models.DateTimeField()

    class Meta:
        abstract = True

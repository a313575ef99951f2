"""An actor that a job carries: as it was when somebody began the job, and no more than what still holds of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from bursar.access.actor import Actor


def load(stored: dict[str, Any]) -> Actor:
    """The actor of `Actor.reference`, asked afresh. Raises Forbidden with the sentence when nothing is left of it.

    The people and their roles stand in rooms above, which the settings name.
    """
    actor: Actor = import_string(settings.BURSAR_ACTOR_LOADER)(stored)
    return actor

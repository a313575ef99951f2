"""What the clock owes trainings: a word before licences end."""

from __future__ import annotations

from datetime import datetime

import structlog

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.core.errors import Refusal
from bursar.core.ticks import tick
from bursar.training.queries.licences import list_to_announce

TOLD_A_MINUTE = 100
"""Organisations; the rest is told in the minutes after."""
log = structlog.get_logger()


@tick("training.announce_ends")
def announce_ends(now: datetime) -> None:
    """Each organisation by itself, so that one stops no other; what was announced in this very moment is refused
    quietly.
    """
    due = list_to_announce(now).order_by().values_list("organisation__public_id", flat=True).distinct()
    for organisation_id in list(due[:TOLD_A_MINUTE]):
        try:
            run("training.organisation.announce_ends", system("training"), organisation_id)
        except Refusal as refusal:
            log.info("ends_not_announced", organisation=organisation_id, why=refusal.sentence)
        except Exception:
            log.exception("announcing_ends_failed", organisation=organisation_id)

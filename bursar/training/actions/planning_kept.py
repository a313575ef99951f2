"""How a session is planned, as an offer to undo keeps it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bursar.actions.spec import Undo
from bursar.core.bounds import read_instant
from bursar.staff.models import StaffMember
from bursar.training.models import TrainingSession

RESTORE_PLAN = "training.session.restore_plan"
_PLAIN = ("state", "mode", "minutes", "place", "link")
_INSTANTS = ("starts_at", "cancelled_at")


def keep_plan(session: TrainingSession) -> dict[str, Any]:
    """As JSON has it. `trainer`: a public id."""
    kept: dict[str, Any] = {name: getattr(session, name) for name in _PLAIN}
    kept |= {name: at.isoformat() if (at := getattr(session, name)) else None for name in _INSTANTS}
    return {**kept, "state": str(session.state), "trainer": session.trainer.public_id if session.trainer else ""}


def undo_plan(was: dict[str, Any], session: TrainingSession) -> Undo:
    """After it was planned, or called off. `was`: how it stood."""
    return Undo(RESTORE_PLAN, was, left=keep_plan(session))


def columns_of(kept: dict[str, Any]) -> dict[str, Any]:
    instants = {name: read_instant(kept[name]) if kept[name] else None for name in _INSTANTS}
    trainer = StaffMember.objects.select_related("user").filter(public_id=kept["trainer"]).first()
    return {**{name: kept[name] for name in _PLAIN}, **instants, "trainer": trainer}


def load_plans(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    rows = TrainingSession.objects.filter(public_id__in=ids).select_related("trainer")
    return {row.public_id: keep_plan(row) for row in rows}

"""Workspaces of which the product says that somebody in them must be trained."""

from __future__ import annotations

from datetime import datetime

from bursar.training.models import TrainingNeed


def say(workspace_id: int, is_needed: bool, now: datetime) -> bool:
    """As the product says it now. True when that is new; a need that is said again keeps its `since`."""
    if not is_needed:
        gone, _ = TrainingNeed.objects.filter(workspace_id=workspace_id).delete()
        return bool(gone)
    _, is_new = TrainingNeed.objects.get_or_create(workspace_id=workspace_id, defaults={"since": now})
    return is_new

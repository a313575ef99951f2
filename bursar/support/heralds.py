"""Tells what the clock did to support access, once, before anything that was done after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.actions.registry import Tell, herald
from bursar.support import queries
from bursar.tenants.models import Workspace


@herald("support")
def tell_what_is_over(account_ids: list[int], now: datetime, tell: Tell, held: dict[str, Any]) -> None:
    """One statement when nothing is due."""
    due = queries.list_due(now, account_ids)
    if not due:
        return
    workspaces = Workspace.objects.select_related("account__organisation", "organisation").in_bulk(
        {one.workspace_id for one in due}
    )
    for one in due:
        tell(f"support.workspace.{one.what}_over", workspaces[one.workspace_id], {one.what: one.ref} if one.ref else {})

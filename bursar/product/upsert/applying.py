"""One item is applied by the writer of its kind; before that, what a batch may touch is locked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.core import locks
from bursar.product.lookup import TURNSTILE
from bursar.product.pushed import OrganisationItem, WorkspaceItem, WorkspaceMemberItem
from bursar.product.upsert.shared import WRITERS, Result
from bursar.tenants import store


def apply_item(item: Any, now: datetime) -> Result:
    return WRITERS[item.kind](item, now)


def lock_what_they_name(items: list[Any]) -> None:
    """One batch at a time, whatever is in it and in which order; then the accounts that it may touch, by id."""
    locks.hold(TURNSTILE)
    spaces = [item for item in items if isinstance(item, WorkspaceItem)]
    workspaces = {item.external_id for item in spaces}
    workspaces |= {item.workspace for item in items if isinstance(item, WorkspaceMemberItem)}
    organisations = {item.organisation for item in spaces}
    named = [item for item in items if isinstance(item, OrganisationItem)]
    organisations |= {name for item in named for name in (item.external_id, item.bursar_id) if name}
    made_here = {item.bursar_id for item in spaces if item.bursar_id}
    store.accounts.hold(store.accounts.list_concerned(workspaces, made_here, organisations))

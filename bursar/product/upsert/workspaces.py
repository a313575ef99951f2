"""Workspaces that the product pushes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.product.pushed import WorkspaceItem
from bursar.product.upsert.shared import (
    STALE,
    NotPossible,
    Result,
    adopt,
    find_organisation,
    is_stale,
    report_adopted,
    say_moved,
    writes,
)
from bursar.tenants import rules, store
from bursar.tenants.models import Organisation, Workspace
from bursar.training.store import needs


@writes(WorkspaceItem)
def _workspace(item: WorkspaceItem, now: datetime) -> Result:
    organisation = find_organisation(item.organisation)
    owner = find_organisation(item.data_owner) if item.data_owner else None
    values: dict[str, Any] = {
        "name": item.name,
        "visibility": item.visibility,
        "data_owner": owner,
        "data_owner_email": item.data_owner_email,
        "agreement_accepted_at": item.agreement_accepted_at,
    }
    is_adopted = adopt(Workspace, item)
    row = Workspace.objects.select_for_update(no_key=True, of=("self",)).filter(external_id=item.external_id).first()
    if row is None:
        return _new_workspace(item, organisation, values, now)
    if row.organisation_id != organisation.pk:
        raise NotPossible(rules.NO_OTHER_ORGANISATION)
    if row.kind != item.type:
        raise NotPossible(rules.NO_OTHER_KIND)
    if row.deleted_at is not None and not item.deleted and organisation.deleted_at is not None:
        raise NotPossible(rules.why_not_in_ended(organisation.name))
    if is_stale(row, item):
        return report_adopted(row, STALE) if is_adopted else Result("stale")
    overruled = _heed_visibility(row, values, item)
    moved = store.workspaces.change(row, values, item.changed_at, now, is_gone=item.deleted)
    moved = needs.say(row.pk, item.needs_training, now) or moved
    if is_adopted:
        return report_adopted(row)
    return Result(say_moved(moved), accounts={row.account_id}, overruled=overruled)


def _heed_visibility(row: Workspace, values: dict[str, Any], item: WorkspaceItem) -> str:
    """What was said before staff set it does not undo that; what is newer does, and this is what it overruled."""
    if row.visibility_set_at is None or not row.visibility_waits or row.visibility == item.visibility:
        return ""
    if item.changed_at < row.visibility_set_at:
        values["visibility"] = row.visibility
        return ""
    return f"{row.name} was made {row.get_visibility_display()} by staff"


def _new_workspace(item: WorkspaceItem, organisation: Organisation, values: dict[str, Any], now: datetime) -> Result:
    made = Workspace(
        external_id=item.external_id,
        organisation=organisation,
        kind=item.type,
        created_at=now,
        changed_at=item.changed_at,
        here_from=now,
        **values,
    )
    why = store.workspaces.why_not_make(made, organisation)
    if why:
        raise NotPossible(why)
    accounts = set(store.workspaces.make([made]).accounts)
    needs.say(made.pk, item.needs_training, now)
    return Result("created", accounts=accounts)

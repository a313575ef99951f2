"""Invitations: shown, never billed; nothing that is counted depends on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bursar.tenants import rules
from bursar.tenants.models import Invitation, InvitationState, Workspace
from bursar.tenants.store.told import Told
from bursar.tenants.store.upsert import upsert

TOLD = ["email", "role", "invited_by_id", "invited_at", "state"]


def take_history(lines: Sequence[Told[Invitation]]) -> dict[int, str]:
    """What files say, in their order. Returns the places that are refused, with the sentence.

    An erased address never comes back, and what the product pushed stays; when it ended is a file's to say.
    """
    rows = [line.row for line in lines]
    known = {row.external_id: row for row in Invitation.objects.filter(external_id__in=[r.external_id for r in rows])}
    homes = {external_id: row.workspace_id for external_id, row in known.items()}
    kinds = dict(Workspace.objects.filter(pk__in=[row.workspace_id for row in rows]).values_list("id", "kind"))
    refused, fresh = {}, []
    for place, line in enumerate(lines):
        row, old = line.row, known.get(line.row.external_id)
        why = rules.why_not_role(row.role, kinds[row.workspace_id])
        if why is None and homes.setdefault(row.external_id, row.workspace_id) != row.workspace_id:
            why = rules.NO_OTHER_WORKSPACE
        is_erased = old is not None and old.erased_at is not None
        if why is None and is_erased and row.state == InvitationState.PENDING:
            why = rules.NO_ERASED_ADDRESS
        row.email = kept_address(row.email, row.state, is_erased=is_erased)
        if why is None and old is not None and old.changed_at is not None:
            why = rules.why_not_overrule(line.otherwise(old, TOLD))
        if why is not None:
            refused[place] = why
        else:
            fresh.append(row)
    upsert(Invitation, fresh, ["external_id"], [*TOLD, "ended_at"])
    return refused


def kept_address(email: str, state: str, *, is_erased: bool) -> str:
    return email.lower() if state == InvitationState.PENDING and not is_erased else ""


def make(external_id: str, workspace: Workspace, values: dict[str, Any], changed_at: datetime) -> None:
    Invitation.objects.create(external_id=external_id, workspace=workspace, changed_at=changed_at, **values)


def change(row: Invitation, values: dict[str, Any], changed_at: datetime) -> bool:
    """What the product says of it now. True when anything moved."""
    moved = [name for name, value in values.items() if getattr(row, name) != value]
    for name in moved:
        setattr(row, name, values[name])
    row.changed_at = changed_at
    row.save()
    return bool(moved)


def forget(addresses: Collection[str], now: datetime) -> int:
    """Those to these addresses lose them for good. Returns how many."""
    theirs = Invitation.objects.filter(email__in=[address.lower() for address in addresses if address])
    return theirs.update(email="", erased_at=now)

"""Who sits where, and who is invited, as the product pushes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bursar.product.pushed import InvitationItem, OrganisationMemberItem, WorkspaceMemberItem
from bursar.product.upsert.shared import (
    NotPossible,
    Result,
    find_organisation,
    find_person,
    is_stale,
    say_moved,
    writes,
)
from bursar.support.queries import is_visiting
from bursar.tenants import rules, store
from bursar.tenants.models import Invitation, OrganisationMembership, Workspace, WorkspaceMembership

Beside = Callable[[Any], dict[str, Any]]


@writes(OrganisationMemberItem)
def _organisation_member(item: OrganisationMemberItem, now: datetime) -> Result:
    subject = {"organisation": find_organisation(item.organisation), "person": find_person(item.person)}
    return _member(OrganisationMembership, subject, item, now)


@writes(WorkspaceMemberItem)
def _workspace_member(item: WorkspaceMemberItem, now: datetime) -> Result:
    workspace = _workspace_for(item)
    person = find_person(item.person)

    def visit(present: WorkspaceMembership | None) -> dict[str, Any]:
        """What is not said of somebody who sits there stays; a colleague in a support session there is on a visit."""
        if "is_support" in item.model_fields_set:
            return {"is_support": item.is_support}
        return {"is_support": present.is_support if present else is_visiting(workspace, person, now)}

    result = _member(WorkspaceMembership, {"workspace": workspace, "person": person}, item, now, visit)
    if result.what != "stale":
        result.accounts = {workspace.account_id}
    return result


def _workspace_for(item: WorkspaceMemberItem | InvitationItem) -> Workspace:
    """The workspace that an item names, if it takes people in that role."""
    workspace = Workspace.objects.filter(external_id=item.workspace).first()
    if workspace is None:
        raise NotPossible(f"There is no workspace “{item.workspace}”.")
    why = rules.why_not_role(item.role, workspace.kind) if item.role else None
    if why:
        raise NotPossible(why)
    return workspace


def _member(model: Any, subject: dict[str, Any], item: Any, now: datetime, beside: Beside = lambda row: {}) -> Result:
    """The newest dated row tells what holds, and when the product or a colleague last said so.

    `beside`: what else a row holds than the role, by the one that holds now.
    """
    newest = model.objects.filter(**subject).order_by("-valid_from").first()
    present = newest if newest is not None and newest.is_live(now) else None
    if newest is not None and newest.changed_at is not None and item.changed_at < newest.changed_at:
        return Result("stale")
    more = beside(present) if item.role else {}
    if _is_as_said(present, {"role": item.role, **more}):
        store.memberships.confirm(model, subject, item.changed_at)
        return Result("unchanged")
    overruled = ""
    if newest is not None and newest.is_commanded:
        overruled = f"{subject['person'].name} was made {newest.get_role_display()} by staff"
    store.memberships.say(model, [subject], item.role, item.changed_at, now, more)
    return Result("updated" if present else "created", overruled=overruled)


def _is_as_said(present: Any, values: dict[str, Any]) -> bool:
    if present is None:
        return values["role"] is None
    return all(getattr(present, name) == value for name, value in values.items())


@writes(InvitationItem)
def _invitation(item: InvitationItem, now: datetime) -> Result:
    """It touches no account: nothing that is counted or billed depends on it."""
    workspace = _workspace_for(item)
    inviter = find_person(item.invited_by) if item.invited_by else None
    row = Invitation.objects.select_for_update(no_key=True).filter(external_id=item.external_id).first()
    values: dict[str, Any] = {
        "email": _address_of(item, row),
        "role": item.role,
        "invited_by_id": inviter.pk if inviter else None,
        "invited_at": item.invited_at,
        "state": item.state,
        "ended_at": _ended_at(item, row, now),
    }
    if row is None:
        store.invitations.make(item.external_id, workspace, values, item.changed_at)
        return Result("created")
    if row.workspace_id != workspace.pk:
        raise NotPossible(rules.NO_OTHER_WORKSPACE)
    sentence = "The address was erased here and is not kept." if row.erased_at is not None else ""
    if is_stale(row, item):
        return Result("stale", sentence)
    return Result(say_moved(store.invitations.change(row, values, item.changed_at)), sentence)


def _address_of(item: InvitationItem, row: Invitation | None) -> str:
    is_erased = row is not None and row.erased_at is not None
    return store.invitations.kept_address(item.email, item.state, is_erased=is_erased)


def _ended_at(item: InvitationItem, row: Invitation | None, now: datetime) -> datetime | None:
    """When it took the state it has, as the product says; never ahead of the clock here."""
    if item.state == "pending":
        return None
    return row.ended_at if row is not None and row.state == item.state else min(item.changed_at, now)

"""Applies what the product pushes, item by item, newer over older. Called by the push action only.

Nothing is written with a past `valid_from`: what a push says holds from now on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from bursar.access.models import User
from bursar.core.dated import replace_from
from bursar.core.sortkey import sort_key
from bursar.product.pushed import (
    InvitationItem,
    LoginItem,
    OrganisationItem,
    OrganisationMemberItem,
    PersonItem,
    WorkspaceItem,
    WorkspaceMemberItem,
)
from bursar.tenants.models import (
    BillingAccount,
    Invitation,
    Login,
    Organisation,
    OrganisationMembership,
    Person,
    Scope,
    Workspace,
    WorkspaceAccount,
    WorkspaceMembership,
)
from bursar.tenants.store import get_pooled_account


class NotPossible(Exception):
    """This item cannot be taken; the text says why. The others are."""


@dataclass
class Result:
    """`what`: created, updated, unchanged, stale or refused. `overruled`: a staff command that the push undid."""

    what: str
    sentence: str = ""
    accounts: set[int] = field(default_factory=set)
    overruled: str = ""


def apply_item(item: Any, now: datetime) -> Result:
    return _WRITERS[type(item)](item, now)


def lock_accounts(items: list[Any]) -> None:
    """The accounts of the workspaces that the items name, in id order: as every action does."""
    names = {item.external_id for item in items if isinstance(item, WorkspaceItem)}
    names |= {item.workspace for item in items if isinstance(item, WorkspaceMemberItem)}
    made_here = {item.bursar_id for item in items if isinstance(item, WorkspaceItem) and item.bursar_id}
    if names:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM tenants_billingaccount WHERE id IN (SELECT account_id FROM tenants_workspace "
                "WHERE external_id = ANY(%s) OR public_id = ANY(%s)) ORDER BY id FOR UPDATE",
                [sorted(names), sorted(made_here)],
            )


def _write(row: Any, values: dict[str, Any], item: Any) -> str:
    """Updates a row that is there; says whether anything moved. What is stored as newer stays."""
    if row.changed_at is not None and item.changed_at < row.changed_at:
        return "stale"
    moved = [name for name, value in values.items() if getattr(row, name) != value]
    for name in moved:
        setattr(row, name, values[name])
    row.changed_at = item.changed_at
    row.save()
    return "updated" if moved else "unchanged"


def _organisation(item: OrganisationItem, now: datetime) -> Result:
    values: dict[str, Any] = {"name": item.name, "country": item.country}
    if item.creator is not None:
        values["creator_id"] = _person(item.creator).pk
    row = Organisation.objects.select_for_update().filter(external_id=item.external_id).first()
    if row is None:
        made = Organisation(external_id=item.external_id, created_at=now, changed_at=item.changed_at, **values)
        made.deleted_at = now if item.deleted else None
        made.save()
        return Result("created")
    values["deleted_at"] = (row.deleted_at or now) if item.deleted else None
    what = _write(row, values, item)
    if what == "updated":
        pooled = BillingAccount.objects.filter(organisation=row, scope=Scope.ORGANISATION, label="")
        pooled.update(shown_label=row.name, sort_key=sort_key(row.name))
    return Result(what)


def _person_item(item: PersonItem, now: datetime) -> Result:
    row = Person.objects.select_for_update().filter(external_id=item.external_id).first()
    values = {"name": item.name, "email": item.email.lower()}
    if row is None:
        Person(external_id=item.external_id, changed_at=item.changed_at, **values).save()
        return Result("created")
    if row.erased_at is not None:
        return Result("stale", "This person was erased here; what the product says of them is not kept.")
    what = _write(row, values, item)
    if what == "updated" and row.user is not None and not hasattr(row.user, "staff"):
        _follow(row.user, row)
    return Result(what)


def _follow(user: User, person: Person) -> None:
    """A customer signs in under the address that the product knows, unless somebody else has it here."""
    user.name = person.name
    if person.email and not User.objects.filter(email=person.email).exclude(pk=user.pk).exists():
        user.email = person.email
    user.save(update_fields=["name", "email"])


def _workspace(item: WorkspaceItem, now: datetime) -> Result:
    organisation = _organisation_named(item.organisation)
    owner = _organisation_named(item.data_owner) if item.data_owner else None
    values: dict[str, Any] = {
        "name": item.name,
        "kind": item.type,
        "visibility": item.visibility,
        "data_owner": owner,
        "data_owner_email": item.data_owner_email,
        "agreement_accepted_at": item.agreement_accepted_at,
    }
    is_adopted = bool(item.bursar_id) and _adopt(item)
    row = Workspace.objects.select_for_update(of=("self",)).filter(external_id=item.external_id).first()
    if row is None:
        account = _payer(organisation, item, now)
        made = Workspace(external_id=item.external_id, organisation=organisation, account=account, **values)
        made.created_at, made.changed_at = now, item.changed_at
        made.deleted_at = None
        made.save()
        WorkspaceAccount.objects.create(workspace=made, account=account, valid_from=now)
        return Result("created", accounts={account.pk})
    if row.organisation_id != organisation.pk:
        raise NotPossible("A workspace moves to another organisation by a handoff, which staff do.")
    if row.kind != item.type:
        raise NotPossible("A workspace stays internal, or for an external client, as it was made.")
    gone_since = row.deleted_at
    values["deleted_at"] = (gone_since or now) if item.deleted else None
    what = _write(row, values, item)
    if is_adopted:
        return Result("updated", "It goes by the product's id from now on.", accounts={row.account_id})
    if what == "updated":
        if gone_since is not None and not item.deleted:
            _come_back(row, gone_since, now)
        BillingAccount.objects.filter(pk=row.account_id, scope=Scope.WORKSPACE, label="").update(
            shown_label=row.name, sort_key=row.sort_key
        )
    return Result(what, accounts=set() if what == "stale" else {row.account_id})


def _adopt(item: WorkspaceItem) -> bool:
    """Gives a workspace that was made here the product's own id. False when it has it already."""
    row = Workspace.objects.select_for_update(of=("self",)).filter(public_id=item.bursar_id).first()
    if row is None:
        raise NotPossible(f"There is no workspace “{item.bursar_id}” here.")
    if row.external_id == item.external_id and not row.awaits_product:
        return False
    if not row.awaits_product:
        raise NotPossible(f"“{item.bursar_id}” goes by the product's id “{row.external_id}” already.")
    if Workspace.objects.filter(external_id=item.external_id).exclude(pk=row.pk).exists():
        raise NotPossible(f"“{item.external_id}” is the id of another workspace already.")
    Workspace.objects.filter(pk=row.pk).update(external_id=item.external_id)
    return True


def _come_back(workspace: Workspace, gone_since: datetime, now: datetime) -> None:
    """It was away: nobody paid for it in between, so that the months that closed without it stay true."""
    kept = WorkspaceAccount.objects.filter(workspace=workspace, valid_until=None)
    kept.filter(valid_from__gte=gone_since).delete()
    kept.update(valid_until=gone_since)
    WorkspaceAccount.objects.create(workspace=workspace, account_id=workspace.account_id, valid_from=now)


def _payer(organisation: Organisation, item: WorkspaceItem, now: datetime) -> BillingAccount:
    """External-client work pays for itself; everything else draws on the organisation's pooled account."""
    if item.type == "external_client":
        label = {"shown_label": item.name, "sort_key": sort_key(item.name)}
        return BillingAccount.objects.create(organisation=organisation, scope=Scope.WORKSPACE, created_at=now, **label)
    return get_pooled_account(organisation, now)


def _organisation_member(item: OrganisationMemberItem, now: datetime) -> Result:
    subject = {"organisation": _organisation_named(item.organisation), "person": _person(item.person)}
    return _member(OrganisationMembership, subject, item, now)


def _workspace_member(item: WorkspaceMemberItem, now: datetime) -> Result:
    workspace = _workspace_for(item)
    result = _member(WorkspaceMembership, {"workspace": workspace, "person": _person(item.person)}, item, now)
    if result.what != "stale":
        result.accounts = {workspace.account_id}
    return result


def _workspace_for(item: WorkspaceMemberItem | InvitationItem) -> Workspace:
    """The workspace that an item names, if it takes people in that role."""
    workspace = Workspace.objects.filter(external_id=item.workspace).first()
    if workspace is None:
        raise NotPossible(f"There is no workspace “{item.workspace}”.")
    if item.role == "observer" and workspace.kind == "internal":
        raise NotPossible("Observers exist only in workspaces for external clients.")
    return workspace


def _member(model: Any, subject: dict[str, Any], item: Any, now: datetime) -> Result:
    """The newest dated row tells what holds, and when the product or a colleague last said so."""
    newest = model.objects.filter(**subject).order_by("-valid_from").first()
    present = newest if newest is not None and newest.is_live(now) else None
    if newest is not None and newest.changed_at is not None and item.changed_at < newest.changed_at:
        return Result("stale")
    if (present.role if present else None) == item.role:
        if newest is not None:
            model.objects.filter(pk=newest.pk).update(changed_at=item.changed_at, is_commanded=False)
        return Result("unchanged")
    overruled = ""
    if newest is not None and newest.is_commanded:
        overruled = f"{subject['person'].name} was made {newest.get_role_display()} by staff"
    values = {"role": item.role, "changed_at": item.changed_at} if item.role else None
    replace_from(model, subject, now, values)
    if item.role is None:
        left = model.objects.filter(**subject).order_by("-valid_from").first()
        if left is not None:
            model.objects.filter(pk=left.pk).update(changed_at=item.changed_at, is_commanded=False)
    return Result("updated" if present else "created", overruled=overruled)


def _invitation(item: InvitationItem, now: datetime) -> Result:
    """It touches no account: nothing that is counted or billed depends on it."""
    workspace = _workspace_for(item)
    inviter = _person(item.invited_by) if item.invited_by else None
    row = Invitation.objects.select_for_update().filter(external_id=item.external_id).first()
    values: dict[str, Any] = {
        "email": _address_of(item, row),
        "role": item.role,
        "invited_by_id": inviter.pk if inviter else None,
        "invited_at": item.invited_at,
        "state": item.state,
        "ended_at": _ended_at(item, row, now),
    }
    if row is None:
        Invitation.objects.create(
            external_id=item.external_id, workspace=workspace, changed_at=item.changed_at, **values
        )
        return Result("created")
    if row.workspace_id != workspace.pk:
        raise NotPossible("An invitation stays with its workspace: withdraw it, and push another one.")
    sentence = "The address was erased here and is not kept." if row.erased_at is not None else ""
    return Result(_write(row, values, item), sentence)


def _address_of(item: InvitationItem, row: Invitation | None) -> str:
    is_erased = row is not None and row.erased_at is not None
    return item.email.lower() if item.state == "pending" and not is_erased else ""


def _ended_at(item: InvitationItem, row: Invitation | None, now: datetime) -> datetime | None:
    """When it took the state it has, as the product says; never ahead of the clock here."""
    if item.state == "pending":
        return None
    return row.ended_at if row is not None and row.state == item.state else min(item.changed_at, now)


def _login(item: LoginItem, now: datetime) -> Result:
    person = _person(item.person)
    if person.erased_at is not None:
        return Result("stale", "This person was erased here.")
    row, is_new = Login.objects.get_or_create(person=person, day=item.day, defaults={"count": item.count})
    if is_new:
        return Result("created")
    if item.count == row.count:
        return Result("unchanged")
    if item.count < row.count:
        return Result("stale", f"{row.count} sign-ins are known for that day.")
    Login.objects.filter(pk=row.pk).update(count=item.count)
    return Result("updated")


def _organisation_named(external_id: str) -> Organisation:
    found = Organisation.objects.filter(external_id=external_id).first()
    if found is None:
        raise NotPossible(f"There is no organisation “{external_id}”.")
    return found


def _person(external_id: str) -> Person:
    found = Person.objects.filter(external_id=external_id).first()
    if found is None:
        raise NotPossible(f"There is no person “{external_id}”.")
    return found


_WRITERS: dict[type, Callable[[Any, datetime], Result]] = {
    OrganisationItem: _organisation,
    PersonItem: _person_item,
    WorkspaceItem: _workspace,
    OrganisationMemberItem: _organisation_member,
    WorkspaceMemberItem: _workspace_member,
    InvitationItem: _invitation,
    LoginItem: _login,
}

"""Applies what the product pushes, item by item, newer over older. Called by the push action only.

Nothing is written with a past `valid_from`: what a push says holds from now on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from bursar.access.models import User
from bursar.core import locks
from bursar.core.registry import Registry
from bursar.product.lookup import TURNSTILE
from bursar.product.pushed import (
    PUSHED,
    InvitationItem,
    LoginItem,
    OrganisationItem,
    OrganisationMemberItem,
    PersonItem,
    WorkspaceItem,
    WorkspaceMemberItem,
)
from bursar.product.records.shared import kind_of
from bursar.support.queries import is_visiting
from bursar.tenants import rules, store
from bursar.tenants.models import (
    Invitation,
    Organisation,
    OrganisationMembership,
    Person,
    Workspace,
    WorkspaceMembership,
)
from bursar.training.store import needs, rosters

STALE = " What else it says is older than what is stored."


class NotPossible(Exception):
    """This item cannot be taken; the text says why. The others are."""


@dataclass
class Result:
    """`what`: created, updated, unchanged, stale or refused. `overruled`: a staff command that the push undid.

    `ends`: when an organisation is to end, None: it is not; it holds once the whole batch is written.
    """

    what: str
    sentence: str = ""
    accounts: set[int] = field(default_factory=set)
    overruled: str = ""
    ends: dict[int, datetime | None] = field(default_factory=dict)


Writer = Callable[[Any, datetime], Result]
Beside = Callable[[Any], dict[str, Any]]
WRITERS: Registry[Writer] = Registry("writer of pushed items")


def _writes(model: type[BaseModel]) -> Callable[[Writer], Writer]:
    def register(function: Writer) -> Writer:
        return WRITERS.add(kind_of(model), function)

    return register


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


def _is_stale(row: Any, item: Any) -> bool:
    """What is stored as newer stays."""
    return row.changed_at is not None and item.changed_at < row.changed_at


def _said(moved: bool) -> str:
    return "updated" if moved else "unchanged"


@_writes(OrganisationItem)
def _organisation(item: OrganisationItem, now: datetime) -> Result:
    """All but its end, which `end_organisations` sees to once the whole batch is written."""
    values: dict[str, Any] = {"name": item.name, "country": item.country}
    if "creator" in item.model_fields_set:
        values["creator_id"] = _person(item.creator).pk if item.creator is not None else None
    is_adopted = _adopt(Organisation, item)
    row = Organisation.objects.select_for_update(no_key=True).filter(external_id=item.external_id).first()
    if row is None:
        made = store.organisations.make(item.external_id, values, item.changed_at, now)
        return Result("created", ends={made.pk: now if item.deleted else None})
    if _is_stale(row, item):
        return _adopted(row, STALE) if is_adopted else Result("stale")
    gone = (row.deleted_at or now) if item.deleted else None
    moved = store.organisations.change(row, values, item.changed_at)
    result = _adopted(row) if is_adopted else Result(_said(moved or gone != row.deleted_at))
    result.ends = {row.pk: gone}
    return result


def end_organisations(results: list[Result], now: datetime) -> dict[int, str]:
    """The last word of the batch on each organisation's end. Returns the places that are refused, with the sentence."""
    places = {pk: place for place, result in enumerate(results) for pk in result.ends}
    ends = {pk: results[place].ends[pk] for pk, place in places.items()}
    refused = store.organisations.end(ends, now, pushed=True) if ends else {}
    return {places[pk]: sentence for pk, sentence in refused.items()}


@_writes(PersonItem)
def _person_item(item: PersonItem, now: datetime) -> Result:
    row = Person.objects.select_for_update(no_key=True).filter(external_id=item.external_id).first()
    values = {"name": item.name, "email": item.email.lower()}
    if row is None:
        store.people.make(item.external_id, values, item.changed_at, now)
        rosters.attach([values["email"]], now)
        return Result("created")
    if row.erased_at is not None:
        return Result("stale", "This person was erased here; what the product says of them is not kept.")
    if row.pushed_at is not None and _is_stale(row, item):
        return Result("stale")
    moved = store.people.change(row, values, item.changed_at, now)
    if moved:
        rosters.attach([row.email], now)
    if moved and row.user is not None and not hasattr(row.user, "staff"):
        _follow(row.user, row)
    return Result(_said(moved))


def _follow(user: User, person: Person) -> None:
    """A customer signs in under the address that the product knows, unless somebody else has it here."""
    user.name = person.name
    if person.email and not User.objects.filter(email=person.email).exclude(pk=user.pk).exists():
        user.email = person.email
    user.save(update_fields=["name", "email"])


@_writes(WorkspaceItem)
def _workspace(item: WorkspaceItem, now: datetime) -> Result:
    organisation = _organisation_named(item.organisation)
    owner = _organisation_named(item.data_owner) if item.data_owner else None
    values: dict[str, Any] = {
        "name": item.name,
        "visibility": item.visibility,
        "data_owner": owner,
        "data_owner_email": item.data_owner_email,
        "agreement_accepted_at": item.agreement_accepted_at,
    }
    is_adopted = _adopt(Workspace, item)
    row = Workspace.objects.select_for_update(no_key=True, of=("self",)).filter(external_id=item.external_id).first()
    if row is None:
        return _new_workspace(item, organisation, values, now)
    if row.organisation_id != organisation.pk:
        raise NotPossible(rules.NO_OTHER_ORGANISATION)
    if row.kind != item.type:
        raise NotPossible(rules.NO_OTHER_KIND)
    if row.deleted_at is not None and not item.deleted and organisation.deleted_at is not None:
        raise NotPossible(rules.why_not_in_ended(organisation.name))
    if _is_stale(row, item):
        return _adopted(row, STALE) if is_adopted else Result("stale")
    overruled = _heed_visibility(row, values, item)
    moved = store.workspaces.change(row, values, item.changed_at, now, is_gone=item.deleted)
    moved = needs.say(row.pk, item.needs_training, now) or moved
    if is_adopted:
        return _adopted(row)
    return Result(_said(moved), accounts={row.account_id}, overruled=overruled)


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


def _adopted(row: Organisation | Workspace, more: str = "") -> Result:
    accounts = {row.account_id} if isinstance(row, Workspace) else set()
    return Result("updated", f"It goes by the product's id from now on.{more}", accounts=accounts)


def _adopt(model: type[Organisation] | type[Workspace], item: OrganisationItem | WorkspaceItem) -> bool:
    """Gives what was made here the product's own id. False when it has it already."""
    if not item.bursar_id:
        return False
    rows: Any = model._default_manager
    row = rows.select_for_update(no_key=True, of=("self",)).filter(public_id=item.bursar_id).first()
    if row is None:
        raise NotPossible(f"There is no {model._meta.verbose_name} “{item.bursar_id}” here.")
    if row.external_id == item.external_id and not row.awaits_product:
        return False
    if not row.awaits_product:
        raise NotPossible(f"“{item.bursar_id}” goes by the product's id “{row.external_id}” already.")
    if rows.filter(external_id=item.external_id).exclude(pk=row.pk).exists():
        raise NotPossible(f"“{item.external_id}” is the id of another {model._meta.verbose_name} already.")
    store.handing.adopt(row, item.external_id)
    return True


@_writes(OrganisationMemberItem)
def _organisation_member(item: OrganisationMemberItem, now: datetime) -> Result:
    subject = {"organisation": _organisation_named(item.organisation), "person": _person(item.person)}
    return _member(OrganisationMembership, subject, item, now)


@_writes(WorkspaceMemberItem)
def _workspace_member(item: WorkspaceMemberItem, now: datetime) -> Result:
    workspace = _workspace_for(item)
    person = _person(item.person)

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


@_writes(InvitationItem)
def _invitation(item: InvitationItem, now: datetime) -> Result:
    """It touches no account: nothing that is counted or billed depends on it."""
    workspace = _workspace_for(item)
    inviter = _person(item.invited_by) if item.invited_by else None
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
    if _is_stale(row, item):
        return Result("stale", sentence)
    return Result(_said(store.invitations.change(row, values, item.changed_at)), sentence)


def _address_of(item: InvitationItem, row: Invitation | None) -> str:
    is_erased = row is not None and row.erased_at is not None
    return store.invitations.kept_address(item.email, item.state, is_erased=is_erased)


def _ended_at(item: InvitationItem, row: Invitation | None, now: datetime) -> datetime | None:
    """When it took the state it has, as the product says; never ahead of the clock here."""
    if item.state == "pending":
        return None
    return row.ended_at if row is not None and row.state == item.state else min(item.changed_at, now)


@_writes(LoginItem)
def _login(item: LoginItem, now: datetime) -> Result:
    person = _person(item.person)
    if person.erased_at is not None:
        return Result("stale", "This person was erased here.")
    known = store.logins.raise_to(person, item.day, item.count)
    if known is None:
        return Result("created")
    if item.count == known:
        return Result("unchanged")
    if item.count < known:
        return Result("stale", f"{known} sign-ins are known for that day.")
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


WRITERS.close(PUSHED)

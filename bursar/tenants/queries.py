"""Every read of tenants, scoped by the actor: a stranger finds nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Case, Count, Max, Q, QuerySet, When

from bursar.access.actor import Actor
from bursar.core.errors import NotFound
from bursar.tenants.models import (
    BillingAccount,
    Organisation,
    OrganisationMembership,
    OrganisationRole,
    Person,
    Workspace,
    WorkspaceMembership,
    WorkspaceRole,
)

M = TypeVar("M")
ADMIN_ROLES = (WorkspaceRole.OWNER, WorkspaceRole.ADMIN)
CONTACTS_SHOWN = 3


def accounts_for(actor: Actor) -> QuerySet[BillingAccount]:
    every = BillingAccount.objects.select_related("organisation")
    return every if actor.all_accounts else every.filter(id__in=actor.account_ids)


def get_account(actor: Actor, public_id: str) -> BillingAccount:
    return _found(accounts_for(actor).filter(public_id=public_id).first())


def workspaces_for(actor: Actor) -> QuerySet[Workspace]:
    every = Workspace.objects.select_related("account__organisation", "organisation")
    return every if actor.all_accounts else every.filter(account_id__in=actor.account_ids)


def get_workspace(actor: Actor, public_id: str) -> Workspace:
    return _found(workspaces_for(actor).filter(public_id=public_id).first())


def get_organisation(actor: Actor, public_id: str) -> Organisation:
    found = Organisation.objects.filter(public_id=public_id)
    if not actor.all_accounts:
        found = found.filter(accounts__id__in=actor.account_ids).distinct()
    return _found(found.first())


def get_person(actor: Actor, public_id: str) -> Person:
    """People are the staff's to look up; customers see their own pages."""
    found = Person.objects.select_related("user").filter(public_id=public_id)
    return _found(found.first() if actor.all_accounts else None)


def list_person_touches(person: Person) -> list[str]:
    return [person.public_id]


def find_people(actor: Actor, text: str, limit: int) -> list[Person]:
    if not actor.all_accounts:
        return []
    return list(_best_first(Person.objects.filter(sort_key__contains=text), text)[:limit])


def _found(thing: M | None) -> M:
    if thing is None:
        raise NotFound
    return thing


def list_account_ids_of(organisation: Organisation) -> list[int]:
    return list(organisation.accounts.values_list("id", flat=True))


def list_direct_members(workspace: Workspace, at: datetime) -> QuerySet[WorkspaceMembership]:
    """Live, direct, not support; oldest first."""
    live = WorkspaceMembership.objects.at(at).filter(workspace=workspace, is_support=False)
    return live.select_related("person").order_by("valid_from", "id")


def list_customer_account_ids(person: Person, at: datetime) -> set[int]:
    """Accounts of which a person is a customer: of a workspace they sit in, or of an organisation they belong to."""
    workspaces = WorkspaceMembership.objects.at(at).filter(person=person, is_support=False)
    direct = workspaces.values_list("workspace__account_id", flat=True)
    organisations = OrganisationMembership.objects.at(at).filter(person=person).values("organisation_id")
    inherited = BillingAccount.objects.filter(organisation_id__in=organisations).values_list("id", flat=True)
    return set(direct) | set(inherited)


@dataclass(frozen=True)
class Contact:
    name: str
    email: str
    person_id: str
    last_login: str = ""


def list_admin_contacts(account_ids: Collection[int], at: datetime) -> dict[int, list[Contact]]:
    """Up to three admin contacts of each account, most recently active first (DOMAIN 1), in three queries."""
    direct = WorkspaceMembership.objects.at(at).filter(
        workspace__account_id__in=account_ids, workspace__deleted_at=None, role__in=ADMIN_ROLES, is_support=False
    )
    found = _people_by_account(direct.values_list("workspace__account_id", "person_id"))
    missing = [pk for pk in account_ids if pk not in found]
    if missing:
        inherited = OrganisationMembership.objects.at(at).filter(
            organisation__accounts__id__in=missing, role__in=(OrganisationRole.OWNER, OrganisationRole.ADMIN)
        )
        wanted = set(missing)
        pairs = inherited.values_list("organisation__accounts__id", "person_id")
        found |= _people_by_account((pk, person) for pk, person in pairs if pk in wanted)
    people = {person for group in found.values() for person in group}
    rows = Person.objects.filter(id__in=people).annotate(last=Max("logins__day"))
    order = {p.id: p for p in sorted(rows, key=lambda p: (-(p.last.toordinal() if p.last else 0), p.sort_key))}
    ranks = {pk: rank for rank, pk in enumerate(order)}
    return {
        account_id: [_contact(order[pk]) for pk in sorted(group, key=ranks.__getitem__)[:CONTACTS_SHOWN]]
        for account_id, group in found.items()
    }


def _people_by_account(pairs: Any) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for account_id, person_id in pairs:
        found.setdefault(account_id, set()).add(person_id)
    return found


def _contact(person: Any) -> Contact:
    return Contact(person.name, person.email, person.public_id, person.last.isoformat() if person.last else "")


def list_people_by_role(account: BillingAccount, at: datetime) -> list[tuple[str, int]]:
    """Distinct people of the account's live workspaces by role, for the seat popover."""
    live = WorkspaceMembership.objects.at(at).filter(
        workspace__account=account, workspace__deleted_at=None, is_support=False
    )
    counts = live.order_by().values_list("role").annotate(people=Count("person_id", distinct=True))
    found = dict(counts)
    return [(role.label, found[role.value]) for role in WorkspaceRole if role.value in found]


def find_accounts(actor: Actor, text: str, limit: int) -> list[BillingAccount]:
    """By label or organisation, for jumping; those that begin with `text` first."""
    found = accounts_for(actor).filter(Q(sort_key__contains=text) | Q(organisation__sort_key__contains=text))
    return list(_best_first(found, text)[:limit])


def find_workspaces(actor: Actor, text: str, limit: int) -> list[Workspace]:
    return list(_best_first(workspaces_for(actor).filter(sort_key__contains=text, deleted_at=None), text)[:limit])


def find_organisations(actor: Actor, text: str, limit: int) -> list[Organisation]:
    if not actor.all_accounts:
        return []
    return list(_best_first(Organisation.objects.filter(sort_key__contains=text), text)[:limit])


def _best_first(found: Any, text: str) -> Any:
    begins = Case(When(sort_key__startswith=text, then=0), default=1)
    return found.order_by(begins, "sort_key", "id")


def search_account_ids(text: str) -> Q:
    """A condition on accounts: label, organisation, a workspace, or an admin's name or address contains `text`."""
    admins = WorkspaceMembership.objects.filter(
        Q(person__sort_key__contains=text) | Q(person__email__icontains=text),
        valid_until=None,
        role__in=ADMIN_ROLES,
        is_support=False,
    )
    workspaces = Workspace.objects.filter(sort_key__contains=text, deleted_at=None)
    return (
        Q(account__sort_key__contains=text)
        | Q(account__organisation__sort_key__contains=text)
        | Q(account_id__in=workspaces.values("account_id"))
        | Q(account_id__in=admins.values("workspace__account_id"))
    )


def list_account_public_ids_of(organisation: Organisation) -> list[str]:
    return list(organisation.accounts.values_list("public_id", flat=True))

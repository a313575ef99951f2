"""Finding accounts, workspaces, organisations and people by what somebody typed: a name, an address, or an id.

`asked` is that text as it was typed. Names are compared by their keys; an id or an address as it stands.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from bursar.access.actor import Actor
from bursar.audit.queries import list_touches
from bursar.core.sortkey import sort_key
from bursar.tenants.models import (
    BillingAccount,
    Organisation,
    OrganisationMembership,
    Person,
    Workspace,
    WorkspaceMembership,
)
from bursar.tenants.queries import ADMIN_ROLES, GOVERNING_ROLES, accounts_for, workspaces_for

IN_BOOK_AT_MOST = 500


def find_accounts(actor: Actor, asked: str, limit: int) -> list[BillingAccount]:
    """By label, organisation or id, for jumping; those that begin with the text first."""
    text = sort_key(asked)
    is_meant = Q(sort_key__contains=text) | Q(organisation__sort_key__contains=text) | Q(public_id=asked.lower())
    return list(_best_first(accounts_for(actor).filter(is_meant), text)[:limit])


def find_workspaces(actor: Actor, asked: str, limit: int) -> list[Workspace]:
    """By name, those that live; by id, those that are gone too."""
    text = sort_key(asked)
    is_meant = Q(sort_key__contains=text, deleted_at=None) | _has_id(asked)
    return list(_best_first(workspaces_for(actor).filter(is_meant), text)[:limit])


def find_organisations(actor: Actor, asked: str, limit: int) -> list[Organisation]:
    if not actor.all_accounts:
        return []
    text = sort_key(asked)
    return list(_best_first(Organisation.objects.filter(Q(sort_key__contains=text) | _has_id(asked)), text)[:limit])


def find_people(actor: Actor, asked: str, limit: int) -> list[Person]:
    """By name or id; by address when it looks like one."""
    if not actor.all_accounts:
        return []
    text = sort_key(asked)
    is_meant = Q(sort_key__contains=text) | _has_id(asked)
    if "@" in asked:
        is_meant |= Q(email__contains=asked.lower())
    return list(_best_first(Person.objects.filter(is_meant), text)[:limit])


def _has_id(asked: str) -> Q:
    """The product's id as it stands, or Bursar's."""
    return Q(external_id=asked) | Q(public_id=asked.lower())


def _best_first(found: Any, text: str) -> Any:
    begins = Case(When(sort_key__startswith=text, then=0), default=1)
    return found.order_by(begins, "sort_key", "id")


def search_account_ids(asked: str) -> Q:
    """A condition on rows of accounts: label, organisation, a workspace, or an admin contact's name or address has it.

    An id of the account, its organisation, a workspace, a member or a line of the log means the account too, and so
    does a member's whole address. One look through each table, whatever else is asked: as alternatives of one
    condition they would be tried per row.
    """
    return Q(account_id__in=list_meant_ids(asked))


def list_meant_ids(asked: str) -> QuerySet[Any, Any]:
    """The same accounts, by key."""
    text, asked = sort_key(asked), asked.strip()
    found = BillingAccount.objects.filter(sort_key__contains=text).values("id")
    theirs = BillingAccount.objects.filter(organisation__sort_key__contains=text).values("id")
    workspaces = Workspace.objects.filter(sort_key__contains=text, deleted_at=None).values("account_id")
    return found.union(theirs, workspaces, *_by_contact(text, asked), *_by_id(asked))


def _by_contact(text: str, asked: str) -> tuple[QuerySet[Any, Any], QuerySet[Any, Any]]:
    """By an admin of a workspace; and by one of the organisation, for accounts whose workspaces have none."""
    is_meant = Q(person__sort_key__contains=text) | Q(person__email__contains=asked.lower())
    direct = WorkspaceMembership.objects.filter(
        valid_until=None, role__in=ADMIN_ROLES, is_support=False, workspace__deleted_at=None
    )
    inherited = OrganisationMembership.objects.filter(is_meant, valid_until=None, role__in=GOVERNING_ROLES)
    without = BillingAccount.objects.exclude(Exists(direct.filter(workspace__account_id=OuterRef("pk"))))
    return (
        direct.filter(is_meant).values("workspace__account_id"),
        without.filter(organisation_id__in=inherited.values("organisation_id")).values("id"),
    )


def _by_id(asked: str) -> list[QuerySet[Any, Any]]:
    """Each by an index; nothing that holds a blank is an id or an address."""
    if not asked or " " in asked:
        return []
    organisations = Organisation.objects.filter(_has_id(asked)).values("id")
    people = Person.objects.filter(Q(email=asked.lower()) if "@" in asked else _has_id(asked)).values("id")
    members = WorkspaceMembership.objects.filter(person_id__in=people, valid_until=None, workspace__deleted_at=None)
    governed = OrganisationMembership.objects.filter(person_id__in=people, valid_until=None).values("organisation_id")
    found = [
        BillingAccount.objects.filter(public_id=asked.lower()).values("id"),
        BillingAccount.objects.filter(organisation_id__in=organisations).values("id"),
        BillingAccount.objects.filter(organisation_id__in=governed).values("id"),
        Workspace.objects.filter(_has_id(asked)).values("account_id"),
        members.values("workspace__account_id"),
    ]
    if asked.lower().startswith("aud_"):
        touched = list_touches(asked.lower())
        found.append(BillingAccount.objects.filter(public_id__in=touched).values("id"))
        found.append(Workspace.objects.filter(public_id__in=touched).values("account_id"))
    return found


def list_public_ids(asked: str) -> list[str]:
    """Bursar's ids of what the text means in the log: lines on an account's workspaces carry the account's id.

    By a name no more than `IN_BOOK_AT_MOST` accounts: a text that means more of them means none.
    """
    text = sort_key(asked)
    has_address = Q(email=asked.lower()) if "@" in asked else Q(pk__in=[])
    ids = [
        *Workspace.objects.filter(_has_id(asked)).values_list("public_id", flat=True),
        *Organisation.objects.filter(_has_id(asked)).values_list("public_id", flat=True),
        *Person.objects.filter(_has_id(asked) | has_address).values_list("public_id", flat=True),
    ]
    named = BillingAccount.objects.filter(Q(sort_key__contains=text) | Q(organisation__sort_key__contains=text))
    accounts = list(named.values_list("public_id", flat=True)[: IN_BOOK_AT_MOST + 1])
    return [*ids, *(accounts if len(accounts) <= IN_BOOK_AT_MOST else [])]

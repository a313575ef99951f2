"""Every read of tenants, scoped by the actor: a stranger finds nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from bursar.access.actor import Actor, ActorKind, Door
from bursar.access.rights import Own
from bursar.core.errors import NotFound
from bursar.core.naming import NAMES
from bursar.tenants.models import (
    BillingAccount,
    Invitation,
    Organisation,
    OrganisationMembership,
    OrganisationRole,
    Person,
    Workspace,
    WorkspaceMembership,
    WorkspaceRole,
)
from bursar.tenants.rules import BILLING, Sight

M = TypeVar("M")
NAMES.add("per", lambda ids: dict(Person.objects.filter(public_id__in=ids).values_list("public_id", "name")))
ADMIN_ROLES = (WorkspaceRole.OWNER, WorkspaceRole.ADMIN)
GOVERNING_ROLES = (OrganisationRole.OWNER, OrganisationRole.ADMIN)
CONTACTS_SHOWN = 3


def accounts_for(actor: Actor) -> QuerySet[BillingAccount]:
    every = BillingAccount.objects.select_related("organisation")
    return every if actor.all_accounts else every.filter(id__in=actor.account_ids)


def get_account(actor: Actor, public_id: str) -> BillingAccount:
    return _found(accounts_for(actor).filter(public_id=public_id).first())


def workspaces_for(actor: Actor) -> QuerySet[Workspace]:
    """A customer reaches the workspaces they sit in or govern, not their neighbours on the same account."""
    every = Workspace.objects.select_related("account__organisation", "organisation")
    return every if actor.all_accounts else every.filter(id__in=actor.workspace_ids)


def get_workspace(actor: Actor, public_id: str) -> Workspace:
    return _found(workspaces_for(actor).filter(public_id=public_id).first())


def get_organisation(actor: Actor, public_id: str) -> Organisation:
    found = Organisation.objects.filter(public_id=public_id)
    if not actor.all_accounts:
        member = OrganisationMembership.objects.filter(person_id=actor.person_id or 0, valid_until=None)
        found = found.filter(
            Q(accounts__id__in=actor.account_ids) | Q(id__in=member.values("organisation_id"))
        ).distinct()
    return _found(found.first())


def get_person(actor: Actor, public_id: str) -> Person:
    """People are the staff's to look up; customers see their own pages."""
    found = Person.objects.select_related("user").filter(public_id=public_id)
    return _found(found.first() if actor.all_accounts else None)


def find_addressee(email: str) -> str:
    """The public id of the one person who has this address; empty where it is nobody's, or several people's."""
    found = Person.objects.filter(email__iexact=email, erased_at=None).values_list("public_id", flat=True)[:2]
    return found[0] if len(found) == 1 else ""


def list_person_touches(person: Person) -> list[str]:
    return [person.public_id]


def _found(thing: M | None) -> M:
    if thing is None:
        raise NotFound
    return thing


def list_ended() -> set[str]:
    """External ids of organisations that have ended."""
    return set(Organisation.objects.exclude(deleted_at=None).values_list("external_id", flat=True))


def list_account_ids_of(organisation: Organisation) -> list[int]:
    return list(organisation.accounts.values_list("id", flat=True))


def get_roles(person_id: int | None, organisation_id: int, workspace_id: int | None, at: datetime) -> tuple[str, str]:
    """Somebody's role in the workspace and in the organisation; empty where they have none."""
    who = person_id or 0
    seats = WorkspaceMembership.objects.at(at).filter(person_id=who, workspace_id=workspace_id or 0, is_support=False)
    above = OrganisationMembership.objects.at(at).filter(person_id=who, organisation_id=organisation_id)
    seat, role = (rows.values_list("role", flat=True).first() for rows in (seats, above))
    return seat or "", role or ""


def get_sight(person_id: int | None, organisation_id: int, workspace_id: int | None, at: datetime) -> Sight:
    """The same as what the roles open."""
    return Sight(*get_roles(person_id, organisation_id, workspace_id, at))


def may_bill(person_id: int | None, account: BillingAccount, at: datetime) -> bool:
    """Whether somebody has billing rights on the account: in its organisation, or in a live workspace that draws on it.

    The same as `Scope.may_bill`, of one account.
    """
    who = person_id or 0
    above = OrganisationMembership.objects.at(at).filter(
        person_id=who, organisation_id=account.organisation_id, organisation__deleted_at=None, role__in=BILLING
    )
    seats = WorkspaceMembership.objects.at(at).filter(
        person_id=who, workspace__account=account, workspace__deleted_at=None, is_support=False, role__in=BILLING
    )
    return above.exists() or seats.exists()


def list_direct_members(workspace: Workspace, at: datetime) -> QuerySet[WorkspaceMembership]:
    """Live, direct, not support; oldest first."""
    live = WorkspaceMembership.objects.at(at).filter(workspace=workspace, is_support=False)
    return live.select_related("person").order_by("valid_from", "id")


def list_billing_mails(account: BillingAccount, at: datetime) -> list[str]:
    """Addresses of its billing people; where nobody has that role, of the others with billing rights. In two
    statements, A to Z.
    """
    above = OrganisationMembership.objects.at(at).filter(
        organisation_id=account.organisation_id, organisation__deleted_at=None, role__in=BILLING
    )
    seats = WorkspaceMembership.objects.at(at).filter(
        workspace__account=account, workspace__deleted_at=None, is_support=False, role__in=BILLING
    )
    rows = [row for found in (above, seats) for row in found.values_list("person__email", "role")]
    narrow = {mail for mail, role in rows if mail and role == OrganisationRole.BILLING}
    return sorted(narrow or {mail for mail, _ in rows if mail})


def has_billing_mail(at: datetime) -> Q:
    """Of accounts: whether `list_billing_mails` finds any."""
    rights = {"role__in": BILLING, "person__email__gt": ""}
    above = OrganisationMembership.objects.at(at).filter(
        organisation=OuterRef("organisation"), organisation__deleted_at=None, **rights
    )
    seats = WorkspaceMembership.objects.at(at).filter(
        workspace__account=OuterRef("pk"), workspace__deleted_at=None, is_support=False, **rights
    )
    return Q(Exists(above)) | Q(Exists(seats))


def list_customer_account_ids(person: Person, at: datetime) -> set[int]:
    """Accounts of which a person is a customer: of a workspace they sit in, or of an organisation they belong to."""
    return _reach_of(person, at)[0]


def _reach_of(person: Person, at: datetime) -> tuple[set[int], set[int]]:
    """Those accounts; and the workspaces that a person sits in, with every one of an organisation they own or
    administer. Asked before each of their pages: two statements for whoever belongs to no organisation.
    """
    direct = WorkspaceMembership.objects.at(at).filter(person=person, is_support=False)
    seats = list(direct.values_list("workspace_id", "workspace__account_id"))
    workspaces, accounts = {seat[0] for seat in seats}, {seat[1] for seat in seats}
    above = list(OrganisationMembership.objects.at(at).filter(person=person).values_list("organisation_id", "role"))
    if above:
        inherited = BillingAccount.objects.filter(organisation_id__in=[row[0] for row in above])
        accounts.update(inherited.values_list("id", flat=True))
    if governed := [organisation_id for organisation_id, role in above if role in GOVERNING_ROLES]:
        workspaces.update(Workspace.objects.filter(organisation_id__in=governed).values_list("id", flat=True))
    return accounts, workspaces


def customer_of(person: Person, at: datetime, door: Door = Door.PAGE) -> Actor:
    """The person as an actor, whether or not they can sign in here: the product may speak for them."""
    accounts, workspaces = _reach_of(person, at)
    own = frozenset(accounts)
    return Actor(
        kind=ActorKind.CUSTOMER,
        id=person.public_id,
        name=person.name,
        door=door,
        scopes=frozenset(Own.values),
        account_ids=own,
        own_account_ids=own,
        workspace_ids=frozenset(workspaces),
        customer_id=person.public_id,
        user_id=person.user_id,
        person_id=person.pk,
    )


@dataclass(frozen=True)
class Contact:
    name: str
    email: str
    person_id: str
    last_login: str = ""


# Of one account, `wanted`: ten thousand accounts are ten thousand small looks, and no large sort.
_ADMINS = """
    WITH direct AS (
        SELECT DISTINCT m.person_id FROM tenants_workspace w
        JOIN tenants_workspacemembership m ON m.workspace_id = w.id
        WHERE w.account_id = wanted.account_id AND w.deleted_at IS NULL AND m.role IN ('owner', 'admin')
            AND NOT m.is_support AND m.valid_from <= %(at)s AND (m.valid_until IS NULL OR m.valid_until > %(at)s)
    )
    SELECT person_id FROM direct
    UNION ALL
    SELECT m.person_id FROM tenants_billingaccount b
    JOIN tenants_organisationmembership m ON m.organisation_id = b.organisation_id
    WHERE b.id = wanted.account_id AND m.role IN ('owner', 'admin')
        AND m.valid_from <= %(at)s AND (m.valid_until IS NULL OR m.valid_until > %(at)s)
        AND NOT EXISTS (SELECT 1 FROM direct)
"""
_WANTED = "(SELECT DISTINCT unnest(%(ids)s::bigint[]) AS account_id) wanted"
_CONTACTS = f"""
SELECT wanted.account_id, c.name, c.email, c.public_id, c.day FROM {_WANTED}
CROSS JOIN LATERAL (
    SELECT p.id, p.name, p.email, p.public_id, p.sort_key, l.day FROM ({_ADMINS}) found
    JOIN tenants_person p ON p.id = found.person_id
    LEFT JOIN LATERAL (SELECT MAX(day) AS day FROM tenants_login WHERE person_id = p.id) l ON true
    ORDER BY l.day DESC NULLS LAST, p.sort_key, p.id LIMIT %(shown)s
) c
ORDER BY 1, c.day DESC NULLS LAST, c.sort_key, c.id
"""


_LOGINS = f"""
SELECT wanted.account_id, MAX(l.day), COALESCE(SUM(l.recent), 0)::bigint, COALESCE(SUM(l.before), 0)::bigint
FROM {_WANTED} CROSS JOIN LATERAL ({_ADMINS}) a JOIN LATERAL (
    SELECT MAX(day) AS day, SUM(count) FILTER (WHERE day > %(since)s) AS recent,
        SUM(count) FILTER (WHERE day > %(earlier)s AND day <= %(since)s) AS before
    FROM tenants_login WHERE person_id = a.person_id AND day <= %(today)s
) l ON true GROUP BY 1
"""
LOGIN_WINDOW = timedelta(days=30)


def list_admin_logins(account_ids: Collection[int], at: datetime) -> dict[int, tuple[date | None, int, int]]:
    """Of each account's admin contacts: the last day of a login, and logins of the last 30 days and the 30 before.

    Who contacts are is as in `list_admin_contacts`; temporary support members are none, so their visits do not count.
    """
    today = at.astimezone(UTC).date()
    days = {"today": today, "since": today - LOGIN_WINDOW, "earlier": today - 2 * LOGIN_WINDOW}
    with connection.cursor() as cursor:
        cursor.execute(_LOGINS, {"ids": list(account_ids), "at": at, **days})
        return {pk: (day, recent, before) for pk, day, recent, before in cursor.fetchall()}


def list_admin_contacts(
    account_ids: Collection[int], at: datetime, shown: int = CONTACTS_SHOWN
) -> dict[int, list[Contact]]:
    """Up to three admin contacts of each account, most recently active first (DOMAIN 1), in one statement."""
    found: dict[int, list[Contact]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS, {"ids": list(account_ids), "at": at, "shown": shown})
        for account_id, name, email, public_id, day in cursor.fetchall():
            contact = Contact(name, email, public_id, day.isoformat() if day else "")
            found.setdefault(account_id, []).append(contact)
    return found


def list_people_by_role(account: BillingAccount, at: datetime) -> list[tuple[str, int]]:
    """Distinct people of the account's live workspaces by role, for the seat popover."""
    live = WorkspaceMembership.objects.at(at).filter(
        workspace__account=account, workspace__deleted_at=None, is_support=False
    )
    counts = live.order_by().values_list("role").annotate(people=Count("person_id", distinct=True))
    found = dict(counts)
    return [(role.label, found[role.value]) for role in WorkspaceRole if role.value in found]


def list_invitations(condition: Q, at: datetime) -> QuerySet[Invitation]:
    """Those that wait for an answer at that instant, in workspaces that are there; newest first."""
    waits = Invitation.objects.filter(Q(ended_at=None) | Q(ended_at__gt=at), invited_at__lte=at)
    found = waits.filter(condition, workspace__deleted_at=None)
    return found.select_related("workspace", "invited_by").order_by("-invited_at", "-id")


def has_accounts() -> bool:
    """False on a new installation, before the product sent anything."""
    return BillingAccount.objects.exists()


def count_invitations(account: BillingAccount, at: datetime) -> int:
    return list_invitations(Q(workspace__account=account), at).count()


def list_account_public_ids_of(organisation: Organisation) -> list[str]:
    return list(organisation.accounts.values_list("public_id", flat=True))

"""What a workspace has and what is used of it, for any number of workspaces in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Sum

from bursar.core.calendar import Month
from bursar.plans.models import Tier, TierTerms
from bursar.plans.rules import SEAT_ROLES
from bursar.rollup.models import WorkspaceMonth
from bursar.tenants.models import Login, OrganisationMembership, Person, Workspace, WorkspaceMembership
from bursar.tenants.queries import list_invitations
from bursar.tenants.rules import BILLING, Sight
from bursar.tenants.scope import Scope
from bursar.usage.models import UsageEvent
from bursar.usage.queries import Standing, TierClock, list_recorders, list_standings
from bursar.usage.rules import Recorder

MONTHS_SHOWN = 12
RECORDINGS_SHOWN = 50
PEOPLE_SHOWN = 50
CONTACTS_SHOWN = 3
ACTIVE_DAYS = 30


@dataclass(frozen=True)
class Plan:
    """The tier in force, its catalogue row, and when and to what the clock alone will change it."""

    tier: str
    terms: TierTerms
    until: datetime | None
    then: str
    is_trial: bool

    @property
    def label(self) -> str:
        return Tier(self.tier).label

    @property
    def then_label(self) -> str:
        return Tier(self.then).label if self.then else ""


@dataclass(frozen=True)
class Card:
    """One workspace as its reader may see it. `seconds`: recorded this month. `contacts`: whom to ask.

    `sees_price`: through any workspace of the account, or the organisation that pays.
    """

    workspace: Workspace
    sight: Sight
    sees_price: bool
    plan: Plan
    standing: Standing
    seconds: int
    seats: int
    observers: int
    contacts: list[Person]


def list_capped(workspaces: list[Workspace], now: datetime) -> dict[int, Standing]:
    """Where those workspaces stand that have a cap at all, by key: by the projected facts, in two statements."""
    month = Month.of(now).first
    capped = WorkspaceMonth.objects.filter(workspace__in=workspaces, month=month, cap_seconds__isnull=False)
    return list_standings(dict(capped.values_list("workspace_id", "tier")), now, is_open=True)


def list_cards(scope: Scope, workspaces: list[Workspace]) -> list[Card]:
    plans = list_plans(workspaces, scope.now)
    standings = list_standings({pk: plan.tier for pk, plan in plans.items()}, scope.now, is_open=True)
    month = Month.of(scope.now).first
    facts = {row.workspace_id: row for row in WorkspaceMonth.objects.filter(workspace__in=workspaces, month=month)}
    contacts = list_contacts(workspaces, scope.now)
    cards = []
    for workspace in workspaces:
        fact = facts.get(workspace.pk)
        cards.append(
            Card(
                workspace=workspace,
                sight=scope.sight(workspace),
                sees_price=scope.may_bill(workspace.account),
                plan=plans[workspace.pk],
                standing=standings[workspace.pk],
                seconds=fact.recorded_seconds if fact else 0,
                seats=fact.seats if fact else 0,
                observers=fact.observers if fact else 0,
                contacts=contacts[workspace.pk],
            )
        )
    return cards


def list_plans(workspaces: list[Workspace], now: datetime) -> dict[int, Plan]:
    clock = TierClock([w.pk for w in workspaces])
    catalogue = {row.tier: row for row in TierTerms.objects.at(now)}
    plans = {}
    for workspace in workspaces:
        present = clock.at(workspace.pk, now)
        until, then = _next_tier(clock, workspace.pk, present.tier, now)
        is_trial = present.grant is not None and present.grant.kind == "reverse_trial"
        plans[workspace.pk] = Plan(present.tier, catalogue[present.tier], until, then, is_trial)
    return plans


def _next_tier(clock: TierClock, workspace_id: int, present: str, now: datetime) -> tuple[datetime | None, str]:
    """The first instant at which another tier holds by the clock alone, and that tier."""
    at = clock.next_change(workspace_id, now)
    while at is not None:
        tier = clock.tier_at(workspace_id, at)
        if tier != present:
            return at, tier
        at = clock.next_change(workspace_id, at)
    return None, ""


def list_contacts(workspaces: list[Workspace], now: datetime) -> dict[int, list[Person]]:
    """Owners, admins and billing people of each workspace; without any, those of its organisation. At most three."""
    ids = [w.pk for w in workspaces]
    rows = WorkspaceMembership.objects.at(now).filter(workspace_id__in=ids, role__in=BILLING, is_support=False)
    direct: dict[int, list[Person]] = {}
    for row in rows.select_related("person").order_by("person__sort_key", "id"):
        direct.setdefault(row.workspace_id, []).append(row.person)
    lonely = {w.organisation_id for w in workspaces if w.pk not in direct}
    above: dict[int, list[Person]] = {}
    inherited = OrganisationMembership.objects.at(now).filter(organisation_id__in=lonely, role__in=BILLING)
    for member in inherited.select_related("person").order_by("person__sort_key", "id"):
        above.setdefault(member.organisation_id, []).append(member.person)
    return {w.pk: (direct.get(w.pk) or above.get(w.organisation_id, []))[:CONTACTS_SHOWN] for w in workspaces}


def list_months(workspace: Workspace, current: Month) -> list[WorkspaceMonth]:
    """The present month and the eleven before it, oldest first."""
    begun = WorkspaceMonth.objects.filter(workspace=workspace, month__lte=current.first)
    return list(reversed(begun.order_by("-month")[:MONTHS_SHOWN]))


def list_recordings(
    workspace: Workspace, month: Month, page: int
) -> tuple[list[tuple[UsageEvent, Recorder | None]], int]:
    """One page of a month's recordings, newest first, each with who recorded, and how many there are in all."""
    found = UsageEvent.objects.filter(workspace=workspace, at__gte=month.start, at__lt=month.end)
    start = (page - 1) * RECORDINGS_SHOWN
    events = list(found.order_by("-at", "-id")[start : start + RECORDINGS_SHOWN])
    keys = {event.person_id for event in events if event.person_id is not None}
    people = {one.key: one for one in list_recorders(workspace, dict.fromkeys(keys, 0))}
    return [(event, people[event.person_id] if event.person_id else None) for event in events], found.count()


@dataclass(frozen=True)
class Seat:
    """Somebody with a direct role. `sign_ins`: None where they are not this reader's to know."""

    person: Person
    role: str
    is_support: bool
    has_seat: bool
    sign_ins: int | None


def list_seats(workspace: Workspace, sight: Sight, now: datetime, page: int) -> tuple[list[Seat], int]:
    """One page by name. Guests' sign-ins stay unsaid: they tell of what those people do elsewhere."""
    live = WorkspaceMembership.objects.at(now).filter(workspace=workspace)
    start = (page - 1) * PEOPLE_SHOWN
    rows = list(
        live.select_related("person").order_by("is_support", "person__sort_key", "id")[start : start + PEOPLE_SHOWN]
    )
    own = [row.person_id for row in rows if row.role in BILLING | {"member"} and not row.is_support]
    counted = count_sign_ins(own, now) if sight.governs else {}
    return [_seat(row, counted) for row in rows], live.count()


def _seat(row: WorkspaceMembership, counted: dict[int, int]) -> Seat:
    has_seat = row.role in SEAT_ROLES and not row.is_support
    return Seat(row.person, row.get_role_display(), row.is_support, has_seat, counted.get(row.person_id))


@dataclass(frozen=True)
class Invited:
    """An invitation that waits. `email`: "" where it is not this reader's to know. `by` None: nobody is named.

    `is_colleague`: it was sent by one of the company's own people, who stay unnamed.
    """

    email: str
    role: str
    since: datetime
    by: Person | None
    is_colleague: bool


def list_invited(workspace: Workspace, sight: Sight, now: datetime, page: int) -> tuple[list[Invited], int]:
    """One page, newest first. Addresses as of people: for those who govern."""
    found = list_invitations(Q(workspace=workspace), now)
    start = (page - 1) * PEOPLE_SHOWN
    rows = list(found[start : start + PEOPLE_SHOWN])
    senders = Person.objects.filter(pk__in=[row.invited_by_id for row in rows if row.invited_by_id])
    visits = Q(workspace_memberships__workspace=workspace, workspace_memberships__is_support=True)
    colleagues = set(senders.filter(visits | Q(user__staff__isnull=False)).values_list("pk", flat=True))
    invited = [
        Invited(
            email=row.email if sight.governs else "",
            role=row.get_role_display(),
            since=row.invited_at,
            by=None if row.invited_by_id in colleagues else row.invited_by,
            is_colleague=row.invited_by_id in colleagues,
        )
        for row in rows
    ]
    return invited, found.count()


def count_sign_ins(person_ids: Collection[int], now: datetime) -> dict[int, int]:
    """Sign-ins to the product in the last 30 days, by person; those without any stand with 0."""
    since = (now - timedelta(days=ACTIVE_DAYS)).date()
    rows = Login.objects.filter(person_id__in=person_ids, day__gt=since).order_by().values_list("person_id")
    return dict.fromkeys(person_ids, 0) | dict(rows.annotate(total=Sum("count")))

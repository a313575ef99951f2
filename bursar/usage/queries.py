"""Every read of usage."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.db.models import Exists, Max, OuterRef, Sum

from bursar.core.among import among
from bursar.core.calendar import Month
from bursar.plans.models import PaymentTerms
from bursar.plans.queries import load_catalogue, load_workspace_rows
from bursar.plans.rules import NO_TERMS, EffectiveTier, Terms, WorkspaceState, effective_tier, live
from bursar.tenants.models import OrganisationMembership, Person, Workspace, WorkspaceMembership
from bursar.usage.models import UsageEvent, UsageMonth, UsageReset
from bursar.usage.rules import (
    PACE_WINDOW,
    CapState,
    Recorder,
    Share,
    Shares,
    calc_cap_state,
    share_out,
    share_out_to_guest,
    share_out_to_member,
)

FIRST = datetime.min.replace(tzinfo=UTC)


class TierClock:
    """Answers “which tier was this workspace on at that instant” for a set of workspaces, in four queries."""

    def __init__(self, workspace_ids: Collection[int]) -> None:
        rows = Workspace.objects.filter(among("id", workspace_ids)).values_list(
            "id", "created_at", "deleted_at", "account_id"
        )
        self.states: dict[int, WorkspaceState] = {}
        self._accounts: dict[int, int] = {}
        for pk, created_at, deleted_at, account_id in rows:
            self.states[pk] = WorkspaceState(pk, created_at, deleted_at)
            self._accounts[pk] = account_id
        load_workspace_rows({pk: [state] for pk, state in self.states.items()}, only_tiers=True)
        self._terms: dict[int, list[Terms]] = {}
        self._stretches: dict[int, tuple[list[datetime], list[str]]] = {}
        fields = ("mode", "status", "cadence", "paid_until", "past_due_since", "lapses_at", "valid_from", "valid_until")
        terms = PaymentTerms.objects.filter(among("account_id", set(self._accounts.values())))
        for account_id, *values in terms.values_list("account_id", *fields):
            self._terms.setdefault(account_id, []).append(Terms(*values))

    def at(self, workspace_id: int, at: datetime) -> EffectiveTier:
        terms = live(self._terms.get(self._accounts[workspace_id], []), at) or NO_TERMS
        return effective_tier(self.states[workspace_id], terms, at)

    def tier_at(self, workspace_id: int, at: datetime) -> str:
        """As `at`, for many instants of one workspace: each stretch without a change is worked out once."""
        stretches = self._stretches.get(workspace_id)
        if stretches is None:
            starts = self._changes(workspace_id)
            tiers = [self.at(workspace_id, start).tier for start in [FIRST, *starts]]
            stretches = self._stretches[workspace_id] = (starts, tiers)
        starts, tiers = stretches
        return tiers[bisect_right(starts, at)] if starts else tiers[0]

    def tiers_between(self, workspace_id: int, first: datetime, last: datetime) -> set[str]:
        """Every tier that was in force at some instant from `first` to `last`."""
        self.tier_at(workspace_id, first)
        starts, tiers = self._stretches[workspace_id]
        return set(tiers[bisect_right(starts, first) : bisect_right(starts, last) + 1])

    def next_change(self, workspace_id: int, after: datetime) -> datetime | None:
        """The first instant after `after` at which the clock alone may change the tier."""
        return next((at for at in self._changes(workspace_id) if at > after), None)

    def terms_of(self, workspace_id: int) -> list[Terms]:
        """The payment terms, past and present, of the account that the workspace draws on."""
        return self._terms.get(self._accounts[workspace_id], [])

    def _changes(self, workspace_id: int) -> list[datetime]:
        """Every instant at which the tier may change, sorted."""
        state = self.states[workspace_id]
        found = {edge for rows in (state.bases, state.grants) for row in rows for edge in (row.start, row.end)}
        for terms in self._terms.get(self._accounts[workspace_id], []):
            found |= {terms.start, terms.end, terms.lapses_at}
        return sorted(at for at in found if at is not None)


def list_resets(workspace_ids: Collection[int], until: datetime | None = None) -> dict[int, datetime]:
    """The last reset of each workspace, up to `until` for a past month.

    What is counted now counts from the last one that is stored, even where the clock of this machine is a little behind
    that of the one which stored it.
    """
    rows = UsageReset.objects.filter(workspace_id__in=workspace_ids)
    if until is not None:
        rows = rows.filter(at__lte=until)
    return dict(rows.order_by().values_list("workspace_id").annotate(last=Max("at")))


@dataclass(frozen=True)
class Standing:
    """How a workspace stands against the cap of its `tier`. Seconds."""

    tier: str
    counted: int
    cap: int | None
    state: CapState


# Caps in seconds by tier, as the catalogue has them at `now`.
CAPS = (
    "SELECT tier, (cap_hours * 3600)::bigint AS seconds FROM plans_tierterms WHERE cap_hours IS NOT NULL "
    "AND valid_from <= %(now)s AND (valid_until IS NULL OR valid_until > %(now)s)"
)


def fullness_sql(wanted: str = "") -> str:
    """What each meter's `full_since` and `is_near` should be, worked out from its events.

    A meter is full since the first instant at which its events up to then, after the last reset, reach the cap.
    `wanted` narrows the meters `m` by a join; empty for all. The events of a full one are read up to that instant only.
    """
    return (
        "SELECT m.id, m.workspace_id, m.tier, COALESCE(m.seconds * 3 >= caps.seconds * 2, false) AS is_near, "
        f"first.at AS full_since FROM usage_meter m {wanted} LEFT JOIN ({CAPS}) caps ON caps.tier = m.tier "
        "LEFT JOIN LATERAL (SELECT run.at FROM (SELECT e.at, SUM(e.seconds) OVER (ORDER BY e.at) AS total "
        "FROM usage_usageevent e WHERE m.seconds >= caps.seconds AND e.workspace_id = m.workspace_id "
        "AND e.tier = m.tier AND e.at > COALESCE((SELECT MAX(r.at) FROM usage_usagereset r WHERE r.workspace_id = "
        "m.workspace_id), '-infinity') ORDER BY e.at) run WHERE run.total >= caps.seconds LIMIT 1"
        ") first ON true"
    )


def list_standings(tiers: dict[int, str], at: datetime, *, is_open: bool) -> dict[int, Standing]:
    """Counted seconds and cap state by workspace, given each one's tier at `at`.

    The open month reads the meters, which gate the customer; a past one counts its events up to its end.
    """
    catalogue = load_catalogue()
    capped = {pk: tier for pk, tier in tiers.items() if catalogue.at(tier, at).cap_hours is not None}
    if is_open:
        counted, recent = _metered(capped, at)
    else:
        counted, recent = count_events(capped, at), {}
    standings = {}
    for pk, tier in tiers.items():
        row = catalogue.at(tier, at)
        cap = int(row.cap_hours * 3600) if row.cap_hours is not None else None
        amount = counted.get(pk, 0)
        standings[pk] = Standing(tier, amount, cap, calc_cap_state(amount, cap, row.cap_effect, recent.get(pk, 0)))
    return standings


def _metered(tiers: dict[int, str], at: datetime) -> tuple[dict[int, int], dict[int, int]]:
    """Counted seconds by the meters, and those of the last 14 days since the last reset; in one statement."""
    ids = sorted(tiers)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.workspace, COALESCE(m.seconds, 0), COALESCE((SELECT SUM(e.seconds) FROM usage_usageevent e "
            "WHERE e.workspace_id = t.workspace AND e.tier = t.tier AND e.at <= %s AND e.at > GREATEST(%s, "
            "(SELECT MAX(r.at) FROM usage_usagereset r WHERE r.workspace_id = t.workspace))), 0)::bigint"
            " FROM unnest(%s::bigint[], %s::text[]) AS t(workspace, tier) "
            "LEFT JOIN usage_meter m ON m.workspace_id = t.workspace AND m.tier = t.tier",
            [at, at - PACE_WINDOW, ids, [tiers[pk] for pk in ids]],
        )
        rows = cursor.fetchall()
    return {pk: counted for pk, counted, _ in rows}, {pk: recent for pk, _, recent in rows}


def count_events(tiers: dict[int, str], until: datetime, since: datetime | None = None) -> dict[int, int]:
    """Seconds of events on each workspace's given tier, after its last reset, in (`since`, `until`]."""
    resets = list_resets(tiers, until)
    floor = since or datetime.min.replace(tzinfo=until.tzinfo)
    ids = sorted(tiers)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.workspace_id, SUM(e.seconds)::bigint FROM usage_usageevent e "
            "JOIN unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS t(workspace, tier, since) "
            "ON e.workspace_id = t.workspace AND e.tier = t.tier AND e.at > t.since "
            "WHERE e.at <= %s GROUP BY 1",
            [ids, [tiers[pk] for pk in ids], [max(resets.get(pk, floor), floor) for pk in ids], until],
        )
        return dict(cursor.fetchall())


def get_standing(workspace: Workspace, at: datetime, tier: str = "") -> Standing:
    """`tier`: the one that it is on, where that is known."""
    tier = tier or TierClock([workspace.pk]).at(workspace.pk, at).tier
    return list_standings({workspace.pk: tier}, at, is_open=True)[workspace.pk]


def list_months(workspace_ids: Collection[int], since: Month) -> dict[tuple[int, Month], int]:
    rows = UsageMonth.objects.filter(workspace_id__in=workspace_ids, month__gte=since.first)
    return {
        (pk, Month.of(month)): seconds for pk, month, seconds in rows.values_list("workspace_id", "month", "seconds")
    }


@dataclass(frozen=True)
class Recorded:
    """Who recorded what a workspace's figure holds: of a capped tier what the meter counts, else the month's hours.

    `since`: the last reset, or the month's beginning; None where counting never started anew. `recorders` by seconds,
    most first, then by name. `unnamed`: seconds whose events name nobody.
    """

    is_counted: bool
    since: datetime | None
    recorders: list[Recorder]
    unnamed: int

    @property
    def total(self) -> int:
        """To the second the figure beside it: `Standing.counted`, or the recorded seconds of the month."""
        return self.unnamed + sum(one.seconds for one in self.recorders)

    def to_staff(self) -> Shares:
        return self._as(share_out(self.recorders, self.unnamed))

    def to_member(self, reader: int | None, company: str) -> Shares:
        return self._as(share_out_to_member(self.recorders, self.unnamed, reader, company))

    def to_guest(self, reader: int | None) -> Shares:
        return self._as(share_out_to_guest(self.recorders, self.unnamed, reader))

    def _as(self, lines: list[Share]) -> Shares:
        return Shares(self.is_counted, self.since, self.total, lines)


def get_recorded(workspace: Workspace, standing: Standing, at: datetime) -> Recorded:
    """In three statements, whatever was recorded; call it in the read that gave `standing`."""
    is_counted = standing.cap is not None
    since = list_resets([workspace.pk]).get(workspace.pk)
    events = UsageEvent.objects.filter(workspace=workspace)
    if is_counted:
        events = events.filter(tier=standing.tier, **({"at__gt": since} if since else {}))
    else:
        month = Month.of(at)
        since, events = month.start, events.filter(at__gte=month.start, at__lt=month.end)
    seconds = dict(events.order_by().values_list("person_id").annotate(total=Sum("seconds")))
    unnamed = seconds.pop(None, 0)
    return Recorded(is_counted, since, list_recorders(workspace, seconds), unnamed)


def list_recorders(workspace: Workspace, seconds: dict[int, int]) -> list[Recorder]:
    """The people behind these keys with their seconds, most first, then by name; in one statement."""
    roles = WorkspaceMembership.objects.filter(workspace=workspace, person=OuterRef("pk"))
    above = OrganisationMembership.objects.filter(organisation=workspace.organisation_id, person=OuterRef("pk"))
    people = Person.objects.filter(id__in=seconds).annotate(
        sits=Exists(roles.filter(is_support=False)), belongs=Exists(above), visits=Exists(roles.filter(is_support=True))
    )
    found = []
    for person in people.order_by("sort_key", "id"):
        place = "own" if person.sits or person.belongs else "support" if person.visits else "elsewhere"
        found.append(Recorder(person.pk, person.public_id, person.name, place, seconds[person.pk]))
    return sorted(found, key=lambda one: -one.seconds)

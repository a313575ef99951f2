"""What a customer may read: their own, and nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bursar.access.actor import Actor
from bursar.core.calendar import Month
from bursar.plans.models import Tier
from bursar.plans.rules import EffectiveTier
from bursar.tenants.models import Organisation, OrganisationMembership, Workspace, WorkspaceMembership
from bursar.usage.queries import Standing, TierClock, list_months, list_standings

GOVERNING = ("owner", "admin", "billing", "organisation admin")


@dataclass(frozen=True)
class OwnWorkspace:
    """`seconds`: recorded this month."""

    workspace: Workspace
    role: str
    tier_label: str
    tier_until: datetime | None
    standing: Standing
    seconds: int


def list_own_organisations(actor: Actor, now: datetime) -> list[Organisation]:
    if actor.person_id is None:
        return []
    rows = OrganisationMembership.objects.at(now).filter(person_id=actor.person_id)
    return [row.organisation for row in rows.select_related("organisation").order_by("organisation__sort_key")]


def list_own_workspaces(actor: Actor, now: datetime) -> list[OwnWorkspace]:
    """Workspaces they sit in, and those of organisations they own or administer; others of the account stay hidden."""
    if actor.person_id is None:
        return []
    direct = WorkspaceMembership.objects.at(now).filter(person_id=actor.person_id, is_support=False)
    roles = dict(direct.values_list("workspace_id", "role"))
    governed = OrganisationMembership.objects.at(now).filter(person_id=actor.person_id, role__in=("owner", "admin"))
    ids = set(roles) | set(
        Workspace.objects.filter(organisation_id__in=governed.values("organisation_id")).values_list("id", flat=True)
    )
    workspaces = list(
        Workspace.objects.filter(id__in=ids, deleted_at=None)
        .select_related("organisation", "account")
        .order_by("sort_key")
    )
    clock = TierClock([w.pk for w in workspaces])
    tiers = {w.pk: clock.at(w.pk, now) for w in workspaces}
    standings = list_standings({pk: tier.tier for pk, tier in tiers.items()}, now, is_open=True)
    months = list_months(list(tiers), Month.of(now))
    return [
        OwnWorkspace(
            workspace=w,
            role=roles.get(w.pk, "organisation admin"),
            tier_label=Tier(tiers[w.pk].tier).label,
            tier_until=_until(tiers[w.pk]),
            standing=standings[w.pk],
            seconds=months.get((w.pk, Month.of(now)), 0),
        )
        for w in workspaces
    ]


def list_history_ids(workspaces: list[OwnWorkspace]) -> list[str]:
    """The public ids whose customer-visible lines this person may read: their workspaces, and accounts they govern."""
    own = {w.workspace.public_id for w in workspaces}
    governed = {w.workspace.account.public_id for w in workspaces if w.role in GOVERNING}
    return sorted(own | governed)


def _until(tier: EffectiveTier) -> datetime | None:
    return tier.grant.end if tier.grant else None

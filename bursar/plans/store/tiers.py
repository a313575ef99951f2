"""Base tiers, and the timed grants on top of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from bursar.core.dated import Point, merge_points, replace_all_from
from bursar.plans.models import BaseTier, GrantStop, TierGrant
from bursar.tenants.models import Workspace
from bursar.tenants.store import Written
from bursar.tenants.store.upsert import upsert
from bursar.tenants.store.workspaces import list_payers

GRANT_FIELDS = ["tier", "kind", "valid_until", "planned_until", "granted_by_id"]


def set_base_tier(workspace: Workspace, tier: str, now: datetime, *, ends_grants: bool = False) -> None:
    set_base_tiers([workspace.pk], tier, now, ends_grants=ends_grants)


def set_base_tiers(workspace_ids: Iterable[int], tier: str, now: datetime, *, ends_grants: bool = False) -> None:
    """`ends_grants`: what runs is ended by `end_grants`, and by this what a file tells later of earlier grants."""
    subjects = [{"workspace_id": pk} for pk in workspace_ids]
    replace_all_from(BaseTier, subjects, now, {"tier": tier, "ends_grants": ends_grants})


def end_grants(workspace_ids: Collection[int], now: datetime, kind: str = "") -> int:
    """Ends every live grant of these workspaces now, or those of one kind. Returns how many there were.

    The end is kept by itself too: a grant from before it that comes in by a file later ends there as well.
    """
    live = TierGrant.objects.filter(workspace_id__in=workspace_ids, valid_from__lte=now, valid_until__gt=now)
    ended = (live.filter(kind=kind) if kind else live).update(valid_until=now, stopped_at=now)
    GrantStop.objects.bulk_create([GrantStop(workspace_id=pk, kind=kind, at=now) for pk in workspace_ids])
    return ended


def list_live_grants(workspace_ids: Collection[int], kind: str, now: datetime) -> list[TierGrant]:
    """Those of one kind that run now."""
    found = TierGrant.objects.filter(workspace_id__in=workspace_ids, kind=kind, valid_from__lte=now)
    return list(found.filter(valid_until__gt=now).order_by("pk"))


def end_grant(grant: TierGrant, now: datetime) -> None:
    """This one alone; what stands beneath it holds again."""
    TierGrant.objects.filter(pk=grant.pk).update(valid_until=now, stopped_at=now)


def grant_tier(workspace: Workspace, tier: str, kind: str, until: datetime, now: datetime, by: int | None) -> None:
    """A tier on top of the base until an instant; one that began in this very instant is replaced."""
    grant_tiers([workspace.pk], tier, kind, until, now, by)


def grant_tiers(
    workspace_ids: Collection[int], tier: str, kind: str, until: datetime, now: datetime, by: int | None
) -> None:
    TierGrant.objects.filter(workspace_id__in=workspace_ids, valid_from=now).delete()
    TierGrant.objects.bulk_create(
        TierGrant(
            workspace_id=pk,
            tier=tier,
            kind=kind,
            valid_from=now,
            valid_until=until,
            planned_until=until,
            granted_by_id=by,
        )
        for pk in workspace_ids
    )


def take_history(points: Iterable[Point]) -> Written:
    """Base tiers; subjects are (workspace,)."""
    changed = merge_points(BaseTier, ("workspace_id",), points)
    return _written({workspace: at for (workspace,), at in changed.items()})


def take_history_of_grants(rows: Sequence[TierGrant]) -> Written:
    """Grants by workspace and beginning. None goes past the instant at which somebody here ended such grants."""
    ids = {row.workspace_id for row in rows}
    stops = _stops(ids)
    stopped = TierGrant.objects.filter(workspace_id__in=ids).exclude(stopped_at=None)
    own = {(pk, start): at for pk, start, at in stopped.values_list("workspace_id", "valid_from", "stopped_at")}
    for row in rows:
        row.stopped_at = own.get((row.workspace_id, row.valid_from))
        ends = [at for kind, at in stops[row.workspace_id] if kind in ("", row.kind) and at > row.valid_from]
        row.valid_until = min([row.planned_until, *([row.stopped_at] if row.stopped_at else []), *ends])
    changed: dict[int, datetime] = {}
    for row in upsert(TierGrant, rows, ["workspace_id", "valid_from"], GRANT_FIELDS):
        changed[row.workspace_id] = min(row.valid_from, changed.get(row.workspace_id, row.valid_from))
    return _written(changed)


def _stops(workspace_ids: Collection[int]) -> dict[int, list[tuple[str, datetime]]]:
    """When somebody here ended grants, by workspace: of one kind, or of every kind (empty)."""
    found: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    stops = GrantStop.objects.filter(workspace_id__in=workspace_ids).values_list("workspace_id", "kind", "at")
    bases = BaseTier.objects.filter(workspace_id__in=workspace_ids, ends_grants=True)
    for workspace, kind, at in [*stops, *((pk, "", at) for pk, at in bases.values_list("workspace_id", "valid_from"))]:
        found[workspace].append((kind, at))
    return found


def _written(workspaces: dict[int, datetime]) -> Written:
    """Usage is counted by tier, so all of it is looked at again."""
    written = Written(recount=set(workspaces))
    payers = list_payers(workspaces)
    for workspace, at in workspaces.items():
        for account in payers[workspace]:
            written.touch(account, at)
    return written

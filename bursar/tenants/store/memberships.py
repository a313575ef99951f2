"""Who sits where, dated: in organisations and in workspaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bursar.core.dated import Point, merge_points, replace_all_from
from bursar.tenants import rules
from bursar.tenants.models import OrganisationMembership, Workspace, WorkspaceMembership, WorkspaceRole
from bursar.tenants.store.workspaces import list_payers
from bursar.tenants.store.written import Written

Membership = type[OrganisationMembership] | type[WorkspaceMembership]


def take_history_of_organisations(points: Iterable[Point]) -> None:
    """Subjects are (organisation, person)."""
    merge_points(OrganisationMembership, ("organisation_id", "person_id"), points)


def take_history_of_workspaces(points: Sequence[Point]) -> Written:
    """Subjects are (workspace, person)."""
    written = Written()
    kinds = dict(Workspace.objects.filter(pk__in={p.subject[0] for p in points}).values_list("id", "kind"))
    good = []
    for place, point in enumerate(points):
        why = rules.why_not_role(point.values["role"], kinds[point.subject[0]])
        if why is None:
            good.append(point)
        else:
            written.refused[place] = why
    changed = merge_points(WorkspaceMembership, ("workspace_id", "person_id"), good)
    payers = list_payers({workspace for workspace, _ in changed})
    for (workspace, _), at in changed.items():
        for account in payers[workspace]:
            written.touch(account, at)
    return written


def say(
    model: Membership,
    subjects: Sequence[dict[str, Any]],
    role: str | None,
    changed_at: datetime,
    now: datetime,
    more: Mapping[str, Any] | None = None,
) -> None:
    """The product says so: they have this role from now on; None: none. A command of staff is overruled.

    `more`: other values of the row.
    """
    values = {"role": role, "changed_at": changed_at, **(more or {})} if role else None
    replace_all_from(model, subjects, now, values)
    if role is None:
        for subject in subjects:
            confirm(model, subject, changed_at)


def confirm(model: Membership, subject: dict[str, Any], changed_at: datetime) -> None:
    """The product says what stands already; a command of staff no longer waits for it."""
    newest = model.objects.filter(**subject).order_by("-valid_from").values("pk")[:1]
    model.objects.filter(pk__in=newest).update(changed_at=changed_at, is_commanded=False)


def command(subjects: Sequence[dict[str, Any]], role: WorkspaceRole, now: datetime) -> None:
    """Staff say so, ahead of the product: these people have this role in these workspaces from now on."""
    values = {"role": role.value, "is_support": False, "changed_at": now, "is_commanded": True}
    replace_all_from(WorkspaceMembership, subjects, now, values)

"""Workspaces, and which account paid for each when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from bursar.core.dated import replace_from
from bursar.core.sortkey import sort_key
from bursar.tenants import rules
from bursar.tenants.models import Kind, Organisation, Scope, Visibility, Workspace, WorkspaceAccount
from bursar.tenants.store.accounts import Need, ensure_payers, move_beginnings, relabel
from bursar.tenants.store.told import Told
from bursar.tenants.store.upsert import upsert
from bursar.tenants.store.written import Written

TOLD = ("name", "sort_key", "visibility", "data_owner_id", "data_owner_email", "agreement_accepted_at")


@dataclass(frozen=True)
class Line(Told[Workspace]):
    """What a file says of a workspace. `row` has no account yet; `own_account`: it pays alone."""

    own_account: bool


def list_payers(workspace_ids: Collection[int]) -> dict[int, set[int]]:
    """Every account that each workspace ever drew on."""
    found: dict[int, set[int]] = defaultdict(set)
    rows = WorkspaceAccount.objects.filter(workspace_id__in=workspace_ids)
    for workspace, account in rows.values_list("workspace_id", "account_id"):
        found[workspace].add(account)
    return found


def make(rows: Sequence[Workspace], *, alone: Collection[str] = ()) -> Written:
    """Stores new workspaces from their `created_at` on, each with its payer. `alone`: external ids that pay alone.

    What may be made is asked before, by `why_not_make`.
    """
    organisations = Organisation.objects.in_bulk({row.organisation_id for row in rows})
    needs = [
        Need(
            organisations[row.organisation_id],
            row.name,
            row.created_at,
            rules.pays_alone(row.kind, own_account=row.external_id in alone),
        )
        for row in rows
    ]
    for row, payer in zip(rows, ensure_payers(needs), strict=True):
        row.account_id, row.sort_key = payer, sort_key(row.name)
    Workspace.objects.bulk_create(rows, batch_size=1000)
    WorkspaceAccount.objects.bulk_create(
        [WorkspaceAccount(workspace=row, account_id=row.account_id, valid_from=row.created_at) for row in rows],
        batch_size=1000,
    )
    written = Written(accounts=move_beginnings({row.account_id for row in rows}))
    for row in rows:
        written.touch(row.account_id, row.created_at)
    return written


def why_not_make(row: Workspace, organisation: Organisation) -> str | None:
    """Rules for a workspace that is made, or becomes one for an external client. Those that stand stay."""
    if row.deleted_at is None and organisation.deleted_at is not None:
        return rules.why_not_in_ended(organisation.name)
    if row.kind == "internal":
        return rules.why_no_data_owner(row.data_owner_id, row.data_owner_email)
    return rules.why_not_for_client(organisation.name, organisation.is_partner, organisation.pk, row.data_owner_id)


def make_external(row: Workspace, owner: Organisation, email: str, accepted_at: datetime, now: datetime) -> None:
    """An internal one becomes one for an external client, and draws on an account of its own from now on.

    Whether it may is asked before; its former account is locked.
    """
    (payer,) = ensure_payers([Need(row.organisation, row.name, now, is_alone=True)])
    replace_from(WorkspaceAccount, {"workspace": row}, now, {"account_id": payer})
    row.kind, row.data_owner, row.data_owner_email = Kind.EXTERNAL_CLIENT, owner, email
    row.agreement_accepted_at, row.account_id = accepted_at, payer
    row.save(update_fields=["kind", "data_owner", "data_owner_email", "agreement_accepted_at", "account"])


def take_history(lines: Sequence[Line], now: datetime) -> Written:
    """What files say, in their order; the last about each rules.

    What was pushed or made here stays: a line that says otherwise is refused, whole.
    """
    written = Written()
    names = {line.row.external_id for line in lines}
    known = {w.external_id: w for w in Workspace.objects.select_related("account").filter(external_id__in=names)}
    organisations = Organisation.objects.in_bulk({line.row.organisation_id for line in lines})
    ended = _first_ends([row.pk for row in known.values()])
    first: dict[str, Line] = {}
    last: dict[str, Line] = {}
    for place, line in enumerate(lines):
        name = line.row.external_id
        stands = _as_line(known[name]) if name in known else first.get(name)
        if stands is None:
            why = why_not_make(line.row, organisations[line.row.organisation_id])
        else:
            why = _why_not_correct(stands, line, ended.get(stands.row.pk))
        if why is None:
            first.setdefault(name, line)
            last[name] = line
        else:
            written.refused[place] = why
    fresh = [line for name, line in last.items() if name not in known]
    made = make([line.row for line in fresh], alone={line.row.external_id for line in fresh if line.own_account})
    written.touch_all(made.accounts)
    _correct({name: line.row for name, line in last.items() if name in known}, known, now, written)
    return written


def _as_line(row: Workspace) -> Line:
    return Line(row, frozenset(), own_account=row.account.scope == Scope.WORKSPACE)


def _first_ends(workspace_ids: Collection[int]) -> dict[int, datetime | None]:
    """When each one's first span ended; None: it runs."""
    spans = WorkspaceAccount.objects.filter(workspace_id__in=workspace_ids).order_by("workspace_id", "valid_from")
    return dict(spans.distinct("workspace_id").values_list("workspace_id", "valid_until"))


def _why_not_correct(stands: Line, line: Line, first_end: datetime | None) -> str | None:
    if stands.row.organisation_id != line.row.organisation_id:
        return rules.NO_OTHER_ORGANISATION
    if stands.row.kind != line.row.kind:
        return rules.NO_OTHER_KIND
    alone = [rules.pays_alone(one.row.kind, own_account=one.own_account) for one in (stands, line)]
    if alone[0] != alone[1]:
        return rules.NO_OTHER_PAYER
    if line.row.kind == "internal":
        why = rules.why_no_data_owner(line.row.data_owner_id, line.row.data_owner_email)
        if why is not None:
            return why
    return _why_not_overrule(stands.row, line, first_end)


def _why_not_overrule(stands: Workspace, line: Line, first_end: datetime | None) -> str | None:
    """What the product pushed, and what was made here, stays."""
    if stands.visibility_set_at is not None and line.otherwise(stands, ["visibility"]):
        return rules.VISIBILITY_IS_SAID
    why = rules.why_not_begin(line.row.created_at, stands.here_from, first_end)
    if why is None and stands.changed_at is not None:
        why = rules.why_not_overrule(line.otherwise(stands, TOLD))
        why = why or rules.why_not_gone(line.row.deleted_at, stands.changed_at, stands.here_until)
    return why


def _correct(rows: dict[str, Workspace], known: dict[str, Workspace], now: datetime, written: Written) -> None:
    """Writes what files say of workspaces that stand, and moves their first span with their beginning."""
    spans: dict[int, list[WorkspaceAccount]] = defaultdict(list)
    ids = [known[name].pk for name in rows]
    for span in WorkspaceAccount.objects.filter(workspace_id__in=ids).order_by("valid_from"):
        spans[span.workspace_id].append(span)
    moved = []
    for name, row in rows.items():
        old = known[name]
        row.account_id, row.sort_key = old.account_id, sort_key(row.name)
        _keep_what_was_said_here(row, old)
        span = spans[old.pk][0]
        if span.valid_from != row.created_at:
            span.valid_from = row.created_at
            moved.append(span)
        if (row.created_at, row.deleted_at) != (old.created_at, old.deleted_at):
            for one in spans[old.pk]:
                written.touch(one.account_id, min(old.created_at, row.created_at))
    for row in upsert(Workspace, rows.values(), ["external_id"], [*TOLD, "created_at", "deleted_at"]):
        written.touch(row.account_id, now)  # what has no date shows from now on
    WorkspaceAccount.objects.bulk_update(moved, ["valid_from"], batch_size=1000)
    written.touch_all(move_beginnings({span.account_id for of_one in spans.values() for span in of_one}))
    relabel(Q(pk__in={known[name].account_id for name in rows}))


def _keep_what_was_said_here(row: Workspace, old: Workspace) -> None:
    """A file is history up to its lines: of what it does not say, what the product or staff said stays."""
    if old.visibility_set_at is not None:
        row.visibility = old.visibility
    if old.changed_at is None:
        return
    for name in TOLD:
        setattr(row, name, getattr(old, name))
    row.deleted_at = row.deleted_at or old.here_until


def change(row: Workspace, values: dict[str, Any], changed_at: datetime, now: datetime, *, is_gone: bool) -> bool:
    """What the product says of it now. True when anything moved."""
    gone_since = row.deleted_at
    values = {**values, "deleted_at": (gone_since or now) if is_gone else None}
    moved = [name for name, value in values.items() if getattr(row, name) != value]
    for name in moved:
        setattr(row, name, values[name])
    row.here_until = (row.here_until or now) if is_gone else None
    row.changed_at = changed_at
    row.save()
    if gone_since is not None and not is_gone:
        _come_back(row, gone_since, now)
    if "name" in moved:
        relabel(Q(pk=row.account_id))
    return bool(moved)


def set_visibility(row: Workspace, visibility: Visibility, now: datetime) -> None:
    """Staff say so, ahead of the product."""
    row.visibility, row.visibility_set_at = visibility.value, now
    row.save(update_fields=["visibility", "visibility_set_at"])


def _come_back(workspace: Workspace, gone_since: datetime, now: datetime) -> None:
    """It was away: nobody paid for it in between, so that the months that closed without it stay true."""
    kept = WorkspaceAccount.objects.filter(workspace=workspace, valid_until=None)
    kept.filter(valid_from__gte=gone_since).delete()
    kept.update(valid_until=gone_since)
    WorkspaceAccount.objects.create(workspace=workspace, account_id=workspace.account_id, valid_from=now)


def forget_address(email: str) -> set[int]:
    """Data owners' addresses that are this one go. Returns the accounts of those workspaces."""
    named = Workspace.objects.filter(data_owner_email__iexact=email)
    accounts = set(named.values_list("account_id", flat=True))
    if accounts:
        named.update(data_owner_email="")
    return accounts

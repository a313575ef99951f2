"""Writes a batch of records of one kind, set-based. Called by the import action only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bursar.access.models import User
from bursar.core.calendar import Month, end_of
from bursar.core.sortkey import sort_key
from bursar.plans.models import (
    AccountManager,
    BaseTier,
    Discount,
    PaidPeriod,
    PaymentTerms,
    PinnedPrice,
    TierGrant,
)
from bursar.plans.rules import RANK
from bursar.product.lookup import Lookup
from bursar.product.timeline import Point, merge
from bursar.rollup.settle import add_usage
from bursar.staff.models import Role, StaffMember
from bursar.tenants.models import (
    BillingAccount,
    Invitation,
    InvitationState,
    Kind,
    Login,
    Organisation,
    OrganisationMembership,
    Person,
    Scope,
    Workspace,
    WorkspaceAccount,
    WorkspaceMembership,
    WorkspaceRole,
)
from bursar.usage.ingest import Event, ingest, recount
from bursar.usage.models import UsageReset

Numbered = list[tuple[int, Any]]


@dataclass
class Applied:
    """`bad`: line number → the sentence. `touched`: accounts and the first month concerned."""

    taken: int = 0
    bad: dict[int, str] = field(default_factory=dict)
    touched: dict[int, Month | None] = field(default_factory=dict)
    recounted: set[int] = field(default_factory=set)

    def touch(self, account_id: int, at: datetime) -> None:
        month = Month.of(at)
        known = self.touched.get(account_id)
        self.touched[account_id] = min(known, month) if known else month


def apply(kind: str, records: Numbered, now: datetime) -> Applied:
    """Bad lines are left out and told; the rest is written."""
    result = Applied()
    lookup = Lookup([record for _, record in records])
    good: Numbered = []
    for number, record in records:
        sentence = lookup.why_not(record)
        if sentence:
            result.bad[number] = sentence
        else:
            good.append((number, record))
    WRITERS[kind](good, lookup, result, now)
    result.taken = len(records) - len(result.bad)
    if result.recounted:
        recount(sorted(result.recounted), now)
    return result


def _upsert(model: Any, rows: list[Any], unique: list[str], fields: list[str]) -> None:
    """The last line about one thing rules; public ids stay."""
    last = {tuple(getattr(row, name) for name in unique): row for row in rows}
    model.objects.bulk_create(
        last.values(), batch_size=1000, update_conflicts=True, unique_fields=unique, update_fields=fields
    )


def _organisations(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    rows = [
        Organisation(
            external_id=r.external_id, name=r.name, sort_key=sort_key(r.name), country=r.country,
            is_partner=r.is_partner, created_at=r.created_at, deleted_at=r.deleted_at,
            creator_id=lookup.people.get(r.creator),
        )
        for _, r in records
    ]  # fmt: skip
    fields = ["name", "sort_key", "country", "is_partner", "creator", "created_at", "deleted_at"]
    _upsert(Organisation, rows, ["external_id"], fields)
    accounts = BillingAccount.objects.filter(
        organisation__external_id__in=[row.external_id for row in rows], scope=Scope.ORGANISATION, label=""
    )
    for account in accounts.select_related("organisation"):
        _show_label(account, account.organisation.name)


def _show_label(account: BillingAccount, label: str) -> None:
    BillingAccount.objects.filter(pk=account.pk).update(shown_label=label, sort_key=sort_key(label))


def _people(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    erased = Person.objects.filter(external_id__in=[r.external_id for _, r in records]).exclude(erased_at=None)
    gone = set(erased.values_list("external_id", flat=True))
    rows = [
        Person(external_id=r.external_id, name=r.name, email=r.email.lower(), sort_key=sort_key(r.name), changed_at=now)
        for _, r in records
        if r.external_id not in gone
    ]
    _upsert(Person, rows, ["external_id"], ["name", "email", "sort_key"])


def _workspaces(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    last = {r.external_id: r for _, r in records}
    known = {w.external_id: w for w in Workspace.objects.filter(external_id__in=last)}
    accounts = _ensure_accounts([r for r in last.values() if r.external_id not in known], lookup)
    rows = []
    for r in last.values():
        old = known.get(r.external_id)
        account_id = old.account_id if old else accounts[r.external_id]
        rows.append(
            Workspace(
                external_id=r.external_id, organisation_id=lookup.organisations[r.organisation], account_id=account_id,
                name=r.name, sort_key=sort_key(r.name), kind=r.type, visibility=r.visibility,
                data_owner_id=lookup.organisations.get(r.data_owner), data_owner_email=r.data_owner_email,
                agreement_accepted_at=r.agreement_accepted_at, created_at=r.created_at, deleted_at=r.deleted_at,
            )
        )  # fmt: skip
        result.touch(account_id, r.created_at)
    fields = ["name", "sort_key", "kind", "visibility", "data_owner", "data_owner_email", "agreement_accepted_at",
              "created_at", "deleted_at"]  # fmt: skip
    _upsert(Workspace, rows, ["external_id"], fields)
    fresh = Workspace.objects.filter(external_id__in=set(last) - set(known))
    WorkspaceAccount.objects.bulk_create(
        WorkspaceAccount(workspace=w, account_id=w.account_id, valid_from=w.created_at) for w in fresh
    )


def _ensure_accounts(records: list[Any], lookup: Lookup) -> dict[str, int]:
    """The payer of each new workspace, made when first needed: pooled by organisation, or its own."""
    pooled = {
        r.organisation: r for r in sorted(records, key=lambda r: r.created_at, reverse=True) if not _pays_alone(r)
    }
    organisations = Organisation.objects.in_bulk([lookup.organisations[name] for name in pooled])
    made = [
        BillingAccount(
            organisation_id=pk, scope=Scope.ORGANISATION, created_at=r.created_at,
            shown_label=organisations[pk].name, sort_key=organisations[pk].sort_key,
        )
        for name, r in pooled.items()
        if (pk := lookup.organisations[name])
    ]  # fmt: skip
    BillingAccount.objects.bulk_create(made, ignore_conflicts=True)
    wanted = BillingAccount.objects.filter(scope=Scope.ORGANISATION, organisation_id__in=organisations)
    by_organisation = dict(wanted.values_list("organisation_id", "id"))
    own = {
        r.external_id: BillingAccount(
            organisation_id=lookup.organisations[r.organisation], scope=Scope.WORKSPACE, created_at=r.created_at,
            shown_label=r.name, sort_key=sort_key(r.name),
        )
        for r in records
        if _pays_alone(r)
    }  # fmt: skip
    BillingAccount.objects.bulk_create(own.values())
    return {
        r.external_id: own[r.external_id].pk
        if _pays_alone(r)
        else by_organisation[lookup.organisations[r.organisation]]
        for r in records
    }


def _pays_alone(record: Any) -> bool:
    return bool(record.own_account or record.type == "external_client")


def _accounts(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    for _, r in records:
        pk = lookup.account(r.account)
        BillingAccount.objects.filter(pk=pk).update(label=r.label, shown_label=r.label, sort_key=sort_key(r.label))


def _organisation_members(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    points = [
        Point((lookup.organisations[r.organisation], lookup.people[r.person]), r.start, r.until, {"role": r.role})
        for _, r in records
    ]
    merge(OrganisationMembership, ("organisation_id", "person_id"), points)


def _workspace_members(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    points = []
    for _, r in records:
        values = {"role": r.role, "is_support": r.is_support}
        points.append(Point((lookup.workspaces[r.workspace], lookup.people[r.person]), r.start, r.until, values))
    changed = {pk for pk, _ in merge(WorkspaceMembership, ("workspace_id", "person_id"), points)}
    for _, r in records:
        if lookup.workspaces[r.workspace] in changed:
            result.touch(lookup.payer(r.workspace), r.start)


def _invitations(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    """None touches an account: an invitation is in no figure."""
    erased = Invitation.objects.filter(external_id__in=[r.external_id for _, r in records]).exclude(erased_at=None)
    gone = set(erased.values_list("external_id", flat=True))
    for_clients = Workspace.objects.filter(pk__in=lookup.workspaces.values(), kind=Kind.EXTERNAL_CLIENT)
    takes_observers = set(for_clients.values_list("external_id", flat=True))
    rows = []
    for number, r in records:
        if r.role == WorkspaceRole.OBSERVER and r.workspace not in takes_observers:
            result.bad[number] = "observers exist only in workspaces for external clients"
            continue
        has_address = r.state == InvitationState.PENDING and r.external_id not in gone
        rows.append(
            Invitation(
                external_id=r.external_id, workspace_id=lookup.workspaces[r.workspace], role=r.role,
                email=r.email.lower() if has_address else "", invited_by_id=lookup.people.get(r.invited_by),
                invited_at=r.invited_at, state=r.state, ended_at=r.ended_at and min(r.ended_at, now),
            )
        )  # fmt: skip
    fields = ["email", "role", "invited_by", "invited_at", "state", "ended_at"]
    _upsert(Invitation, rows, ["external_id"], fields)


def _logins(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    rows = [Login(person_id=lookup.people[r.person], day=r.day, count=r.count) for _, r in records]
    _upsert(Login, rows, ["person", "day"], ["count"])


def _staff(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    roles = {role.slug: role for role in Role.objects.all()}
    for number, r in records:
        if r.role not in roles:
            result.bad[number] = f"there is no role “{r.role}”; known are {', '.join(roles)}"
            continue
        user, _ = User.objects.get_or_create(email=r.email.lower(), defaults={"name": r.name, "password": "!"})
        member, _ = StaffMember.objects.get_or_create(user=user)
        member.roles.add(roles[r.role])


def _tiers(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    points = [Point((lookup.workspaces[r.workspace],), r.start, r.until, {"tier": r.tier}) for _, r in records]
    changed = {pk for (pk,) in merge(BaseTier, ("workspace_id",), points)}
    for _, r in records:
        if lookup.workspaces[r.workspace] in changed:
            result.touch(lookup.payer(r.workspace), r.start)
    result.recounted |= changed


def _grants(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    rows = []
    for _, r in records:
        workspace_id = lookup.workspaces[r.workspace]
        rows.append(
            TierGrant(
                workspace_id=workspace_id, tier=r.tier, kind=r.type, valid_from=r.start, valid_until=r.until,
                planned_until=r.until, granted_by_id=lookup.staff.get(r.granted_by),
            )
        )  # fmt: skip
        result.touch(lookup.payer(r.workspace), r.start)
        result.recounted.add(workspace_id)
    _upsert(
        TierGrant, rows, ["workspace_id", "valid_from"], ["tier", "kind", "valid_until", "planned_until", "granted_by"]
    )


def _discounts(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    points = []
    for _, r in records:
        account_id = lookup.account(r.account) if r.account else None
        workspace_id = lookup.workspaces[r.workspace] if r.workspace else None
        ends = [at for at in (r.until, end_of(r.end_date) if r.end_date else None) if at is not None]
        values = {"kind": r.type, "percent": r.percent, "end_date": r.end_date}
        points.append(Point((account_id, workspace_id), r.start, min(ends, default=None), values))
        result.touch(account_id or lookup.payer(r.workspace), r.start)
    merge(Discount, ("account_id", "workspace_id"), points)


def _payments(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    names = ("mode", "status", "cadence", "paid_until", "past_due_since", "lapses_at")
    points = [
        Point((lookup.account(r.account),), r.start, r.until, {name: getattr(r, name) for name in names})
        for _, r in records
    ]
    changed = {pk for (pk,) in merge(PaymentTerms, ("account_id",), points)}
    for _, r in records:
        if lookup.account(r.account) in changed:
            result.touch(lookup.account(r.account), r.start)
    result.recounted |= set(Workspace.objects.filter(account_id__in=changed).values_list("id", flat=True))


def _prices(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    points = []
    for _, r in records:
        values = {"tier": r.tier, "cadence": r.cadence, "rate": r.rate}
        points.append(Point((lookup.account(r.account), RANK[r.tier]), r.start, r.until, values))
        result.touch(lookup.account(r.account), r.start)
    merge(PinnedPrice, ("account_id", "tier_rank"), points)


def _paid(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    rows = []
    for _, r in records:
        rows.append(
            PaidPeriod(
                external_id=r.external_id, account_id=lookup.account(r.account), source=r.source, service_from=r.start,
                service_until=r.until, net=r.net, gross=r.gross, booked_at=r.booked_at, credited_at=r.credited_at,
            )
        )  # fmt: skip
        result.touch(lookup.account(r.account), min(r.booked_at, r.start))
    fields = ["source", "service_from", "service_until", "net", "gross", "booked_at", "credited_at"]
    _upsert(PaidPeriod, rows, ["external_id"], fields)


def _managers(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    points = []
    for _, r in records:
        points.append(
            Point((lookup.account(r.account),), r.start, r.until, {"staff_id": lookup.staff[r.staff.lower()]})
        )
        result.touch(lookup.account(r.account), r.start)
    merge(AccountManager, ("account_id",), points)


def _resets(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    rows = [
        UsageReset(workspace_id=lookup.workspaces[r.workspace], at=r.at, by_name=r.by, reason=r.reason)
        for _, r in records
    ]
    UsageReset.objects.bulk_create(rows, ignore_conflicts=True)
    result.recounted |= {row.workspace_id for row in rows}


def _usage(records: Numbered, lookup: Lookup, result: Applied, now: datetime) -> None:
    events = [
        Event(r.source, r.id, lookup.workspaces[r.workspace], r.at, r.seconds, lookup.people.get(r.person))
        for _, r in records
    ]
    done = ingest(events, now)
    result.bad |= {records[place][0]: sentence for place, sentence in done.refused.items()}
    add_usage(done.months, now)


Writer = Callable[[Numbered, Lookup, Applied, datetime], None]
WRITERS: dict[str, Writer] = {
    "organisation": _organisations,
    "person": _people,
    "workspace": _workspaces,
    "account": _accounts,
    "organisation_member": _organisation_members,
    "workspace_member": _workspace_members,
    "invitation": _invitations,
    "login": _logins,
    "staff": _staff,
    "tier": _tiers,
    "payment": _payments,
    "grant": _grants,
    "discount": _discounts,
    "price": _prices,
    "paid": _paid,
    "manager": _managers,
    "reset": _resets,
    "usage": _usage,
}

"""Billing accounts: who pays for a workspace, since when, and under which name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import F, OuterRef, Q, Subquery

from bursar.core import clock
from bursar.core.sortkey import sort_key
from bursar.tenants.models import BillingAccount, Organisation, Scope, Workspace


def lock_accounts(account_ids: list[int]) -> datetime:
    """Locks the accounts in id order and moves their clocks on. Returns the instant, never a step back."""
    moments = [clock.now()]
    if not account_ids:
        return moments[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_at FROM tenants_billingaccount WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [account_ids],
        )
        moments += [row[0] for row in cursor.fetchall() if row[0]]
        moments.append(clock.now())
        cursor.execute(
            "UPDATE tenants_billingaccount SET clock_at = %s WHERE id = ANY(%s)", [max(moments), account_ids]
        )
    return max(moments)


def hold(account_ids: Collection[int] | None = None) -> None:
    """Locks the accounts in id order, as every action does; None: all of them. Clocks stay."""
    which, values = ("", []) if account_ids is None else ("WHERE id = ANY(%s) ", [sorted(account_ids)])
    if values != [[]]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM tenants_billingaccount {which}ORDER BY id FOR NO KEY UPDATE", values)


def list_concerned(
    workspaces: Collection[str | None], made_here: Collection[str], organisations: Collection[str | None]
) -> set[int]:
    """Accounts that these workspaces draw on, by the product's ids and by ours, or that the organisations have."""
    drawing = Workspace.objects.filter(Q(external_id__in=workspaces) | Q(public_id__in=made_here))
    belonging = BillingAccount.objects.filter(organisation__external_id__in=organisations)
    return {*drawing.values_list("account_id", flat=True), *belonging.values_list("id", flat=True)}


class Need(NamedTuple):
    """A workspace that needs a payer from `since` on. `is_alone`: one of its own."""

    organisation: Organisation
    name: str
    since: datetime
    is_alone: bool


def ensure_payers(needs: Sequence[Need]) -> list[int]:
    """The account that each workspace draws on: the organisation's pooled one, made when first needed, or its own."""
    pooled = _ensure_pooled([need for need in needs if not need.is_alone])
    own = {
        place: BillingAccount(
            organisation=need.organisation,
            scope=Scope.WORKSPACE,
            created_at=need.since,
            shown_label=need.name,
            sort_key=sort_key(need.name),
        )
        for place, need in enumerate(needs)
        if need.is_alone
    }
    BillingAccount.objects.bulk_create(own.values())
    return [own[place].pk if need.is_alone else pooled[need.organisation.pk] for place, need in enumerate(needs)]


def _ensure_pooled(needs: Iterable[Need]) -> dict[int, int]:
    """Keys of pooled accounts by organisation."""
    organisations = {need.organisation.pk: need for need in sorted(needs, key=lambda n: n.since, reverse=True)}
    stored = BillingAccount.objects.filter(organisation_id__in=organisations, scope=Scope.ORGANISATION)
    known = dict(stored.values_list("organisation_id", "id"))
    made = [
        BillingAccount(
            organisation=need.organisation,
            scope=Scope.ORGANISATION,
            created_at=need.since,
            shown_label=need.organisation.name,
            sort_key=need.organisation.sort_key,
        )
        for pk, need in organisations.items()
        if pk not in known
    ]
    if made:
        BillingAccount.objects.bulk_create(made, ignore_conflicts=True)
        known = dict(stored.values_list("organisation_id", "id"))
    return known


def get_pooled_account(organisation: Organisation, now: datetime) -> BillingAccount:
    """The account that pays for all the organisation's internal workspaces, made when first needed (DOMAIN 1)."""
    pk = _ensure_pooled([Need(organisation, "", now, is_alone=False)])[organisation.pk]
    return BillingAccount.objects.select_related("organisation").get(pk=pk)


def move_beginnings(account_ids: Collection[int]) -> dict[int, datetime]:
    """An account begins with the first workspace that drew on it. Returns those that moved, and the earlier instant."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenants_billingaccount a SET created_at = f.since FROM (SELECT o.id, o.created_at AS before, "
            "MIN(w.valid_from) AS since FROM tenants_billingaccount o JOIN tenants_workspaceaccount w "
            "ON w.account_id = o.id WHERE o.id = ANY(%s) GROUP BY o.id) f "
            "WHERE a.id = f.id AND a.created_at <> f.since RETURNING a.id, LEAST(f.before, f.since)",
            [sorted(account_ids)],
        )
        return dict(cursor.fetchall())


def set_labels(labels: Mapping[int, str]) -> None:
    """Names of their own, by account."""
    rows = list(BillingAccount.objects.filter(pk__in=labels))
    for row in rows:
        row.label = row.shown_label = labels[row.pk]
        row.sort_key = sort_key(row.label)
    BillingAccount.objects.bulk_update(rows, ["label", "shown_label", "sort_key"], batch_size=1000)


def relabel(accounts: Q) -> None:
    """Without a name of its own an account is shown under the organisation's, or under its one workspace's."""
    unnamed = BillingAccount.objects.filter(accounts, label="")
    organisation = Organisation.objects.filter(pk=OuterRef("organisation_id"))
    workspace = Workspace.objects.filter(account_id=OuterRef("pk")).order_by("created_at", "id")
    for scope, source in ((Scope.ORGANISATION, organisation), (Scope.WORKSPACE, workspace)):
        named = unnamed.filter(scope=scope).annotate(
            name=Subquery(source.values("name")[:1]), key=Subquery(source.values("sort_key")[:1])
        )
        stale = named.exclude(name=None).exclude(shown_label=F("name"), sort_key=F("key"))
        stale.update(shown_label=F("name"), sort_key=F("key"))

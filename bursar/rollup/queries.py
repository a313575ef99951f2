"""Every read of the rollup. Totals, rows, CSV and API start from `filtered`, so they cannot disagree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from bursar.core.calendar import Month
from bursar.core.money import ZERO
from bursar.core.reading import consistent_read as consistent_read
from bursar.payments.queries.latest import LastPayment, last_paid_at, list_last_payments
from bursar.plans.models import Tier
from bursar.plans.queries import load_account, load_catalogue
from bursar.plans.rules import AccountState
from bursar.plans.states import Mode, Status
from bursar.rollup import rules
from bursar.rollup.filters import LOOKBACK, NOBODY, View
from bursar.rollup.models import AccountMonth, FormerRules, RevenueClass, Unprojected, WorkspaceMonth
from bursar.tenants.models import BillingAccount, Workspace
from bursar.tenants.queries import Contact, list_admin_contacts
from bursar.tenants.search import search_account_ids
from bursar.ui.lists import PAGE_SIZE
from bursar.usage.models import UsageMonth
from bursar.usage.queries import Standing, list_standings
from bursar.usage.rules import calc_cap_state

EVER = datetime.min.replace(tzinfo=UTC)
# Of the accounts that are listed, those that count as accounts: they have a workspace, or they pay.
COUNTED = Q(workspaces__gt=0) | Q(klass=RevenueClass.PAYING)
NO_CAP = calc_cap_state(0, None, "", 0)
# What pages and files show of a workspace's row. Of an account with thousands the database sorts and counts them all
# to show five, and narrow rows are sorted in half the time.
SHOWN = (
    "account_id", "is_live", "ended_at", "tier", "base_tier", "grant_until", "discount_kind", "discount_percent",
    "discount_end_date", "seats", "externals", "observers", "recorded_seconds", "workspace__public_id",
    "workspace__name", "workspace__kind", "workspace__visibility", "workspace__data_owner__name",
)  # fmt: skip
# Workspaces of each account on a page: so many, or fewer down to the least, so that a page has at most so many in all.
NESTED, NESTED_LEAST, NESTED_IN_ALL = 5, 3, 150
NESTED_MORE = 200
MONTHS_SHOWN = 13
ORDER = {
    "account": "account__sort_key",
    "class": "klass",
    "tier": "tier_rank",
    "pays": "status",
    "seats": "seats",
    "hours": "recorded_seconds",
    "mrr": "mrr",
    "potential": "potential",
    "manager": "manager__user__name",
    "payment": "last_payment_at",
}
MAY_BE_EMPTY = ("manager", "payment")
log = structlog.get_logger()


def list_used_months(states: Iterable[AccountState], since: Month | None = None) -> dict[int, set[date]]:
    """In which months, from `since` on, workspaces recorded anything while they may not have been live.

    Of one that neither ended nor moved these are only months up to that in which it began.
    """
    start = since.start if since else EVER
    workspaces = [workspace for state in states for workspace in state.workspaces]
    changed = {workspace.id for workspace in workspaces if workspace.deleted_at or workspace.has_moved}
    young = {workspace.id for workspace in workspaces if workspace.created_at > start} - changed
    used: dict[int, set[date]] = {}
    if not changed and not young:
        return used
    early = Q(workspace_id__in=young, month__lt=F("workspace__created_at"))
    rows = UsageMonth.objects.filter(Q(workspace_id__in=changed) | early, month__gte=start.date())
    for pk, month in rows.values_list("workspace_id", "month"):
        used.setdefault(pk, set()).add(month)
    return used


def rule_settings() -> rules.Settings:
    former = {Month.of(month): version for month, version in FormerRules.objects.values_list("month", "rule_version")}
    return rules.Settings(load_catalogue(), settings.BURSAR_GRACE, former)


def rule_version_of(month: Month) -> int:
    """By which version of the rules a month's figures are."""
    kept = FormerRules.objects.filter(month=month.first).values_list("rule_version", flat=True).first()
    return kept or rules.RULE_VERSION


def list_account_months(account: BillingAccount, now: datetime) -> list[AccountMonth]:
    """The present month and the twelve before it, newest first."""
    begun = AccountMonth.objects.filter(account=account, month__lte=Month.of(now).first)
    return list(begun.order_by("-month")[:MONTHS_SHOWN])


def list_workspace_months(workspace: Workspace, now: datetime) -> list[WorkspaceMonth]:
    begun = WorkspaceMonth.objects.filter(workspace=workspace, month__lte=Month.of(now).first)
    return list(begun.order_by("-month")[:MONTHS_SHOWN])


def get_breakdown(account: BillingAccount, at: datetime) -> rules.Breakdown | None:
    """The account's price, worked out, for the panel and the API; None when it cannot be, which the log explains."""
    state: AccountState = load_account(account.pk)
    try:
        return rules.break_down(state, rule_settings(), at)
    except Exception:
        log.exception("price_not_computed", account=account.public_id)
        return None


def filtered(view: View) -> QuerySet[AccountMonth]:
    rows = AccountMonth.objects.filter(month=view.month.first, is_listed=True)
    if view.q:
        rows = rows.filter(search_account_ids(view.q))
    if view.tiers:
        rows = rows.filter(tiers__overlap=list(view.tiers))
    if view.classes:
        rows = rows.filter(klass__in=view.classes)
    if view.statuses:
        rows = rows.filter(_status_in(view.statuses))
    if view.managers:
        nobody = Q(manager=None) if NOBODY in view.managers else Q()
        rows = rows.filter(Q(manager__public_id__in=view.managers) | nobody)
    if view.partner:
        rows = rows.filter(account__organisation__is_partner=view.partner == "yes")
    return rows


def _status_in(statuses: tuple[str, ...]) -> Q:
    managed = Q(mode=Mode.MANAGED) if Mode.MANAGED in statuses else Q(pk__in=[])
    plain = [status for status in statuses if status != Mode.MANAGED]
    return managed | Q(status__in=plain) & (Q(mode=Mode.SELF_SERVE) | Q(status=Status.PAST_DUE))


def ordered(view: View, rows: QuerySet[AccountMonth]) -> QuerySet[AccountMonth]:
    """By the asked column, then by the account's key: a total order that the index of the default sort has."""
    name, falls = view.sort.removeprefix("-"), view.sort.startswith("-")
    column = F(ORDER[name])
    if name == "payment":
        rows = with_last_payment(rows, view)
    last = True if name in MAY_BE_EMPTY else None
    return rows.order_by(column.desc(nulls_last=last) if falls else column.asc(nulls_last=last), "account_id")


def with_last_payment(rows: QuerySet[AccountMonth], view: View) -> QuerySet[AccountMonth]:
    """With `last_payment_at`, when the account last paid in the month or before; None when it never did."""
    return rows.annotate(last_payment_at=last_paid_at(view.month.end))


@dataclass
class Totals:
    """Of the whole filtered set. Amounts EUR per month; `classes` in the order of `RevenueClass`.

    `rows`: how many are listed. `accounts`: without those that ceased, or could not be computed.
    """

    rows: int = 0
    accounts: int = 0
    workspaces: int = 0
    seats: int = 0
    recorded_seconds: int = 0
    mrr: Decimal = ZERO
    past_due_mrr: Decimal = ZERO
    potential: Decimal = ZERO
    potential_managed: Decimal = ZERO
    potential_trial: Decimal = ZERO
    previous_mrr: Decimal = ZERO
    classes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def forecast(self) -> Decimal:
        return self.mrr + self.potential

    @property
    def bars(self) -> list[dict[str, Any]]:
        """The split by class as bars of a 100 wide drawing."""
        bars, x = [], 0.0
        for row in self.classes:
            bars.append({"key": row["key"], "x": round(x, 2), "width": row["share"]})
            x += row["share"]
        return bars


def calc_totals(view: View) -> Totals:
    """One statement: grouped by class, added up here."""
    late = Q(status=Status.PAST_DUE)
    groups: dict[str, dict[str, Any]] = {
        row["klass"]: dict(row)
        for row in filtered(view)
        .order_by()
        .values("klass")
        .annotate(
            rows=Count("*"),
            counted=Count("klass", filter=COUNTED),
            workspaces_=Sum("workspaces"),
            seats_=Sum("seats"),
            seconds=Sum("recorded_seconds"),
            mrr_=Sum("mrr"),
            potential_=Sum("potential"),
            late=Sum("mrr", filter=late),
        )
    }
    totals = Totals()
    for klass, row in groups.items():
        totals.rows += row["rows"]
        totals.accounts += row["counted"]
        totals.workspaces += row["workspaces_"]
        totals.seats += row["seats_"]
        totals.recorded_seconds += int(row["seconds"])
        totals.mrr += row["mrr_"]
        totals.potential += row["potential_"]
        totals.past_due_mrr += row["late"] or ZERO
        if klass == RevenueClass.MANAGED:
            totals.potential_managed = row["potential_"]
        if klass == RevenueClass.TRIAL:
            totals.potential_trial = row["potential_"]
    for klass in RevenueClass:
        row = groups.get(klass.value, {})
        count = row.get("counted", 0)
        totals.classes.append(
            {
                "key": klass.value,
                "label": klass.label,
                "count": count,
                "mrr": row.get("mrr_", ZERO),
                "potential": row.get("potential_", ZERO),
                "share": round(100 * count / totals.accounts, 2) if totals.accounts else 0,
            }
        )
    return totals


@dataclass
class WorkspaceLine:
    """`of`: how many workspaces the account has in this month, shown or not."""

    fact: WorkspaceMonth
    standing: Standing
    tier_label: str
    of: int


@dataclass
class AccountLine:
    """An account's row with all that it shows. `more`: workspaces beyond those in `workspaces`."""

    fact: AccountMonth
    contacts: list[Contact]
    manager: str
    last_payment: LastPayment | None
    workspaces: list[WorkspaceLine]
    more: int

    @property
    def tier_label(self) -> str:
        return Tier(self.fact.tier).label

    @property
    def others(self) -> int:
        return max(0, len(self.fact.tiers) - 1)


def with_names(rows: QuerySet[AccountMonth]) -> QuerySet[AccountMonth]:
    """With the account, its organisation and its manager at hand: no further statement for them."""
    return rows.select_related("account__organisation", "manager__user")


def list_page(view: View, now: datetime) -> list[AccountLine]:
    """The rows of one page, in a number of statements that does not depend on how many there are."""
    start = (view.page - 1) * PAGE_SIZE
    rows = with_names(ordered(view, filtered(view)))
    return _fit_page(list_lines(list(rows[start : start + PAGE_SIZE]), view, now))


def _fit_page(lines: list[AccountLine]) -> list[AccountLine]:
    """Every account alike: the first `NESTED` workspaces, or as many of them as keep the page light."""
    sizes = [len(line.workspaces) for line in lines]
    choice = range(NESTED, NESTED_LEAST, -1)
    each = next((n for n in choice if sum(min(n, size) for size in sizes) <= NESTED_IN_ALL), NESTED_LEAST)
    return [
        replace(line, workspaces=line.workspaces[:each], more=line.more + max(0, size - each))
        for line, size in zip(lines, sizes, strict=True)
    ]


def list_lines(facts: list[AccountMonth], view: View, now: datetime, nested: int | None = NESTED) -> list[AccountLine]:
    """`nested`: how many workspaces each; None for all."""
    ids = [fact.account_id for fact in facts]
    contacts = list_admin_contacts(ids, now)
    payments = list_last_payments(ids, view.month.end)
    workspaces = list_workspace_lines(ids, view, now, nested) if view.nested or nested is None else {}
    return [
        AccountLine(
            fact=fact,
            contacts=contacts.get(fact.account_id, []),
            manager=str(fact.manager or ""),
            last_payment=payments.get(fact.account_id),
            workspaces=workspaces.get(fact.account_id, []),
            more=_count_more(workspaces.get(fact.account_id, []), fact),
        )
        for fact in facts
    ]


def _count_more(shown: list[WorkspaceLine], fact: AccountMonth) -> int:
    """Ended ones stand beside those that the account's own figure counts."""
    return (shown[0].of if shown else fact.workspaces) - len(shown)


def list_workspace_lines(
    account_ids: list[int], view: View, now: datetime, nested: int | None
) -> dict[int, list[WorkspaceLine]]:
    rows = WorkspaceMonth.objects.filter(account_id__in=account_ids, month=view.month.first)
    place = Window(RowNumber(), partition_by=F("account_id"), order_by=["workspace__sort_key", "workspace_id"])
    rows = (
        rows.annotate(place=place, of=Window(Count("*"), partition_by=F("account_id")))
        .select_related("workspace__data_owner")
        .only(*SHOWN)
        .order_by("account_id", "place")
    )
    found = list(rows if nested is None else rows.filter(place__lte=nested))
    tiers = {row.workspace_id: row.tier for row in found if row.is_live}
    standings = list_standings(tiers, view.as_of(now), is_open=view.is_current)
    lines: dict[int, list[WorkspaceLine]] = {}
    for row in found:
        standing = standings.get(row.workspace_id) or Standing(row.tier, 0, None, NO_CAP)
        line = WorkspaceLine(row, standing, Tier(row.tier).label, row.of)
        lines.setdefault(row.account_id, []).append(line)
    return lines


def get_fact(account_public_id: str, view: View) -> AccountMonth | None:
    rows = with_names(AccountMonth.objects.all())
    return rows.filter(account__public_id=account_public_id, month=view.month.first).first()


@dataclass(frozen=True)
class Frame:
    """What stands around a month's rows: the months that hold anything, its rules, the accounts without figures."""

    months: set[date]
    rule_version: int
    faulty: int


def get_frame(view: View) -> Frame:
    """In one statement; months from the oldest that can be looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ARRAY(SELECT m::date FROM generate_series(%s::date, %s::date, interval '1 month') m "
            "WHERE EXISTS (SELECT 1 FROM rollup_accountmonth a WHERE a.month = m::date)), "
            f"(SELECT rule_version FROM {FormerRules._meta.db_table} WHERE month = %s), "
            f"(SELECT COUNT(*) FROM {Unprojected._meta.db_table} WHERE fault <> '')",
            [view.current.plus(-LOOKBACK).first, view.current.first, view.month.first],
        )
        months, version, faulty = cursor.fetchone()
    return Frame(set(months), version or rules.RULE_VERSION, faulty)

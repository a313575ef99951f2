"""The rows of a month's page and file, with all that they show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from bursar.payments.queries.latest import LastPayment, list_last_payments
from bursar.plans.models import Tier
from bursar.rollup.filters import View
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.queries.listed import filtered, ordered, with_names
from bursar.tenants.queries import Contact, list_admin_contacts
from bursar.ui.lists import PAGE_SIZE
from bursar.usage.queries import Standing, list_standings
from bursar.usage.rules import calc_cap_state

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

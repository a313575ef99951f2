"""From dated rows to the plain state that the rules take: whole, or read again as far as something was written.

Plain SQL, which is the same each time: to build these statements anew took most of the time of a small account's load.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from bursar.plans.models import (
    AccountManager,
    BaseTier,
    Discount,
    PaidPeriod,
    PaymentTerms,
    PinnedPrice,
    TierGrant,
    TierTerms,
)
from bursar.plans.rules import (
    NO_TERMS,
    AccountState,
    Base,
    Catalogue,
    CatalogueRow,
    DiscountRow,
    Grant,
    Manager,
    Member,
    Period,
    Pin,
    Tenancy,
    Terms,
    WorkspaceState,
)
from bursar.tenants.models import BillingAccount, Workspace, WorkspaceAccount, WorkspaceMembership


@dataclass(frozen=True)
class Source:
    """Dated rows of an account or a workspace: `fields` before the span, `extra` behind it, as the shape has them."""

    model: Any
    shape: Callable[..., Any]
    place: Callable[[Any], list[Any]]
    fields: tuple[str, ...]
    extra: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.fields, "valid_from", "valid_until", *self.extra)

    def read(self, key: str, ids: Collection[int]) -> list[tuple[Any, ...]]:
        """Rows of these accounts or workspaces (`key`), oldest first: whose it is, then the columns."""
        return _read(self.table, (key, *self.columns), f"{key} = ANY(%s) ORDER BY valid_from", list(ids))


_TERMS = ("mode", "status", "cadence", "paid_until", "past_due_since", "lapses_at")
TERMS = Source(PaymentTerms, Terms, lambda account: account.terms, _TERMS, ("ends_paid",))
ACCOUNT_ROWS = (
    TERMS,
    Source(Discount, DiscountRow, lambda account: account.discounts, ("kind", "percent"), ("end_date",)),
    Source(PinnedPrice, Pin, lambda account: account.pins, ("tier", "cadence", "rate")),
    Source(AccountManager, Manager, lambda account: account.managers, ("staff_id",)),
)
TIER_ROWS = (
    Source(BaseTier, Base, lambda workspace: workspace.bases, ("tier",)),
    Source(TierGrant, Grant, lambda workspace: workspace.grants, ("tier", "kind"), ("planned_until",)),
)
WORKSPACE_ROWS = (
    *TIER_ROWS,
    Source(Discount, DiscountRow, lambda workspace: workspace.discounts, ("kind", "percent"), ("end_date",)),
    Source(WorkspaceMembership, Member, lambda w: w.members, ("person_id", "role", "is_support")),
)
_PERIOD = ("account_id", "source", "service_from", "service_until", "booked_at", "credited_at")
_CATALOGUE = ("tier", "yearly", "monthly", "cap_hours", "cap_effect", "valid_from", "valid_until")
_TENANCIES = (
    "SELECT h.account_id, h.workspace_id, w.created_at, w.deleted_at, h.valid_from, h.valid_until "
    f"FROM {WorkspaceAccount._meta.db_table} h JOIN {Workspace._meta.db_table} w ON w.id = h.workspace_id "
    f"WHERE h.workspace_id IN (SELECT workspace_id FROM {WorkspaceAccount._meta.db_table} WHERE account_id = ANY(%s)) "
    "ORDER BY w.created_at, h.workspace_id, h.valid_from"
)


def _read(table: str, columns: Iterable[str], where: str, *values: Any) -> list[tuple[Any, ...]]:
    return _select(f"SELECT {', '.join(columns)} FROM {table} WHERE {where}", *values)


def _select(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def load_catalogue() -> Catalogue:
    rows = _read(TierTerms._meta.db_table, _CATALOGUE, "true ORDER BY valid_from")
    return Catalogue(CatalogueRow(*row) for row in rows)


def load_terms(account_id: int, at: datetime) -> Terms:
    """How the account pays at `at`, and nothing else of it."""
    where = "account_id = %s AND valid_from <= %s AND (valid_until IS NULL OR valid_until > %s)"
    rows = _read(TERMS.table, TERMS.columns, where, account_id, at, at)
    return Terms(*rows[0]) if rows else NO_TERMS


def load_accounts(account_ids: Collection[int]) -> dict[int, AccountState]:
    """The dated state of each account, whole history, in a fixed number of queries."""
    ids = list(account_ids)
    if not ids:
        return {}
    rows = _read(BillingAccount._meta.db_table, ("id", "created_at"), "id = ANY(%s)", ids)
    accounts = {pk: AccountState(pk, created_at) for pk, created_at in rows}
    for source in ACCOUNT_ROWS:
        _fill(source, ids, accounts)
    _fill_periods(ids, accounts)
    _fill_workspaces(ids, accounts)
    return accounts


def load_account(account_id: int) -> AccountState:
    return load_accounts([account_id])[account_id]


def _fill_periods(ids: list[int], accounts: dict[int, AccountState]) -> None:
    where = "account_id = ANY(%s) ORDER BY service_from, id"
    for account_id, *values in _read(PaidPeriod._meta.db_table, _PERIOD, where, ids):
        accounts[account_id].periods.append(Period(*values))


def _fill(source: Source, ids: list[int], accounts: dict[int, AccountState]) -> None:
    for account_id, *values in source.read("account_id", ids):
        source.place(accounts[account_id]).append(source.shape(*values))


def read_again(state: AccountState, tables: Collection[str]) -> AccountState:
    """The state as it is stored after a write to these tables: they alone are read, where it is about plain rows."""
    sources = [source for source in (*ACCOUNT_ROWS, *WORKSPACE_ROWS) if source.table in tables]
    others = set(tables) - {source.table for source in sources}
    if others - {PaidPeriod._meta.db_table}:
        return load_account(state.id)
    if others:
        state.periods.clear()
        _fill_periods([state.id], {state.id: state})
    homes = {workspace.id: [workspace] for workspace in state.workspaces}
    for source in sources:
        if source in ACCOUNT_ROWS:
            source.place(state).clear()
            _fill(source, [state.id], {state.id: state})
            continue
        for workspace in state.workspaces:
            source.place(workspace).clear()
        _fill_homes(source, homes)
    return state


def _fill_workspaces(ids: list[int], accounts: dict[int, AccountState]) -> None:
    """A workspace that moved is loaded for each account it ever drew on, with where else it was."""
    states: dict[tuple[int, int], WorkspaceState] = {}
    homes: dict[int, list[WorkspaceState]] = {}
    moves: dict[int, list[tuple[int, Tenancy]]] = {}
    for account_id, workspace_id, created_at, deleted_at, start, end in _select(_TENANCIES, ids):
        moves.setdefault(workspace_id, []).append((account_id, Tenancy(start, end)))
        if account_id not in accounts:
            continue
        state = states.get((account_id, workspace_id))
        if state is None:
            state = states[account_id, workspace_id] = WorkspaceState(workspace_id, created_at, deleted_at)
            accounts[account_id].workspaces.append(state)
            homes.setdefault(workspace_id, []).append(state)
        state.tenancies.append(Tenancy(start, end))
    for (account_id, workspace_id), state in states.items():
        state.elsewhere = [span for payer, span in moves[workspace_id] if payer != account_id]
    load_workspace_rows(homes)


def load_workspace_rows(homes: dict[int, list[WorkspaceState]], *, only_tiers: bool = False) -> None:
    """Adds tiers and grants, and unless `only_tiers` discounts and members, to the given states, by workspace key."""
    for source in TIER_ROWS if only_tiers else WORKSPACE_ROWS:
        _fill_homes(source, homes)


def _fill_homes(source: Source, homes: dict[int, list[WorkspaceState]]) -> None:
    for workspace_id, *values in source.read("workspace_id", homes) if homes else ():
        row = source.shape(*values)
        for state in homes[workspace_id]:
            source.place(state).append(row)

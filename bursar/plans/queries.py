"""Every read of plans. `load_accounts` turns dated rows into the plain state that the rules take."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from bursar.core.among import among
from bursar.plans.ends import WARNED_BEFORE, EndKind
from bursar.plans.models import (
    AccountManager,
    BaseTier,
    ByClock,
    ClockTold,
    Discount,
    PaidPeriod,
    PaymentTerms,
    PinnedPrice,
    TierGrant,
    TierTerms,
)
from bursar.plans.rules import (
    DAY,
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
from bursar.plans.trials import CAUGHT_UP_FOR
from bursar.tenants.models import BillingAccount, WorkspaceAccount, WorkspaceMembership


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


_TERMS = ("mode", "status", "cadence", "paid_until", "past_due_since", "lapses_at")
ACCOUNT_ROWS = (
    Source(PaymentTerms, Terms, lambda account: account.terms, _TERMS, ("ends_paid",)),
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


def load_catalogue() -> Catalogue:
    fields = ("tier", "yearly", "monthly", "cap_hours", "cap_effect", "valid_from", "valid_until")
    return Catalogue(CatalogueRow(*row) for row in TierTerms.objects.order_by("valid_from").values_list(*fields))


def load_accounts(account_ids: Collection[int]) -> dict[int, AccountState]:
    """The dated state of each account, whole history, in a fixed number of queries."""
    ids = list(account_ids)
    rows = BillingAccount.objects.filter(among("id", ids)).values_list("id", "created_at")
    accounts = {pk: AccountState(pk, created_at) for pk, created_at in rows}
    for source in ACCOUNT_ROWS:
        _fill(source, ids, accounts)
    _fill_periods(ids, accounts)
    _fill_workspaces(ids, accounts)
    return accounts


def _fill_periods(ids: list[int], accounts: dict[int, AccountState]) -> None:
    periods = PaidPeriod.objects.filter(among("account_id", ids)).order_by("service_from", "id")
    fields = ("source", "service_from", "service_until", "booked_at", "credited_at")
    for account_id, *values in periods.values_list("account_id", *fields):
        accounts[account_id].periods.append(Period(*values))


def _fill(source: Source, ids: list[int], accounts: dict[int, AccountState]) -> None:
    rows = source.model.objects.filter(among("account_id", ids)).order_by("valid_from")
    for account_id, *values in rows.values_list("account_id", *source.columns):
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
    ours = WorkspaceAccount.objects.filter(among("account_id", ids)).values("workspace_id")
    tenancies = WorkspaceAccount.objects.filter(workspace_id__in=ours)
    tenancies = tenancies.order_by("workspace__created_at", "workspace_id", "valid_from")
    fields = (
        "account_id",
        "workspace_id",
        "workspace__created_at",
        "workspace__deleted_at",
        "valid_from",
        "valid_until",
    )
    for account_id, workspace_id, created_at, deleted_at, start, end in tenancies.values_list(*fields):
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
    rows = source.model.objects.filter(among("workspace_id", homes)).order_by("valid_from")
    for workspace_id, *values in rows.values_list("workspace_id", *source.columns):
        row = source.shape(*values)
        for state in homes[workspace_id]:
            source.place(state).append(row)


def load_account(account_id: int) -> AccountState:
    return load_accounts([account_id])[account_id]


def load_terms(account_id: int, at: datetime) -> Terms:
    """How the account pays at `at`, and nothing else of it."""
    rows = PaymentTerms.objects.at(at).filter(account_id=account_id)
    row = rows.values_list(*_TERMS, "valid_from", "valid_until", "ends_paid").first()
    return Terms(*row) if row else NO_TERMS


def get_discount(at: datetime, *, account_id: int | None = None, workspace_id: int | None = None) -> Discount | None:
    """The live discount set on this account or on this workspace itself."""
    live = Discount.objects.at(at)
    if account_id is not None:
        return live.filter(account_id=account_id).first()
    return live.filter(workspace_id=workspace_id or 0).first()


ENDING = {
    EndKind.GRANT: ByClock.ENDING,
    EndKind.PLAN: ByClock.PLAN_ENDING,
    EndKind.DISCOUNT: ByClock.DISCOUNT_ENDING,
    EndKind.PRICE: ByClock.PRICE_ENDING,
}
ENDED = {
    EndKind.GRANT: ByClock.ENDED,
    EndKind.PLAN: ByClock.PLAN_ENDED,
    EndKind.DISCOUNT: ByClock.DISCOUNT_ENDED,
    EndKind.PRICE: ByClock.PRICE_ENDED,
}
QUIET_FOR = timedelta(days=1)  # an import moves no account's clock; what it brings is looked at within a day


@dataclass(frozen=True, order=True)
class EndDue:
    """An end ahead that people may have to be warned of. `account_id` is the key, `public_id` the account's."""

    at: datetime
    kind: EndKind
    account_id: int
    public_id: str


def list_ends_ahead(now: datetime) -> list[EndDue]:
    """Near ends of which nobody was told yet, soonest first, in one statement.

    Those that change nothing as things stand are left out until an action on the account, or a day later.
    """
    discounts = Discount.objects.filter(percent__gt=0, workspace__deleted_at=None)
    sources: dict[EndKind, tuple[QuerySet[Any], str, str]] = {
        EndKind.GRANT: (TierGrant.objects.filter(workspace__deleted_at=None), "valid_until", "workspace__account"),
        EndKind.PLAN: (_lasting_terms(), "lapses_at", "account"),
        EndKind.DISCOUNT: (discounts, "valid_until", ""),
        EndKind.PRICE: (PinnedPrice.objects.all(), "valid_until", "account"),
    }
    parts = []
    for kind, (rows, end, account) in sources.items():
        near = {"due__gt": now, "due__lte": now + WARNED_BEFORE[kind], "valid_from__lte": now}
        found = rows.annotate(due=F(end), ending=Value(kind.value), **_owner(account)).filter(**near)
        found = found.filter(~Exists(_told(kind, now)))
        parts.append(found.values_list("due", "ending", "owner", "owner_public_id"))
    rows = parts[0].union(*parts[1:])
    return sorted(EndDue(at, EndKind(kind), pk, public_id) for at, kind, pk, public_id in rows)


def _lasting_terms() -> QuerySet[Any]:
    """Payment terms under which something lapses by the clock, nobody having changed them before."""
    return PaymentTerms.objects.filter(Q(valid_until=None) | Q(valid_until__gt=F("lapses_at")))


def _owner(account: str) -> dict[str, Any]:
    """The account concerned; of a discount its own, or its workspace's."""
    homes = [account] if account else ["account", "workspace__account"]
    never = Value(datetime.min.replace(tzinfo=UTC), output_field=DateTimeField())
    return {
        "owner": _first([f"{home}__id" for home in homes]),
        "owner_public_id": _first([f"{home}__public_id" for home in homes]),
        "acted_at": Coalesce(*[f"{home}__clock_at" for home in homes], never),
    }


def _first(names: list[str]) -> Any:
    return F(names[0]) if len(names) == 1 else Coalesce(*names)


def _told(kind: EndKind, now: datetime) -> QuerySet[ClockTold]:
    """Marks by which nothing is left to tell."""
    marks = ClockTold.objects.filter(account_id=OuterRef("owner"), what=ENDING[kind], ends_at=OuterRef("due"))
    return marks.filter(Q(is_quiet=False) | Q(at__gt=now - QUIET_FOR, at__gte=OuterRef("acted_at")))


@dataclass(frozen=True, order=True)
class LapseDue:
    """Something of this account ran out at `at`, by the clock; `account_id` is its key."""

    at: datetime
    account_id: int


def list_lapses_due(now: datetime, account_ids: Collection[int] | None = None) -> list[LapseDue]:
    """Oldest first, of some accounts or of all, up to two weeks ago, in one statement. What was told is left out.

    What a person ended early is told by that action itself, so only planned ends count.
    """
    since = {"due__gt": now - CAUGHT_UP_FOR, "due__lte": now}
    grants = TierGrant.objects.filter(workspace__deleted_at=None, valid_until=F("planned_until"))
    discounts = Discount.objects.filter(valid_until=F("end_date") + DAY)
    owners = Coalesce("account_id", "workspace__account_id")
    parts: list[QuerySet[Any]] = [
        grants.annotate(owner=F("workspace__account_id"), due=F("valid_until")),
        _lasting_terms().filter(valid_from__lte=F("lapses_at")).annotate(owner=F("account_id"), due=F("lapses_at")),
        discounts.annotate(owner=owners, due=F("valid_until")),
        PinnedPrice.objects.annotate(owner=F("account_id"), due=F("valid_until")),
    ]
    told = ClockTold.objects.filter(what=ByClock.LAPSED, account_id=OuterRef("owner"), ends_at=OuterRef("due"))
    whose = {} if account_ids is None else {"owner__in": account_ids}
    found = [part.filter(~Exists(told), **since, **whose).values_list("due", "owner") for part in parts]
    return sorted(LapseDue(at, owner) for at, owner in found[0].union(*found[1:]))


def list_told_ends(now: datetime, account_ids: Collection[int]) -> set[tuple[int, str, datetime]]:
    """Which ends of the last two weeks people were told of once they were over: account, what, when."""
    marks = ClockTold.objects.filter(
        account_id__in=account_ids, what__in=ENDED.values(), ends_at__gt=now - CAUGHT_UP_FOR
    )
    return set(marks.values_list("account_id", "what", "ends_at"))


def is_told(account_id: int, what: str, ends_at: datetime) -> bool:
    return ClockTold.objects.filter(account_id=account_id, what=what, ends_at=ends_at, is_quiet=False).exists()


def list_granted_ids(workspace_ids: Collection[int], ends_at: datetime) -> list[str]:
    """Of the grants that end there then: one public id for each colleague who granted any."""
    rows = TierGrant.objects.filter(workspace_id__in=workspace_ids, valid_until=ends_at, granted_by__isnull=False)
    return list({row.granted_by_id: row.public_id for row in rows.order_by("id")}.values())

"""Every read of plans. `load_accounts` turns dated rows into the plain state that the rules take."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

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
from bursar.plans.trials import CAUGHT_UP_FOR, WARNED_BEFORE
from bursar.tenants.models import BillingAccount, WorkspaceAccount, WorkspaceMembership


def load_catalogue() -> Catalogue:
    fields = ("tier", "yearly", "monthly", "cap_hours", "cap_effect", "valid_from", "valid_until")
    return Catalogue(CatalogueRow(*row) for row in TierTerms.objects.order_by("valid_from").values_list(*fields))


def load_accounts(account_ids: Collection[int]) -> dict[int, AccountState]:
    """The dated state of each account, whole history, in a fixed number of queries."""
    ids = list(account_ids)
    rows = BillingAccount.objects.filter(id__in=ids).values_list("id", "created_at")
    accounts = {pk: AccountState(pk, created_at) for pk, created_at in rows}
    _fill(PaymentTerms, ids, accounts, Terms, lambda a: a.terms,
          "mode", "status", "cadence", "paid_until", "past_due_since", "lapses_at")  # fmt: skip
    _fill(Discount, ids, accounts, DiscountRow, lambda a: a.discounts, "kind", "percent", extra=("end_date",))
    _fill(PinnedPrice, ids, accounts, Pin, lambda a: a.pins, "tier", "cadence", "rate")
    _fill(AccountManager, ids, accounts, Manager, lambda a: a.managers, "staff_id")
    periods = PaidPeriod.objects.filter(account_id__in=ids).order_by("service_from", "id")
    fields = ("source", "service_from", "service_until", "booked_at", "credited_at")
    for account_id, *values in periods.values_list("account_id", *fields):
        accounts[account_id].periods.append(Period(*values))
    _fill_workspaces(ids, accounts)
    return accounts


def _fill(
    model: Any,
    ids: list[int],
    accounts: dict[int, AccountState],
    shape: Callable[..., Any],
    place: Callable[[AccountState], list[Any]],
    *fields: str,
    extra: tuple[str, ...] = (),
) -> None:
    rows = model.objects.filter(account_id__in=ids).order_by("valid_from")
    for account_id, *values in rows.values_list("account_id", *fields, "valid_from", "valid_until", *extra):
        place(accounts[account_id]).append(shape(*values))


def _fill_workspaces(ids: list[int], accounts: dict[int, AccountState]) -> None:
    """A workspace that moved is loaded for each account it ever drew on, with where else it was."""
    states: dict[tuple[int, int], WorkspaceState] = {}
    homes: dict[int, list[WorkspaceState]] = {}
    moves: dict[int, list[tuple[int, Tenancy]]] = {}
    ours = WorkspaceAccount.objects.filter(account_id__in=ids).values("workspace_id")
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
    span = ("valid_from", "valid_until")
    sources: list[tuple[Any, Callable[..., Any], Callable[[WorkspaceState], list[Any]], tuple[str, ...]]] = [
        (BaseTier, Base, lambda w: w.bases, ("tier", *span)),
        (Discount, DiscountRow, lambda w: w.discounts, ("kind", "percent", *span, "end_date")),
        (WorkspaceMembership, Member, lambda w: w.members, ("person_id", "role", "is_support", *span)),
    ]
    ids = list(homes)
    for model, shape, place, fields in sources[:1] if only_tiers else sources:
        rows = model.objects.filter(workspace_id__in=ids).order_by("valid_from")
        for workspace_id, *values in rows.values_list("workspace_id", *fields):
            row = shape(*values)
            for state in homes[workspace_id]:
                place(state).append(row)
    grants = TierGrant.objects.filter(workspace_id__in=ids).order_by("valid_from")
    names = ("workspace_id", "tier", "kind", "valid_from", "valid_until", "planned_until")
    for workspace_id, *values in grants.values_list(*names):
        for state in homes[workspace_id]:
            state.grants.append(Grant(*values))


def load_account(account_id: int) -> AccountState:
    return load_accounts([account_id])[account_id]


def get_discount(at: datetime, *, account_id: int | None = None, workspace_id: int | None = None) -> Discount | None:
    """The live discount set on this account or on this workspace itself."""
    live = Discount.objects.at(at)
    if account_id is not None:
        return live.filter(account_id=account_id).first()
    return live.filter(workspace_id=workspace_id or 0).first()


@dataclass(frozen=True)
class GrantEndDue:
    """`account_id` is the public id."""

    account_id: str
    ends_at: datetime


def list_warnings_due(now: datetime) -> list[GrantEndDue]:
    """Live workspaces' grants that end within three days, of which nobody was told yet."""
    grants = TierGrant.objects.filter(
        workspace__deleted_at=None, valid_from__lte=now, valid_until__gt=now, valid_until__lte=now + WARNED_BEFORE
    )
    told = ClockTold.objects.filter(
        account_id=OuterRef("workspace__account_id"), what=ByClock.ENDING, ends_at=OuterRef("valid_until")
    )
    rows = grants.filter(~Exists(told)).order_by("valid_until", "workspace__account__public_id")
    pairs = rows.values_list("workspace__account__public_id", "valid_until").distinct()
    return [GrantEndDue(account_id, at) for account_id, at in pairs]


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
    terms = PaymentTerms.objects.filter(Q(valid_until=None) | Q(valid_until__gt=F("lapses_at")))
    discounts = Discount.objects.filter(valid_until=F("end_date") + DAY)
    owners = Coalesce("account_id", "workspace__account_id")
    parts: list[QuerySet[Any]] = [
        grants.annotate(owner=F("workspace__account_id"), due=F("valid_until")),
        terms.filter(valid_from__lte=F("lapses_at")).annotate(owner=F("account_id"), due=F("lapses_at")),
        discounts.annotate(owner=owners, due=F("valid_until")),
    ]
    told = ClockTold.objects.filter(what=ByClock.LAPSED, account_id=OuterRef("owner"), ends_at=OuterRef("due"))
    whose = {} if account_ids is None else {"owner__in": account_ids}
    found = [part.filter(~Exists(told), **since, **whose).values_list("due", "owner") for part in parts]
    return sorted(LapseDue(at, owner) for at, owner in found[0].union(*found[1:]))


def list_ends_to_tell(now: datetime, account_ids: Collection[int]) -> set[tuple[int, datetime]]:
    """Accounts' ends of live workspaces' grants, up to two weeks ago, that people were not told of."""
    grants = TierGrant.objects.filter(
        workspace__deleted_at=None,
        workspace__account_id__in=account_ids,
        valid_until=F("planned_until"),
        valid_until__gt=now - CAUGHT_UP_FOR,
        valid_until__lte=now,
    )
    told = ClockTold.objects.filter(
        account_id=OuterRef("workspace__account_id"), what=ByClock.ENDED, ends_at=OuterRef("valid_until")
    )
    return set(grants.filter(~Exists(told)).values_list("workspace__account_id", "valid_until"))


def list_grants_ending(account_id: int, ends_at: datetime) -> list[TierGrant]:
    rows = TierGrant.objects.filter(workspace__account_id=account_id, valid_until=ends_at)
    return list(rows.select_related("granted_by").order_by("id"))

"""Every read of plans. `loading` turns dated rows into the plain state that the rules take."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from bursar.plans.ends import WARNED_BEFORE, EndKind
from bursar.plans.loading import ACCOUNT_ROWS as ACCOUNT_ROWS
from bursar.plans.loading import WORKSPACE_ROWS as WORKSPACE_ROWS
from bursar.plans.loading import load_account as load_account
from bursar.plans.loading import load_accounts as load_accounts
from bursar.plans.loading import load_catalogue as load_catalogue
from bursar.plans.loading import load_terms as load_terms
from bursar.plans.loading import load_workspace_rows as load_workspace_rows
from bursar.plans.loading import read_again as read_again
from bursar.plans.models import ByClock, ClockTold, Discount, PaymentTerms, PinnedPrice, TierGrant
from bursar.plans.trials import CAUGHT_UP_FOR


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


_LAPSES = """
SELECT DISTINCT due, owner FROM (
    SELECT g.valid_until AS due, w.account_id AS owner
    FROM plans_tiergrant g JOIN tenants_workspace w ON w.id = g.workspace_id AND w.deleted_at IS NULL
    WHERE g.valid_until = g.planned_until AND g.valid_until > %(since)s AND g.valid_until <= %(now)s
    UNION ALL
    SELECT lapses_at, account_id FROM plans_paymentterms
    WHERE valid_from <= lapses_at AND (valid_until IS NULL OR valid_until > lapses_at)
        AND lapses_at > %(since)s AND lapses_at <= %(now)s
    UNION ALL
    SELECT d.valid_until, COALESCE(d.account_id, w.account_id)
    FROM plans_discount d LEFT JOIN tenants_workspace w ON w.id = d.workspace_id
    WHERE d.valid_until = d.end_date + interval '1 day' AND d.valid_until > %(since)s AND d.valid_until <= %(now)s
    UNION ALL
    SELECT valid_until, account_id FROM plans_pinnedprice
    WHERE valid_until > %(since)s AND valid_until <= %(now)s
) AS ended
WHERE (%(every)s OR owner = ANY(%(owners)s)) AND NOT EXISTS (
    SELECT 1 FROM plans_grantendtold told WHERE told.what = %(told)s AND told.account_id = owner AND told.ends_at = due
)
ORDER BY due, owner
"""


def list_lapses_due(now: datetime, account_ids: Collection[int] | None = None) -> list[LapseDue]:
    """Oldest first, of some accounts or of all, up to two weeks ago, in one statement. What was told is left out.

    What a person ended early is told by that action itself, so only planned ends count. The door asks this before each
    action, so it is written out: to build it anew took ten times as long as to answer it.
    """
    whose: dict[str, Any] = {"every": account_ids is None, "owners": list(account_ids or ())}
    values: dict[str, Any] = {"since": now - CAUGHT_UP_FOR, "now": now, "told": ByClock.LAPSED.value, **whose}
    with connection.cursor() as cursor:
        cursor.execute(_LAPSES, values)
        return [LapseDue(at, owner) for at, owner in cursor.fetchall()]


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

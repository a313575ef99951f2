"""The accounts of a month that somebody asked for, in the order that they asked for."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from bursar.payments.queries.latest import last_paid_at
from bursar.plans.states import Mode, Status
from bursar.rollup.filters import NOBODY, View
from bursar.rollup.models import AccountMonth, RevenueClass
from bursar.tenants.search import search_account_ids

# Of the accounts that are listed, those that count as accounts: they have a workspace, or they pay.
COUNTED = Q(workspaces__gt=0) | Q(klass=RevenueClass.PAYING)

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


def with_names(rows: QuerySet[AccountMonth]) -> QuerySet[AccountMonth]:
    """With the account, its organisation and its manager at hand: no further statement for them."""
    return rows.select_related("account__organisation", "manager__user")


def get_fact(account_public_id: str, view: View) -> AccountMonth | None:
    rows = with_names(AccountMonth.objects.all())
    return rows.filter(account__public_id=account_public_id, month=view.month.first).first()

"""What stands to the good of accounts, and what they owe beside their invoices: one figure with a sign. EUR."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast

from bursar.billing.models import AccountCredit, LedgerEntry
from bursar.core.money import ZERO
from bursar.files import csv
from bursar.files.csv import Layout, Written


class Side(StrEnum):
    """CREDIT: the account has it to its good. OWED: more went back to it than had come."""

    CREDIT = "credit"
    OWED = "owed"


_SIDES = {Side.CREDIT: Q(amount__gt=0), Side.OWED: Q(amount__lt=0)}
COLUMNS = ("account_id", "account", "organisation", "credit_eur", "given_up_eur", "moved_on")
_SOURCES = {
    "account_id": F("account__public_id"), "account": F("account__shown_label"),
    "organisation": F("account__organisation__name"), "credit_eur": F("amount"), "given_up_eur": F("given_up"),
    "moved_on": F("moved_on"),
}  # fmt: skip


class Balances(NamedTuple):
    """Of all accounts; `owed` above 0. The two are never offset: one is a debt of ours, the other is due to us."""

    credit: Decimal
    owed: Decimal
    accounts: dict[Side, int]


def list_balances(side: Side | None = None) -> QuerySet[AccountCredit, Any]:
    """Those that owe most first, the highest credit last. `moved_on`: the day on which it moved last."""
    entries = LedgerEntry.objects.filter(account=OuterRef("pk"), invoice=None).order_by("-booked_at", "-pk")
    rows = AccountCredit.objects.filter(_SIDES[side] if side else ~Q(amount=0))
    rows = rows.annotate(moved_on=Subquery(entries.values("on")[:1]))
    return rows.select_related("account__organisation").order_by("amount", "pk")


def calc_balances() -> Balances:
    asked = {f"{side}_sum": Sum("amount", filter=which) for side, which in _SIDES.items()}
    counts = {f"{side}_count": Count("pk", filter=which) for side, which in _SIDES.items()}
    found = AccountCredit.objects.exclude(amount=0).aggregate(**asked, **counts)
    accounts = {side: found[f"{side}_count"] for side in Side}
    return Balances(found["credit_sum"] or ZERO, -(found["owed_sum"] or ZERO), accounts)


def write(side: Side | None, layout: Layout) -> Written:
    texts = {f"{name}_text": Cast(source, TextField()) for name, source in _SOURCES.items()}
    return csv.write_selected(COLUMNS, list_balances(side).annotate(**texts).values_list(*texts), layout)

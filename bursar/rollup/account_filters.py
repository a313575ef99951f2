"""Accounts by what their month facts say now, for the lists of lower rooms: class, account manager."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from bursar.core.asked import read_several
from bursar.core.calendar import Month
from bursar.rollup.filters import NOBODY, read_people
from bursar.rollup.models import AccountMonth, RevenueClass
from bursar.staff.queries import list_managers
from bursar.ui.lists import ACCOUNT_FILTERS, AccountFilter


def _now(holds: Q, now: datetime) -> QuerySet[Any, Any]:
    return AccountMonth.objects.filter(holds, month=Month.of(now).first).values("account_id")


def _by_class(classes: tuple[str, ...], now: datetime) -> QuerySet[Any, Any]:
    return _now(Q(klass__in=classes), now)


def _by_manager(managers: tuple[str, ...], now: datetime) -> QuerySet[Any, Any]:
    nobody = Q(manager=None) if NOBODY in managers else Q()
    return _now(Q(manager__public_id__in=managers) | nobody, now)


def _list_managers() -> list[tuple[str, str]]:
    return [(NOBODY, "nobody"), *[(one.public_id, str(one)) for one in list_managers()]]


ACCOUNT_FILTERS.add(
    "class",
    AccountFilter(
        "Class",
        lambda: [(value, str(label)) for value, label in RevenueClass.choices],
        lambda query: read_several(query, "class", dict(RevenueClass.choices), "revenue class"),
        _by_class,
    ),
)
ACCOUNT_FILTERS.add(
    "manager",
    AccountFilter(
        "Account manager", _list_managers, lambda query: read_people(query, "manager", "account manager"), _by_manager
    ),
)

"""What the address of the rollup asks for: month, filters, sort, page. Unknown values get a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.core.calendar import Month
from bursar.core.errors import BadRequest
from bursar.plans.models import PaymentMode, PaymentStatus, Tier
from bursar.rollup.models import RevenueClass

LOOKBACK = 12
PAGE_SIZE = 50
SORTS = ("account", "class", "tier", "pays", "seats", "hours", "mrr", "potential", "manager", "payment")
DEFAULT_SORT = "-mrr"
STATUSES = {**dict(PaymentStatus.choices), PaymentMode.MANAGED.value: PaymentMode.MANAGED.label}
NOBODY = "nobody"
COLUMNS = ("tier", "pays", "seats", "hours", "mrr", "potential", "contact", "manager", "payment")


@dataclass(frozen=True)
class View:
    """One state of the page, as its address says it. `managers` are public ids or “nobody”."""

    month: Month
    current: Month
    q: str = ""
    tiers: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    partner: str = ""
    sort: str = DEFAULT_SORT
    page: int = 1
    nested: bool = True
    hidden: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        return self.month == self.current

    def as_of(self, now: datetime) -> datetime:
        """The instant the figures stand for: now, or the last instant of a past month."""
        return now if self.is_current else self.month.last_instant

    def is_filtered(self) -> bool:
        return bool(self.q or self.tiers or self.classes or self.statuses or self.managers or self.partner)


def read(query: Any, now: datetime) -> View:
    """Reads a QueryDict, or a dict of single values. Raises BadRequest with a sentence for what it does not know."""
    current = Month.of(now)
    month = _month(query.get("month", ""), current)
    return View(
        month=month,
        current=current,
        q=query.get("q", "").strip()[:100],
        tiers=read_several(query, "tier", dict(Tier.choices), "tier"),
        classes=read_several(query, "class", dict(RevenueClass.choices), "revenue class"),
        statuses=read_several(query, "status", STATUSES, "payment status"),
        managers=read_people(query, "manager", "account manager"),
        partner=read_one(query, "partner", ("yes", "no")),
        sort=_sort(query.get("sort", "") or DEFAULT_SORT),
        page=read_page(query.get("page", "") or "1"),
        nested=query.get("workspaces", "") != "hide",
        hidden=read_several(query, "hide", dict.fromkeys(COLUMNS), "column"),
    )


def _month(text: str, current: Month) -> Month:
    if not text:
        return current
    try:
        month = Month.parse(text)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    if not current.plus(-LOOKBACK) <= month <= current:
        raise BadRequest(
            f"{month.label} is out of reach: the rollup shows {current.label} and the 12 months before it."
        )
    return month


def read_several(query: Any, name: str, known: Mapping[str, Any], words: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(value for value in _list(query, name) if value))
    for value in values:
        if value not in known:
            raise BadRequest(f"There is no {words} “{value[:40]}”. Known are: {', '.join(known)}.")
    return values


def _list(query: Any, name: str) -> list[str]:
    if hasattr(query, "getlist"):
        found: list[str] = query.getlist(name)
        return found
    return [query[name]] if name in query else []


def read_people(query: Any, name: str, words: str) -> tuple[str, ...]:
    """Public ids of staff people, or “nobody”."""
    values = tuple(dict.fromkeys(value for value in _list(query, name) if value))
    for value in values:
        if value != NOBODY and not (value.startswith("stf_") and value.isascii() and len(value) <= 24):
            raise BadRequest(f"“{value[:40]}” is no {words}'s id.")
    return values


def read_one(query: Any, name: str, known: tuple[str, ...]) -> str:
    value: str = query.get(name, "")
    if value and value not in known:
        raise BadRequest(f"“{name}” is one of {', '.join(known)}, not “{value[:40]}”.")
    return value


def _sort(text: str) -> str:
    if text.removeprefix("-") not in SORTS:
        raise BadRequest(f"Nothing can be sorted by “{text[:40]}”. Known are: {', '.join(SORTS)}.")
    return text


def read_page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 1_000_000):
        raise BadRequest(f"“{text[:40]}” is not a page number.")
    return int(text[:9])

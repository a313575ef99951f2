"""What the address of the rollup asks for: month, filters, sort, page. Unknown values get a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.core.asked import read_one, read_page, read_several, read_sort, read_values
from bursar.core.calendar import Month
from bursar.core.errors import BadRequest
from bursar.plans.models import PaymentMode, PaymentStatus, Tier
from bursar.rollup.models import RevenueClass

LOOKBACK = 12
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
        sort=read_sort(query, SORTS, DEFAULT_SORT),
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


def read_people(query: Any, name: str, words: str) -> tuple[str, ...]:
    """Public ids of staff people, or “nobody”."""
    values = tuple(dict.fromkeys(value for value in read_values(query, name) if value))
    for value in values:
        if value != NOBODY and not (value.startswith("stf_") and value.isascii() and len(value) <= 24):
            raise BadRequest(f"“{value[:40]}” is no {words}'s id.")
    return values

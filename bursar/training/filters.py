"""What the address of the list of sessions asks for, and of their calendar. Unknown values get a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from bursar.billing.seller import seller_month
from bursar.core.asked import read_one, read_page, read_several, read_sort, read_values
from bursar.core.calendar import Month
from bursar.core.errors import BadRequest
from bursar.core.ids import is_public_id
from bursar.core.sortkey import sort_key
from bursar.training.models import Mode

SORTS = ("organisation", "training", "when", "requested", "participants")
NOBODY = "nobody"


class Shown(StrEnum):
    """The tabs: what waits for a day, what is ahead, what was on and waits to be completed."""

    REQUESTED = "requested"
    AHEAD = "ahead"
    TO_COMPLETE = "to_complete"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ALL = "all"


class Tab(NamedTuple):
    label: str
    sort: str


TABS = {
    Shown.REQUESTED: Tab("Requests", "requested"),
    Shown.AHEAD: Tab("Scheduled", "when"),
    Shown.TO_COMPLETE: Tab("To complete", "when"),
    Shown.COMPLETED: Tab("Completed", "-when"),
    Shown.CANCELLED: Tab("Cancelled", "-requested"),
    Shown.ALL: Tab("All", "-requested"),
}


@dataclass(frozen=True)
class View:
    """`trainings`, `trainers`, `organisation`: public ids; `NOBODY` among the trainers: none yet."""

    now: datetime
    shown: Shown = Shown.REQUESTED
    trainings: tuple[str, ...] = ()
    trainers: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    organisation: str = ""
    q: str = ""
    sort: str = "requested"
    page: int = 1

    @property
    def search(self) -> str:
        return sort_key(self.q)

    @property
    def is_filtered(self) -> bool:
        return bool(self.trainings or self.trainers or self.modes or self.organisation or self.q)


def read(query: Any, now: datetime, tab: Shown = Shown.REQUESTED) -> View:
    """Reads a QueryDict, or a dict of single values. `tab`: when none is named. Raises BadRequest with a sentence."""
    shown = Shown(read_one(query, "show", tuple(Shown)) or tab)
    return View(
        now=now,
        shown=shown,
        trainings=_read_ids(query, "training"),
        trainers=_read_ids(query, "trainer"),
        modes=read_several(query, "mode", dict(Mode.choices), "way"),
        organisation=_read_id(query.get("organisation", "")),
        q=query.get("q", "").strip()[:100],
        sort=read_sort(query, SORTS, TABS[shown].sort),
        page=read_page(query.get("page", "") or "1"),
    )


def read_month(query: Any, now: datetime) -> Month:
    """Of the seller's days; this one where none is named."""
    try:
        return Month.parse(query["month"]) if query.get("month") else seller_month(now)
    except ValueError as error:
        raise BadRequest(str(error)) from None


def _read_ids(query: Any, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_read_id(one) for one in read_values(query, name) if one))


def _read_id(text: str) -> str:
    if text and text != NOBODY and not is_public_id(text):
        raise BadRequest(f"“{text[:40]}” is no id.")
    return text

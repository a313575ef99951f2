"""What the address of the list of licences asks for. Unknown values get a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bursar.billing.seller import seller_day
from bursar.core.asked import read_one, read_page, read_sort, read_values
from bursar.core.errors import BadRequest
from bursar.core.ids import is_public_id
from bursar.training.licence_rules import SHOWN, Shown

SORTS = ("name", "granted", "ends")


@dataclass(frozen=True)
class View:
    """`today`: the seller's day. `trainings`, `organisation`: public ids."""

    now: datetime
    today: date
    shown: Shown = Shown.ACTIVE
    trainings: tuple[str, ...] = ()
    organisation: str = ""
    q: str = ""
    sort: str = "ends"
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.trainings or self.organisation or self.q)


def read(query: Any, now: datetime) -> View:
    """Reads a QueryDict, or a dict of single values. Raises BadRequest with a sentence for what it does not know."""
    shown = Shown(read_one(query, "show", tuple(Shown)) or Shown.ACTIVE)
    return View(
        now=now,
        today=seller_day(now),
        shown=shown,
        trainings=tuple(read_id(one) for one in read_values(query, "training") if one),
        organisation=read_id(query.get("organisation", "")),
        q=query.get("q", "").strip()[:100],
        sort=read_sort(query, SORTS, SHOWN[shown].sort),
        page=read_page(query.get("page", "") or "1"),
    )


def read_id(text: str) -> str:
    if text and not is_public_id(text):
        raise BadRequest(f"“{text[:40]}” is no id.")
    return text

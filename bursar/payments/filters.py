"""What the addresses of the Payments page and its tabs ask for. Unknown values get a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.billing.seller import Span, seller_month, span_of
from bursar.core.asked import read_one, read_page, read_several, read_sort
from bursar.core.calendar import Month
from bursar.core.errors import BadRequest
from bursar.payments.rules.gap import CAUSES
from bursar.payments.words import KINDS, METHODS, SOURCES, STATUSES

PAGE = "payments"
ALL = "all"
LOOKBACK = 12
SORTS = ("date", "account", "kind", "method", "amount", "status")
DEFAULT_SORT = "-date"
CHARGED_BACK, REFUNDED = "charged_back", "refunded"
STATES = {
    **{state.value: words for state, words in STATUSES.items()},
    CHARGED_BACK: "charged back",
    REFUNDED: "refunded",
}
"""By status, and by what went back: then it is still paid at Mollie."""
COLUMNS = ("source", "kind", "invoice", "method", "back")


@dataclass(frozen=True)
class View:
    """One state of the page. `month`: the seller's; None: all of them."""

    month: Month | None
    current: Month
    q: str = ""
    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    sort: str = DEFAULT_SORT
    page: int = 1
    hidden: tuple[str, ...] = ()

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.states or self.kinds or self.methods or self.sources)

    @property
    def span(self) -> Span | None:
        return span_of(self.month) if self.month else None


def read(query: Any, now: datetime) -> View:
    """Reads a QueryDict, or a dict of single values. Raises BadRequest with a sentence for what it does not know."""
    current = seller_month(now)
    text = query.get("month", "")
    return View(
        month=None if text == ALL else read_month(text, current),
        current=current,
        q=query.get("q", "").strip()[:100],
        states=read_several(query, "status", STATES, "status"),
        kinds=read_several(query, "kind", {kind.value: words for kind, words in KINDS.items()}, "kind of payment"),
        methods=read_several(query, "method", METHODS, "method"),
        sources=read_several(query, "source", {source.value: words for source, words in SOURCES.items()}, "source"),
        sort=read_sort(query, SORTS, DEFAULT_SORT),
        page=read_page(query.get("page", "") or "1"),
        hidden=read_several(query, "hide", dict.fromkeys(COLUMNS), "column"),
    )


def read_month(text: str, current: Month) -> Month:
    """Empty: the current one. Raises BadRequest for what is no month, or has not begun."""
    if not text:
        return current
    try:
        month = Month.parse(text)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    if month > current:
        raise BadRequest(f"{month.label} has not begun.")
    return month


@dataclass(frozen=True)
class GapAsk:
    """One state of the gap's page. `cause`: only accounts of which this is a part; empty: all with a difference."""

    month: Month
    current: Month
    cause: str = ""
    page: int = 1


def read_gap(query: Any, now: datetime) -> GapAsk:
    current = seller_month(now)
    return GapAsk(
        month=read_month(query.get("month", ""), current),
        current=current,
        cause=read_one(query, "cause", tuple(cause.value for cause in CAUSES)),
        page=read_page(query.get("page", "") or "1"),
    )

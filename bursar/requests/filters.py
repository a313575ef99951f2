"""What the address of the queue asks for. Unknown values get a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bursar.core.errors import BadRequest
from bursar.core.sortkey import sort_key
from bursar.plans.models import Tier
from bursar.requests.models import RequestKind, RequestState

PAGE_SIZE = 50
TABS = {
    "pending": ("Pending", (RequestState.PENDING,)),
    "approved": ("Approved", (RequestState.APPROVED,)),
    "denied": ("Denied", (RequestState.DENIED,)),
    "closed": ("Closed", (RequestState.WITHDRAWN, RequestState.OVERTAKEN, RequestState.DONE)),
    "all": ("All", tuple(RequestState)),
}
KINDS = {**dict(RequestKind.choices), "ask": "a member's ask"}


@dataclass(frozen=True)
class View:
    tab: str = "pending"
    kind: str = ""
    tier: str = ""
    q: str = ""
    page: int = 1

    @property
    def states(self) -> tuple[RequestState, ...]:
        return TABS[self.tab][1]

    @property
    def search(self) -> str:
        return sort_key(self.q)

    @property
    def is_filtered(self) -> bool:
        return bool(self.kind or self.tier or self.q)


def read(query: Any, tab: str = "pending") -> View:
    """Reads a QueryDict or a dict. Raises BadRequest for what it does not know. `tab`: when none is named."""
    return View(
        tab=_one(query, "state", TABS) or tab,
        kind=_one(query, "kind", KINDS),
        tier=_one(query, "tier", dict(Tier.choices)),
        q=query.get("q", "").strip()[:100],
        page=_page(query.get("page", "")),
    )


def _one(query: Any, name: str, known: dict[str, Any]) -> str:
    value: str = query.get(name, "")
    if value and value not in known:
        raise BadRequest(f"“{name}” is one of {', '.join(known)}, not “{value[:40]}”.")
    return value


def _page(text: str) -> int:
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 1_000_000):
        raise BadRequest(f"“{text[:40]}” is not a page number.")
    return int(text[:9])

"""What the address of the at-risk page asks for. Unknown values get a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bursar.attention.reasons import REASONS
from bursar.core.asked import read_one, read_page, read_several
from bursar.plans.models import Tier
from bursar.rollup.filters import read_people

TABS = {"": "Needs a human", "mine": "Mine", "snoozed": "Snoozed"}


@dataclass(frozen=True)
class Ask:
    """One state of the page. `owners` and `managers` are public ids or “nobody”; two lists, each with its page."""

    tab: str = ""
    q: str = ""
    reasons: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    page: int = 1
    accounts_page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.reasons or self.owners or self.managers or self.tiers)


def read(query: Any) -> Ask:
    """Reads a QueryDict, or a dict of single values. Raises BadRequest with a sentence for what it does not know."""
    return Ask(
        tab=read_one(query, "tab", ("mine", "snoozed")),
        q=query.get("q", "").strip()[:100],
        reasons=read_several(query, "reason", REASONS, "reason"),
        owners=read_people(query, "owner", "colleague"),
        managers=read_people(query, "manager", "account manager"),
        tiers=read_several(query, "tier", dict(Tier.choices), "tier"),
        page=read_page(query.get("page", "") or "1"),
        accounts_page=read_page(query.get("accounts_page", "") or "1"),
    )

"""What stands above every page of Invoices: its tabs. Pages fill the blocks of `billing/invoices.html`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.urls import NoReverseMatch, reverse

LIST = "invoices:list"


class Shown(StrEnum):
    """Which documents a list holds. ISSUED: what money is still asked for, OVERDUE with it; CREDITED: in full."""

    ISSUED = "issued"
    OVERDUE = "overdue"
    PAID = "paid"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"
    CREDIT_NOTES = "credit_notes"
    ALL = "all"


@dataclass(frozen=True)
class Tab:
    """`shown`: of a list, which documents it holds."""

    key: str
    label: str
    url_name: str = LIST
    shown: Shown | None = None

    @property
    def url(self) -> str:
        """Empty where there is no such page."""
        try:
            address = reverse(self.url_name)
        except NoReverseMatch:
            return ""
        return f"{address}?show={self.shown}" if self.shown else address


TABS = (
    Tab("to_issue", "To issue", "invoices:to_issue"),
    Tab("drafts", "Drafts", "invoices:drafts"),
    Tab("issued", "Issued", shown=Shown.ISSUED),
    Tab("overdue", "Overdue", shown=Shown.OVERDUE),
    Tab("reminders", "Reminders", "reminders:page"),
    Tab("paid", "Paid", shown=Shown.PAID),
    Tab("credited", "Credited", shown=Shown.CREDITED),
    Tab("written_off", "Written off", shown=Shown.WRITTEN_OFF),
    Tab("balances", "Balances", "invoices:balances"),
    Tab("credit_notes", "Credit notes", shown=Shown.CREDIT_NOTES),
    Tab("all", "All", shown=Shown.ALL),
)


def head(here: str, **counts: int) -> dict[str, Any]:
    """For the context of a page that extends `billing/invoices.html`. `here`: a key of `TABS`, or empty for a page
    below them. `counts`: what stands beside a tab's name, by its key.
    """
    shown = [(tab, tab.url) for tab in TABS]
    return {
        "tabs": [
            {"label": tab.label, "url": url, "is_here": tab.key == here, "count": counts.get(tab.key)}
            for tab, url in shown
            if url
        ],
        "tab_label": next((tab.label for tab in TABS if tab.key == here), ""),
    }

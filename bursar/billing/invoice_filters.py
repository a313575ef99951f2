"""What the address of the lists of Invoices asks for. Unknown values get a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from bursar.billing.invoice_tabs import Shown
from bursar.billing.rules import ageing
from bursar.billing.rules.ageing import Band
from bursar.billing.rules.ledger import InvoiceState
from bursar.billing.rules.places import COUNTRIES
from bursar.billing.seller import seller_day
from bursar.core.asked import read_one, read_page, read_several, read_sort
from bursar.core.calendar import Month
from bursar.core.errors import BadRequest
from bursar.ui.lists import ACCOUNT_FILTERS

PAGE = "invoices"
SORTS = ("issued", "due", "payer", "gross", "open")
COLUMNS = ("account", "issued", "due", "gross")
LONGEST, TOO_MUCH = 12, Decimal("1e10")  # of an amount: signs, and EUR


class EInvoice(StrEnum):
    NONE = "none"
    BEING_MADE = "being_made"
    MADE = "made"
    TO_HAND_IN = "to_hand_in"
    HANDED_IN = "handed_in"
    REFUSED = "refused"


E_INVOICES = {
    EInvoice.NONE: "not wanted",
    EInvoice.BEING_MADE: "being made",
    EInvoice.MADE: "made, for no network",
    EInvoice.TO_HAND_IN: "to hand in",
    EInvoice.HANDED_IN: "handed in",
    EInvoice.REFUSED: "refused",
}
STATES = {state.name.lower(): state for state in InvoiceState}
SHOWN = {
    Shown.ISSUED: (InvoiceState.OPEN, InvoiceState.PART_PAID, InvoiceState.OVERDUE),
    Shown.OVERDUE: (InvoiceState.OVERDUE,),
    Shown.PAID: (InvoiceState.PAID,),
    Shown.CREDITED: (InvoiceState.CREDITED,),
    Shown.WRITTEN_OFF: (InvoiceState.WRITTEN_OFF,),
}
"""The states of the invoices that a list holds; the others hold credit notes too, or nothing else."""


@dataclass(frozen=True)
class View:
    """One state of a list. `today`: the seller's day. `issued`, `due`: months; None: all.

    `least`, `most`: EUR with VAT. `accounts`: the values of each filter of accounts (`ui.lists`) that is set.
    """

    now: datetime
    today: date
    shown: Shown = Shown.ISSUED
    q: str = ""
    states: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    issued: Month | None = None
    due: Month | None = None
    countries: tuple[str, ...] = ()
    e_invoices: tuple[str, ...] = ()
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    least: Decimal | None = None
    most: Decimal | None = None
    sort: str = "-issued"
    page: int = 1
    hidden: tuple[str, ...] = ()

    @property
    def is_filtered(self) -> bool:
        of_rows = (self.q, self.states, self.bands, self.issued, self.due, self.countries, self.e_invoices)
        return any(of_rows) or bool(self.accounts) or self.least is not None or self.most is not None

    @property
    def asks_for_money(self) -> bool:
        """Whether anything in it can be open."""
        return self.shown in (Shown.ISSUED, Shown.OVERDUE, Shown.ALL)


def read(query: Any, now: datetime) -> View:
    """Reads a QueryDict, or a dict of single values. Raises BadRequest with a sentence for what it does not know."""
    shown = Shown(read_one(query, "show", tuple(Shown)) or Shown.ISSUED)
    accounts = {name: found for name, one in ACCOUNT_FILTERS.items() if (found := one.read(query))}
    return View(
        now=now,
        today=seller_day(now),
        shown=shown,
        q=query.get("q", "").strip()[:100],
        states=read_several(query, "state", STATES, "state"),
        bands=read_several(query, "age", {band.value: words for band, words in ageing.LABELS.items()}, "age"),
        issued=_read_month(query.get("issued", "")),
        due=_read_month(query.get("due", "")),
        countries=read_several(query, "country", COUNTRIES, "country"),
        e_invoices=read_several(query, "e_invoice", {one.value: words for one, words in E_INVOICES.items()}, "state"),
        accounts=accounts,
        least=_read_amount(query.get("least", "")),
        most=_read_amount(query.get("most", "")),
        sort=read_sort(query, SORTS, default_sort(shown)),
        page=read_page(query.get("page", "") or "1"),
        hidden=read_several(query, "hide", dict.fromkeys(COLUMNS), "column"),
    )


def default_sort(shown: Shown) -> str:
    """The newest first; of what is late, the latest."""
    return "due" if shown is Shown.OVERDUE else "-issued"


def bands_of(view: View) -> list[Band]:
    return [Band(one) for one in view.bands]


def _read_month(text: str) -> Month | None:
    try:
        return Month.parse(text) if text else None
    except ValueError as error:
        raise BadRequest(str(error)) from None


def _read_amount(text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        amount = Decimal(text.strip().replace(",", ".")) if text.isascii() and len(text) <= LONGEST else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount < TOO_MUCH:
        raise BadRequest(f"“{text[:40]}” is no amount. Write it as 1234.50.")
    return amount

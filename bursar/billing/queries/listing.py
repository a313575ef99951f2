"""Every read of the lists of Invoices. Totals, rows, CSV and API start from `filtered`, so they cannot disagree.

Of a credit note all amounts count below zero, so that sums are what was invoiced in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, Count, DecimalField, F, Q, QuerySet, Sum, Value, When

from bursar.billing.documents.document import DocumentKind
from bursar.billing.invoice_filters import SHOWN, STATES, EInvoice, View, bands_of
from bursar.billing.invoice_tabs import Shown
from bursar.billing.models import Invoice
from bursar.billing.rules.ageing import Band, due_days_of
from bursar.billing.rules.ledger import InvoiceState
from bursar.core.money import ZERO
from bursar.core.sortkey import sort_key
from bursar.tenants.search import list_meant_ids
from bursar.ui.lists import ACCOUNT_FILTERS, PAGE_SIZE

INVOICES = Q(kind=DocumentKind.INVOICE.value)
NOTES = Q(kind=DocumentKind.CREDIT_NOTE.value)
ASKS = INVOICES & Q(open__gt=0)
EUR = DecimalField(max_digits=14, decimal_places=2)
_COUNTRIES = (
    "WITH RECURSIVE found AS (SELECT min(country) AS country FROM billing_invoice UNION ALL "
    "SELECT (SELECT min(country) FROM billing_invoice WHERE country > found.country) FROM found "
    "WHERE found.country IS NOT NULL) "
    "SELECT country FROM found WHERE country IS NOT NULL"
)


def signed(name: str) -> Case:
    """An amount, below zero of a credit note."""
    return Case(When(NOTES, then=-F(name)), default=F(name), output_field=EUR)


ORDER: dict[str, F | Case] = {
    "issued": F("issued_at"),
    "due": F("due_on"),
    "payer": F("payer_key"),
    "gross": signed("gross"),
    "open": Case(When(INVOICES, then=F("open")), default=None, output_field=EUR),
}


def in_state(state: InvoiceState, today: date) -> Q:
    """Which invoices `rules.ledger.say_state` says it of."""
    is_late, settled = Q(due_on__lt=today), INVOICES & Q(open__lte=0)
    not_late = Q(due_on=None) | Q(due_on__gte=today)
    return {
        InvoiceState.OVERDUE: ASKS & is_late,
        InvoiceState.PART_PAID: ASKS & not_late & Q(paid__gt=0),
        InvoiceState.OPEN: ASKS & not_late & Q(paid=0),
        InvoiceState.WRITTEN_OFF: settled & Q(written_off__gt=0),
        InvoiceState.CREDITED: settled & Q(written_off=0, credited=F("gross")),
        InvoiceState.PAID: settled & Q(written_off=0, credited__lt=F("gross")),
    }[state]


def in_band(band: Band, today: date) -> Q:
    """Open ones of which `rules.ageing.find_band` says it."""
    first, last = due_days_of(band, today)
    if last is None:
        return ASKS & (Q(due_on=None) | Q(due_on__gte=first))
    return ASKS & Q(due_on__lte=last) & (Q(due_on__gte=first) if first else Q())


HANDED = (EInvoice.TO_HAND_IN, EInvoice.HANDED_IN, EInvoice.REFUSED)
E_INVOICE = {
    EInvoice.NONE: Q(wants_e_invoice=False),
    EInvoice.BEING_MADE: Q(wants_e_invoice=True, e_invoice=None),
    EInvoice.MADE: Q(e_invoice__isnull=False, handover=None),
    **{one: Q(e_invoice__isnull=False, handover__state=one.value) for one in HANDED},
}


def filtered(view: View) -> QuerySet[Invoice]:
    """What is searched for is looked up here, once, whatever is then asked of the rows."""
    rows = Invoice.objects.filter(_of_tab(view))
    if view.q:
        rows = rows.filter(_is_meant(view.q))
    for chosen in (
        [in_state(STATES[one], view.today) for one in view.states],
        [in_band(band, view.today) for band in bands_of(view)],
        [E_INVOICE[EInvoice(one)] for one in view.e_invoices],
    ):
        rows = rows.filter(_any(chosen)) if chosen else rows
    for name, month in (("issued_on", view.issued), ("due_on", view.due)):
        if month:
            rows = rows.filter(**{f"{name}__gte": month.first, f"{name}__lt": month.next().first})
    if view.countries:
        rows = rows.filter(country__in=view.countries)
    for name, values in view.accounts.items():
        rows = rows.filter(account_id__in=ACCOUNT_FILTERS[name].find(values, view.now))
    bounds = {"gross__gte": view.least, "gross__lte": view.most}
    return rows.filter(**{name: bound for name, bound in bounds.items() if bound is not None})


def _any(parts: list[Q]) -> Q:
    found = parts[0]
    for part in parts[1:]:
        found |= part
    return found


def _of_tab(view: View) -> Q:
    if view.shown in (Shown.ALL, Shown.CREDIT_NOTES):
        return NOTES if view.shown is Shown.CREDIT_NOTES else Q()
    if view.shown is Shown.ISSUED:
        return ASKS
    return _any([in_state(state, view.today) for state in SHOWN[view.shown]])


def _is_meant(asked: str) -> Q:
    """By what stands on the document, by its payer, or by its account as everywhere."""
    accounts = [pk for (pk,) in list_meant_ids(asked).values_list("id")]
    return Q(pk__in=_list_named(asked)) | Q(payer_key__contains=sort_key(asked)) | Q(account_id__in=accounts)


def _list_named(asked: str) -> list[int]:
    """Each by an index of its own, so that nothing else of a document is read for all of them."""
    plain = "".join(asked.split()).upper()
    first, *others = [
        Invoice.objects.filter(**{name: value}).order_by().values_list("pk")
        for name, value in (
            ("number", plain), ("reference", plain), ("public_id", asked.lower()), ("order_number", asked),
            ("buyer_reference", asked),
        )
    ]  # fmt: skip
    return [pk for (pk,) in first.union(*others)]


def ordered(view: View, rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """By the asked column, then the newest: a total order. Those of which it says nothing come last."""
    name, falls = view.sort.removeprefix("-"), view.sort.startswith("-")
    column, last = ORDER[name], True if name in ("due", "open") else None
    first = column.desc(nulls_last=last) if falls else column.asc(nulls_last=last)
    if name == "issued":
        return rows.order_by(first, "-id" if falls else "id")
    return rows.order_by(first, "-issued_at", "-id")


def list_page(view: View, rows: QuerySet[Invoice]) -> list[Invoice]:
    """One page of these, in one statement."""
    start = (view.page - 1) * PAGE_SIZE
    named = rows.select_related("account__organisation", "corrects", "handover").defer("says", "corrects__says")
    return list(ordered(view, named)[start : start + PAGE_SIZE])


@dataclass
class Totals:
    """Of the whole filtered set, EUR; credit notes count below zero. `paid` and what follows: of invoices."""

    rows: int = 0
    notes: int = 0
    net: Decimal = ZERO
    vat: Decimal = ZERO
    gross: Decimal = ZERO
    paid: Decimal = ZERO
    credited: Decimal = ZERO
    written_off: Decimal = ZERO
    difference: Decimal = ZERO
    open: Decimal = ZERO


AMOUNTS = tuple(one.name for one in fields(Totals) if one.name not in ("rows", "notes"))
_OF_INVOICES = ("paid", "credited", "written_off", "difference", "open")


def calc_totals(rows: QuerySet[Invoice]) -> Totals:
    """One statement: grouped by kind, added up here."""
    totals = Totals()
    sums: dict[str, Any] = {f"{one}_": Sum(one) for one in AMOUNTS}
    groups: list[Any] = list(rows.order_by().values("kind").annotate(rows=Count("*"), **sums))
    for group in groups:
        is_note = group["kind"] == DocumentKind.CREDIT_NOTE.value
        totals.rows += group["rows"]
        totals.notes += group["rows"] if is_note else 0
        for name in AMOUNTS:
            if is_note and name in _OF_INVOICES:
                continue
            amount = group[f"{name}_"]
            setattr(totals, name, getattr(totals, name) + (-amount if is_note else amount))
    return totals


@dataclass
class Ageing:
    """What is open, by band: how many invoices, and EUR."""

    rows: dict[Band, int] = field(default_factory=dict)
    open: dict[Band, Decimal] = field(default_factory=dict)


def calc_ageing(view: View, found: QuerySet[Invoice]) -> Ageing:
    """One statement, of all that the list holds but for the bands that are chosen. `found`: `filtered` of this view."""
    rows = (filtered(replace(view, bands=())) if view.bands else found).filter(ASKS).order_by()
    sums: dict[str, Any] = {"rows": Count("*"), "sum": Sum("open")}
    groups: list[Any] = list(rows.annotate(band=_band(view.today)).values("band").annotate(**sums))
    of = {Band(group["band"]): group for group in groups}
    return Ageing(
        {band: of[band]["rows"] if band in of else 0 for band in Band},
        {band: of[band]["sum"] if band in of else ZERO for band in Band},
    )


def _band(today: date) -> Case:
    """Of an open invoice, as `in_band` chooses it: each band begins where the one before it ended."""
    firsts = [(band, due_days_of(band, today)[0]) for band in Band]
    begun = [When(due_on__gte=first, then=Value(band.value)) for band, first in firsts if first]
    never = When(due_on=None, then=Value(Band.NOT_DUE.value))
    return Case(never, *begun, default=Value(Band.OVER_90.value), output_field=CharField())


def count_overdue(today: date) -> int:
    return Invoice.objects.filter(in_state(InvoiceState.OVERDUE, today)).count()


def list_countries() -> list[str]:
    """Of payers, by looking once at each in the index."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTRIES)
        return [country for (country,) in cursor.fetchall()]


def has_any() -> bool:
    return Invoice.objects.exists()

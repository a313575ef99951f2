"""The lists of Invoices as files and for programs: one row a document. EUR; of a credit note amounts are below zero."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Case, CharField, F, Func, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, NullIf

from bursar.billing.invoice_filters import View
from bursar.billing.models import Invoice
from bursar.billing.queries.listing import E_INVOICE, INVOICES, filtered, in_state, ordered, signed
from bursar.billing.rules.ledger import InvoiceState
from bursar.files import csv
from bursar.files.csv import Layout, Written

COLUMNS = (
    "number", "kind", "state", "issued_on", "due_on", "days_over", "account_id", "account", "organisation", "payer",
    "country", "net_eur", "vat_eur", "gross_eur", "paid_eur", "credited_eur", "written_off_eur", "difference_eur",
    "open_eur", "reference", "order_number", "buyer_reference", "corrects", "service_from", "service_until",
    "e_invoice", "settled_at", "invoice_id",
)  # fmt: skip
SIGNED = ("net", "vat", "gross")
OF_INVOICES = ("paid", "credited", "written_off", "difference", "open")
OF_COLUMN = {"account": ("account_id", "account", "organisation")}
"""What a hidden column of the page takes with it: amounts and days that are hidden there stand here all the same."""
_SOURCES = {
    "account_id": "account__public_id", "account": "account__shown_label",
    "organisation": "account__organisation__name", "corrects": "corrects__number", "invoice_id": "public_id",
}  # fmt: skip


MAY_BE_EMPTY = ("state", "reference", "order_number", "buyer_reference")


def _or_null(expression: Any) -> NullIf:
    return NullIf(expression, Value(""), output_field=TextField())


def _text(expression: Any) -> Cast:
    return Cast(expression, TextField())


def _texts(today: date) -> dict[str, Any]:
    """Each column as text, which is how the database writes it; NULL or empty where nothing is said."""
    days = Case(When(INVOICES, open__gt=0, due_on__lt=today, then=Value(today) - F("due_on")), default=None)
    made: dict[str, Any] = {
        "state": Case(
            *[When(in_state(state, today), then=Value(state.value)) for state in InvoiceState],
            default=Value(""), output_field=CharField(),
        ),
        "days_over": Func(days, template="extract(day FROM (%(expressions)s))::int::text",
                          output_field=TextField()),
        "e_invoice": Case(
            *[When(q, then=Value(one.value)) for one, q in E_INVOICE.items()], output_field=CharField()
        ),
        "settled_at": Func(
            F("settled_at"), output_field=TextField(),
            template="to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')",
        ),
        **{f"{name}_eur": _text(signed(name)) for name in SIGNED},
        **{
            f"{name}_eur": Case(When(INVOICES, then=_text(F(name))), default=None, output_field=TextField())
            for name in OF_INVOICES
        },
    }  # fmt: skip
    rest = [name for name in COLUMNS if name not in made]
    return {**made, **{name: _text(F(_SOURCES.get(name, name))) for name in rest}}


def flat(rows: QuerySet[Invoice], today: date, columns: tuple[str, ...] = COLUMNS) -> QuerySet[Any, Any]:
    """The columns as tuples of text; None for an empty cell."""
    texts = _texts(today)
    named = {f"{name}_text": _or_null(texts[name]) if name in MAY_BE_EMPTY else texts[name] for name in columns}
    return rows.annotate(**named).values_list(*named)


def write(view: View, layout: Layout) -> Written:
    """All rows as filtered and sorted, the chosen columns; memory stays flat."""
    gone = {name for column in view.hidden for name in OF_COLUMN.get(column, ())}
    chosen = tuple(name for name in COLUMNS if name not in gone)
    return csv.write_selected(chosen, flat(ordered(view, filtered(view)), view.today, chosen), layout)

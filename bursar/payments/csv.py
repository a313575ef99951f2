"""Payments as files and for programs: one row a payment. Amounts are EUR gross; codes stand beside their words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.db.models import Case, Func, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, NullIf

from bursar.core.calendar import Month
from bursar.core.money import ZERO, plain
from bursar.files import csv
from bursar.files.csv import Layout, Written
from bursar.payments import words
from bursar.payments.filters import GapAsk, View
from bursar.payments.models import Payment
from bursar.payments.queries.gap import Row, calc_gap, fill
from bursar.payments.queries.invoicing import name_invoice
from bursar.payments.queries.listing import filtered, ordered
from bursar.payments.rules.gap import Cause

CHUNK = 5_000
COLUMNS = (
    "date", "account_id", "account", "organisation", "source", "kind", "method", "status", "reason", "reason_code",
    "amount_eur", "refunded_eur", "charged_back_eur", "made_at", "paid_at", "failed_at", "payment_id", "mollie_id",
    "description", "mode", "dashboard", "invoice",
)  # fmt: skip
# What a hidden column of the page takes with it. Whose, when, how much and how it stands is always there.
OF_COLUMN = {
    "source": ("source", "dashboard"),
    "kind": ("kind",),
    "invoice": ("invoice",),
    "method": ("method",),
    "back": ("refunded_eur", "charged_back_eur"),
}
FLAT = (
    "made_", "account_id_", "account_", "organisation_", "source", "kind", "method", "status", "reason", "amount_",
    "refunded_", "charged_back_", "paid_", "failed_", "public_id", "mollie_id", "description", "mode", "dashboard",
    "invoice_",
)  # fmt: skip
INSTANT = partial(
    Func,
    template="coalesce(to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"'), '')",
    output_field=TextField(),
)
"""As text from the database, to the second: a million rows are not read into instants only to be written again."""
TEXT_OF = {
    "date": "date_", "account_id": "account_id_", "account": "account_", "organisation": "organisation_",
    "reason": "words_", "reason_code": "reason", "amount_eur": "amount_", "refunded_eur": "refunded_",
    "charged_back_eur": "charged_back_", "made_at": "made_", "paid_at": "paid_", "failed_at": "failed_",
    "payment_id": "public_id", "invoice": "invoice_",
}  # fmt: skip
"""Where a column's text stands in `flat`, unless the field has the column's name."""
OF_ACCOUNT = {"account_id_": "public_id", "account_": "shown_label", "organisation_": "organisation__name"}


def flat(rows: QuerySet[Payment]) -> QuerySet[Payment]:
    """With what `FLAT` names: text, with two decimals where it is EUR, which is how the database has it."""
    amounts = {f"{name}_": Cast(name, TextField()) for name in ("amount", "refunded", "charged_back")}
    instants = {"made_": "at", "paid_": "paid_at", "failed_": "failed_at"}
    return rows.annotate(
        **amounts,
        **{to: INSTANT(name) for to, name in instants.items()},
        **{to: Coalesce(f"account__{name}", Value("")) for to, name in OF_ACCOUNT.items()},
        invoice_=name_invoice(),
    )


def cells(values: tuple[str, ...]) -> tuple[str, ...]:
    """Of one payment, `values` as in `FLAT`, in the order of `COLUMNS`."""
    made, method, reason, paid = values[0], values[6], values[8], values[12]
    said = words.say_reason(method, reason) if reason else ""
    return (paid or made, *values[1:8], said, *values[8:12], made, *values[12:])


def write(view: View, layout: Layout) -> Written:
    """All rows as filtered and sorted, the chosen columns; memory stays flat."""
    gone = {name for column in view.hidden for name in OF_COLUMN[column]}
    chosen = [name for name in COLUMNS if name not in gone]
    found = filtered(view)
    rows = flat(ordered(view, found)).annotate(date_=INSTANT("dated_at"), words_=_words_of(found))
    texts = {f"{name}_text": NullIf(TEXT_OF.get(name, name), Value(""), output_field=TextField()) for name in chosen}
    return csv.write_selected(chosen, rows.annotate(**texts).values_list(*texts), layout)


def _words_of(rows: QuerySet[Payment]) -> Case:
    """The reasons in words, of the codes that occur in these rows."""
    occur = rows.exclude(reason="").order_by().values_list("method", "reason").distinct()
    said = [When(method=by, reason=code, then=Value(words.say_reason(by, code))) for by, code in occur]
    return Case(When(reason="", then=Value("")), *said, default=Value(""), output_field=TextField())


GAP_COLUMNS = (
    "month", "account_id", "account", "organisation", "due_eur", "arrived_eur", "difference_eur",
    *[f"{cause.value}_eur" for cause in Cause],
)  # fmt: skip


def gap_cells(row: Row, month: Month) -> list[str]:
    """In the order of `GAP_COLUMNS`; what is missing is positive, what came beyond is negative."""
    account = row.account
    return [
        str(month),
        account.public_id if account else "",
        str(account) if account else "",
        account.organisation.name if account else "",
        plain(row.due),
        plain(row.arrived),
        plain(row.difference),
        *[plain(row.parts.get(cause, ZERO)) for cause in Cause],
    ]


def write_gap(ask: GapAsk, now: datetime, layout: Layout) -> Written:
    """Every account with a difference, or with the cause that is asked for; the largest first."""
    rows = [row for row in calc_gap(ask.month, now).rows if not ask.cause or ask.cause in row.parts]
    return csv.write(GAP_COLUMNS, _gap_batches(rows, ask.month), layout)


def _gap_batches(rows: list[Row], month: Month) -> Iterator[list[list[str]]]:
    for start in range(0, len(rows), CHUNK):
        batch = rows[start : start + CHUNK]
        fill(batch, month)
        yield [gap_cells(row, month) for row in batch]

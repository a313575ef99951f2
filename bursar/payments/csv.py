"""Payments as files and for programs: one row a payment. Amounts are EUR gross; codes stand beside their words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Func, QuerySet, TextField
from django.db.models.functions import Cast

from bursar.core.calendar import Month
from bursar.core.money import ZERO, plain
from bursar.files import csv
from bursar.files.csv import Layout, Written
from bursar.payments import words
from bursar.payments.filters import GapAsk, View
from bursar.payments.models import Payment
from bursar.payments.queries.gap import Row, calc_gap, fill
from bursar.payments.queries.listing import filtered, ordered
from bursar.payments.rules.gap import Cause

CHUNK = 5_000
COLUMNS = (
    "date", "account_id", "account", "organisation", "source", "kind", "method", "status", "reason", "reason_code",
    "amount_eur", "refunded_eur", "charged_back_eur", "made_at", "paid_at", "failed_at", "payment_id", "mollie_id",
    "description", "mode", "dashboard",
)  # fmt: skip
# What a hidden column of the page takes with it. Whose, when, how much and how it stands is always there.
OF_COLUMN = {
    "source": ("source", "dashboard"),
    "kind": ("kind",),
    "method": ("method",),
    "back": ("refunded_eur", "charged_back_eur"),
}
FLAT = (
    "account__public_id", "account__shown_label", "account__organisation__name", "source", "kind", "method", "status",
    "reason", "amount_", "refunded_", "charged_back_", "made_", "paid_", "failed_", "public_id", "mollie_id",
    "description", "mode", "dashboard",
)  # fmt: skip
INSTANT = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')"
"""As text from the database, to the second: a million rows are not read into instants only to be written again."""


def flat(rows: QuerySet[Payment]) -> QuerySet[Payment]:
    """With what `FLAT` names: amounts are EUR with two decimals, which is how the database has them."""
    amounts = {f"{name}_": Cast(name, TextField()) for name in ("amount", "refunded", "charged_back")}
    instants = {"made_": "at", "paid_": "paid_at", "failed_": "failed_at"}
    return rows.annotate(
        **amounts,
        **{to: Func(name, template=INSTANT, output_field=TextField()) for to, name in instants.items()},
    )


def cells(values: tuple[Any, ...]) -> list[str]:
    """Of one payment, `values` as in `FLAT`, in the order of `COLUMNS`."""
    account_id, account, organisation, source, kind, method, status, reason, *rest = values
    amount, refunded, charged_back, made, paid, failed, *last = rest
    return [
        paid or made,
        account_id or "",
        account or "",
        organisation or "",
        source,
        kind,
        method,
        status,
        words.say_reason(method, reason) if reason else "",
        reason,
        amount,
        refunded,
        charged_back,
        made,
        paid or "",
        failed or "",
        *last,
    ]


def write(view: View, layout: Layout) -> Written:
    """All rows as filtered and sorted, the chosen columns; memory stays flat."""
    gone = {name for column in view.hidden for name in OF_COLUMN[column]}
    places = [place for place, name in enumerate(COLUMNS) if name not in gone]
    rows = ([[row[place] for place in places] for row in batch] for batch in _batches(view))
    return csv.write([COLUMNS[place] for place in places], rows, layout)


def _batches(view: View) -> Iterator[list[list[str]]]:
    found = flat(ordered(view, filtered(view))).values_list(*FLAT).iterator(chunk_size=CHUNK)
    while batch := [cells(values) for values in islice(found, CHUNK)]:
        yield batch


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

"""Movements as a file: one row for each account and month in which its MRR moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from bursar.core.calendar import Month
from bursar.core.money import plain
from bursar.rollup import movements, words
from bursar.rollup.models import AccountMonth

COLUMNS = (
    "month", "movement", "account_id", "account", "organisation", "class", "reason", "mrr_before_eur", "mrr_after_eur",
    "change_eur",
)  # fmt: skip
CHUNK = 2_000


def batches(months: Sequence[Month], kind: str) -> Iterator[list[list[str]]]:
    """Month by month, in the order of the page behind each figure. The first month with data is all start: no row."""
    for month in months:
        if movements.is_first_month(month):
            continue
        rows = movements.list_moved(month, kind).iterator(chunk_size=CHUNK)
        while batch := list(islice(rows, CHUNK)):
            yield [_cells(row, month) for row in batch]


def _cells(row: AccountMonth, month: Month) -> list[str]:
    return [
        str(month),
        row.movement,
        row.account.public_id,
        str(row.account),
        row.account.organisation.name,
        row.klass,
        words.explain(row.reason),
        plain(row.previous_mrr),
        plain(row.mrr),
        plain(row.mrr - row.previous_mrr),
    ]

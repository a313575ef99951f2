"""Movements as a file: one row for each account and month in which its MRR moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from bursar.core.calendar import Month
from bursar.core.money import plain
from bursar.rollup import movements, words
from bursar.rollup.movements import MOVED, NET, RULE_CHANGED

COLUMNS = (
    "month", "movement", "account_id", "account", "organisation", "class", "reason", "mrr_before_eur", "mrr_after_eur",
    "change_eur", "moved",
)  # fmt: skip
CHUNK = 2_000


def batches(months: Sequence[Month], kind: str) -> Iterator[list[list[str]]]:
    """Month by month, in the order of the page behind each figure. The first month with data is all start: no row.

    All together are what the rules alone changed, then what moved: an account may have one row of each.
    """
    for month in months:
        for part in (RULE_CHANGED, MOVED) if kind == NET else (kind,):
            rows = movements.list_moved(month, part).iterator(chunk_size=CHUNK)
            while batch := list(islice(rows, CHUNK)):
                handed_off = movements.list_handed_off(batch, month)
                yield [_cells(row, month, part, row.account_id in handed_off) for row in batch]


def _cells(row: Any, month: Month, part: str, is_moved: bool) -> list[str]:
    return [
        str(month),
        RULE_CHANGED if part == RULE_CHANGED else row.movement,
        row.account.public_id,
        str(row.account),
        row.account.organisation.name,
        row.klass,
        words.explain(row.reason),
        plain(row.before),
        plain(row.after),
        plain(row.change),
        "moved" if is_moved else "",
    ]

"""Applies a batch of lines of one kind, set-based: finds what they name, and hands them to the pens of their rooms.

Called by the import action only.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.product.apply import billing, partners, plans, tenants, training, usage  # noqa: F401  (each declares the lines that it takes)
from bursar.product.apply.batch import ENDS, TAKERS, Applied
from bursar.product.lookup import Lookup
from bursar.product.records import KINDS
from bursar.usage.ingest import recount

__all__ = ["ENDS", "TAKERS", "Applied", "apply"]

TAKERS.close((*KINDS, ENDS))


def apply(kind: str, records: list[tuple[int, Any]], now: datetime) -> Applied:
    """`records`: with their line numbers. Bad lines are left out and told; the rest is written."""
    result = Applied()
    lookup = Lookup([record for _, record in records])
    good: list[tuple[int, Any]] = []
    for number, record in records:
        sentence = lookup.why_not(record)
        if sentence:
            result.bad[number] = sentence
        else:
            good.append((number, record))
    written = TAKERS[kind]([record for _, record in good], lookup, now)
    result.bad |= {good[place][0]: sentence for place, sentence in written.refused.items()}
    result.touch(written.accounts)
    result.taken = len(records) - len(result.bad)
    if written.recount:
        recount(sorted(written.recount), now)
    return result

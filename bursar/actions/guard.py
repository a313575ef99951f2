"""Watches a verb's writes: whoever writes a table that feeds the month facts must say which accounts moved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection

_WRITE = re.compile(
    r'\s*(?:WITH\s+\w+\s+AS\s*\(\s*)?(?:INSERT INTO|UPDATE|DELETE FROM|COPY|MERGE INTO)\s+(?:ONLY\s+)?"?(\w+)"?',
    re.IGNORECASE,
)


@cache
def fact_tables() -> frozenset[str]:
    """Tables of models marked `feeds_facts`."""
    return frozenset(m._meta.db_table for m in apps.get_models() if getattr(m, "feeds_facts", False))


@contextmanager
def watched(*written: set[str], every: bool = False) -> Iterator[None]:
    """Adds the fact tables that are written meanwhile to each of these; `every`: all tables, whatever they feed."""

    def note(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        match = _WRITE.match(sql) if isinstance(sql, str) else None
        if match and (every or match[1] in fact_tables()):
            for tables in written:
                tables.add(match[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield

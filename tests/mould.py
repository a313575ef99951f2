"""Rows that many tests want, poured instead of made.

The cast: importing it costs a fifth of a second. The first test of a process gathers it through the import door; what
that left in the tables is kept as text, and later tests copy it in. The sequences are past those ids already, so
nothing collides. The people and things found there are kept as well: to find them again takes forty statements. What
migrations ship: put back whenever a test emptied the database, under the same ids.
"""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from bursar.core import clock
from bursar.staff.queries import _noted
from tests.cast import NOW, Cast

SHIPPED: list[str] = []  # statements


class Mould:
    """The cast as it was gathered once."""

    def __init__(self, at: datetime) -> None:
        """On an empty database, inside the caller's transaction if there is one."""
        before = _rows_of_all()
        self.at, self.cast = at, pickle.dumps(Cast.gather(at))  # each test has one of its own
        after = _rows_of_all()
        self._kept = {table: rows for table, rows in after.items() if rows != before.get(table)}
        self._replaced = [table for table in self._kept if table in before]  # they held other rows

    def pour(self) -> None:
        _noted.clear()  # the same ids come again: who was seen a test ago was not seen in this one
        with transaction.atomic(), connection.connection.cursor() as cursor:
            for table in self._replaced:
                cursor.execute(f"DELETE FROM {table.partition(' ')[0]}")
            for table, rows in self._kept.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)


_moulds: dict[str, Mould] = {}


def cast_of_process() -> Cast:
    """The cast at NOW, inside the caller's transaction, on an empty database."""
    return _cast("now", NOW, timedelta(0))


def cast_of_late() -> Cast:
    """The cast of a few minutes ago at most, and of this hour; committed, on an empty database."""
    return _cast("late", clock.now(), timedelta(minutes=5))


def _cast(name: str, at: datetime, old: timedelta) -> Cast:
    mould = _moulds.get(name)
    if mould is None or mould.at < at - old or mould.at.hour != at.hour:
        mould = _moulds[name] = Mould(at)
    else:
        mould.pour()
    return pickle.loads(mould.cast)  # type: ignore[no-any-return]


def keep_shipped() -> None:
    """Called once, on the database as the migrations left it."""
    with connection.cursor() as cursor:
        for table, columns in _tables(cursor):
            if table == "django_migrations":
                continue
            cursor.execute(f"SELECT json_agg(t)::text FROM (SELECT {columns} FROM {table}) t")
            rows = cursor.fetchone()[0]
            if rows:
                text = rows.replace("'", "''")
                SHIPPED.append(
                    f"INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, '{text}')"
                )


def _tables(cursor: Any) -> list[tuple[str, str]]:
    """Every table with its columns, but for those that the database computes."""
    cursor.execute(
        "SELECT quote_ident(c.table_name), string_agg(quote_ident(c.column_name), ', ' ORDER BY c.ordinal_position) "
        "FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) "
        "WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' GROUP BY 1"
    )
    found: list[tuple[str, str]] = cursor.fetchall()
    return found


def _rows_of_all() -> dict[str, bytes]:
    """Every table that holds something."""
    found: dict[str, bytes] = {}
    with connection.cursor() as named:
        tables = _tables(named)
    with connection.connection.cursor() as cursor:
        for table, columns in tables:
            with cursor.copy(f"COPY (SELECT {columns} FROM {table}) TO STDOUT") as copy:
                rows = b"".join(bytes(part) for part in copy)
            if rows:
                found[f"{table} ({columns})"] = rows
    return found

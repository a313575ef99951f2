"""Rows that many tests want, poured instead of made.

The cast: importing it costs a fifth of a second. The first test of a process gathers it through the import door; what
that left in the tables is kept as text, and later tests copy it in. The sequences are past those ids already, so
nothing collides. The people and things found there are kept as well: to find them again takes forty statements. What
migrations ship: put back whenever a test emptied the database, under the same ids.
"""

from __future__ import annotations

import pickle
from typing import Any

from django.db import connection

from bursar.staff.queries import _noted
from tests.cast import NOW, Cast

SHIPPED: list[str] = []  # statements
_kept: dict[str, bytes] = {}  # table with its columns → its rows
_replaced: list[str] = []  # tables that held other rows before
_found: list[bytes] = []  # the cast, pickled: each test has one of its own


def cast_of_process() -> Cast:
    """The cast at NOW, inside the caller's transaction, on an empty database."""
    if _kept:
        _noted.clear()  # the same ids come again: who was seen a test ago was not seen in this one
        _pour()
        return pickle.loads(_found[0])  # type: ignore[no-any-return]
    before = _rows_of_all()
    cast = Cast.gather(NOW)
    after = _rows_of_all()
    changed = {table: rows for table, rows in after.items() if rows != before.get(table)}
    _replaced.extend(table for table in changed if table in before)
    _kept.update(changed)
    _found.append(pickle.dumps(cast))
    return cast


def _pour() -> None:
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        for table in _replaced:
            cursor.execute(f"DELETE FROM {table.partition(' ')[0]}")
        for table, rows in _kept.items():
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(rows)


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

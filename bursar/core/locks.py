"""Locks on things that are no rows, held until the transaction ends. Decision 23: in which order all are taken."""

from __future__ import annotations

from django.db import connection


def hold(name: str, *, shared: bool = False) -> None:
    """Waits for `name`; shared: beside whoever holds it shared too."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [name])

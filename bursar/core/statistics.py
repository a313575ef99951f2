"""What the planner knows of the tables. It learns by itself in a minute or so; after a bulk load that is too late."""

from __future__ import annotations

from django.apps import apps
from django.db import connection

MANY = 2000  # lines or rows: from here on a plan made for few is felt


def gather_statistics(*tables: str) -> None:
    """Of these tables, or table (columns); of all of Bursar's without any. Waits for nobody, and nobody for it.

    A role that owns no table gathers nothing and is not told so: the server's own habit has to do then.
    """
    if not tables:
        tables = tuple(sorted(model._meta.db_table for model in apps.get_models() if model._meta.managed))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE (SKIP_LOCKED) {', '.join(tables)}")

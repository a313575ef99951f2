"""What the role that serves may do: everything but change the book. The role that owns the tables gives it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from psycopg.sql import SQL, Composed, Identifier

APPEND_ONLY = ("audit_auditline", "audit_auditseal", "audit_auditsealhead")
NEVER_DELETED = ("audit_audithead", "audit_auditname")


def grant(role: str) -> None:
    """Also for the tables of a new release, and as often as one likes. Raises ProgrammingError for an unknown role."""
    with connection.cursor() as cursor:
        for statement in _statements(role):
            cursor.execute(statement)


def _statements(role: str) -> Iterator[Composed]:
    name = Identifier(role)
    yield SQL("GRANT USAGE ON SCHEMA public TO {}").format(name)
    yield SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(name)
    yield SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(name)
    for rights, tables in (("UPDATE, DELETE", APPEND_ONLY), ("DELETE", NEVER_DELETED)):
        listed = SQL(", ").join(Identifier(table) for table in tables)
        yield SQL("REVOKE {} ON {} FROM {}").format(SQL(rights), listed, name)

"""The only pen of files. Bytes are written on a connection of their own, each chunk committed as it comes.

So a long read can go on beside it on the first connection, memory is that of one chunk, and nothing is held open.
A file is finished in the transaction of whoever wanted it: rolled back or killed, it stays unfinished and goes after
an hour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from bursar.access.actor import Actor
from bursar.core import clock
from bursar.core.errors import Refused
from bursar.core.ids import public_id
from bursar.files.kinds import Kind
from bursar.files.models import Chunk, File, PassingChunk

CHUNK = 1_000_000
# The commit that finishes the file waits for the disk, and takes these there before it; without it nobody can ask for
# the file. Each of them is a transaction and a round trip.
_NO_WAIT = "WITH quick AS (SELECT set_config('synchronous_commit', 'off', true)) "
_MAKE = sql.SQL(
    _NO_WAIT + "INSERT INTO {} (public_id, owner_kind, owner_id, name, media_type, sha256, created_at, expires_at) "
    "SELECT %s, %s, '', '', %s, '', %s, %s FROM quick RETURNING id"
).format(sql.Identifier(File._meta.db_table))
_ADD = sql.SQL(_NO_WAIT + "INSERT INTO {} (file_id, number, data) SELECT %s, %s, %b FROM quick")
_SEAL = sql.SQL(_NO_WAIT + "UPDATE {} SET length = %s, sha256 = %s FROM quick WHERE id = %s").format(
    sql.Identifier(File._meta.db_table)
)


@dataclass
class Written:
    """All of a file's bytes are there; nobody can fetch it before `finish`."""

    pk: int
    kind: Kind
    length: int
    sha256: str


@contextmanager
def apart() -> Iterator[psycopg.Connection[Any]]:
    """A connection beside the one in use, to the same database. Its errors come as Django's."""
    own = connection.copy()
    own.ensure_connection()
    try:
        with own.wrap_database_errors:
            yield own.connection
    finally:
        own.close()


class Writer:
    """Takes bytes of any length; `written` is there after the block that `writing` opened."""

    written: Written

    def __init__(self, raw: psycopg.Connection[Any], kind: Kind, media_type: str) -> None:
        self._raw, self._kind = raw, kind
        now = clock.now()
        expires_at = None if kind.lives is None else now + kind.lives
        self._add = _ADD.format(sql.Identifier((Chunk if expires_at is None else PassingChunk)._meta.db_table))
        self._digest, self._rest, self._length, self._number = hashlib.sha256(), bytearray(), 0, 0
        row = self._do(_MAKE, (public_id("fil"), kind.name, media_type, now, expires_at)).fetchone()
        assert row is not None
        self._pk: int = row[0]

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self._length += len(data)
        self._rest += data
        while len(self._rest) >= CHUNK:
            self._put(bytes(self._rest[:CHUNK]))
            del self._rest[:CHUNK]

    def seal(self) -> None:
        if self._rest:
            self._put(bytes(self._rest))
        sha256 = self._digest.hexdigest()
        self._do(_SEAL, (self._length, sha256, self._pk))
        self.written = Written(self._pk, self._kind, self._length, sha256)

    def _put(self, data: bytes) -> None:
        self._do(self._add, (self._pk, self._number, data))
        self._number += 1

    def _do(self, statement: sql.Composed, values: tuple[Any, ...]) -> psycopg.Cursor[Any]:
        """Bytes go as they are, not as text."""
        return psycopg.Cursor(self._raw).execute(statement, values)


@contextmanager
def writing(kind: Kind, media_type: str) -> Iterator[Writer]:
    with apart() as raw:
        writer = Writer(raw, kind, media_type)
        yield writer
        writer.seal()


def finish(
    written: Written, actor: Actor, now: datetime, *, name: str, owner_id: str = "", rows: int | None = None
) -> File:
    """Gives it its name and owner, in the caller's transaction; from its commit on it can be fetched."""
    done = File.objects.filter(pk=written.pk, finished_at=None, sha256=written.sha256).update(
        name=name, owner_id=owner_id, made_by=actor.user_id, rows=rows, finished_at=now
    )
    if not done:
        raise Refused("This took over an hour and was given up. Try again.")
    return File.objects.get(pk=written.pk)


def take_up(kind: Kind, actor: Actor, name: str, parts: Iterable[bytes], now: datetime) -> File:
    """What somebody sent up, whole."""
    assert kind.upload is not None
    with writing(kind, kind.upload.media_type) as writer:
        for part in parts:
            writer.write(part)
    return finish(writer.written, actor, now, name=name)


def remove(file_ids: Iterable[int]) -> None:
    """With their bytes, in the caller's transaction. Nothing may point to them any more."""
    File.objects.filter(pk__in=list(file_ids)).delete()

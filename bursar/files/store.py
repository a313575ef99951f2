"""The only pen of files. Bytes of a large one are written on a connection of their own, each chunk committed as it
comes. So a long read can go on beside it on the first, memory is that of one chunk, and nothing is held open.

A file is finished in the transaction of whoever wanted it: rolled back or killed, it stays unfinished and goes after
an hour. One that is no longer than a chunk waits in memory, and is written whole by that transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction
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
_ADD_ONLY = sql.SQL("INSERT INTO {} (file_id, number, data) VALUES (%s, 0, %b)")
_SEAL = sql.SQL(_NO_WAIT + "UPDATE {} SET length = %s, sha256 = %s FROM quick WHERE id = %s").format(
    sql.Identifier(File._meta.db_table)
)


@dataclass(frozen=True)
class Written:
    """All of a file's bytes are there; nobody can fetch it before `finish`. `pk`: of one that has rows already; else
    `data` is all of it.
    """

    kind: Kind
    media_type: str
    length: int
    sha256: str
    pk: int | None = None
    data: bytes = b""


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

    def __init__(self, kind: Kind, media_type: str, until_whole: ExitStack) -> None:
        self._kind, self._media_type, self._until_whole = kind, media_type, until_whole
        self._digest, self._rest, self._length, self._number = hashlib.sha256(), bytearray(), 0, 0
        self._raw: psycopg.Connection[Any] | None = None
        self._pk: int | None = None

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self._length += len(data)
        self._rest += data
        while len(self._rest) > CHUNK:
            self._put(bytes(self._rest[:CHUNK]))
            del self._rest[:CHUNK]

    def seal(self) -> None:
        sha256 = self._digest.hexdigest()
        told = Written(self._kind, self._media_type, self._length, sha256)
        if self._raw is None:
            self.written = replace(told, data=bytes(self._rest))
            return
        self._put(bytes(self._rest))
        _do(self._raw, _SEAL, (self._length, sha256, self._pk))
        self.written = replace(told, pk=self._pk)

    def _put(self, data: bytes) -> None:
        raw = self._raw or self._begin()
        _do(raw, _of_chunks(_ADD, self._kind), (self._pk, self._number, data))
        self._number += 1

    def _begin(self) -> psycopg.Connection[Any]:
        self._raw, now = self._until_whole.enter_context(apart()), clock.now()
        made = (public_id("fil"), self._kind.name, self._media_type, now, _expires_at(self._kind, now))
        row = _do(self._raw, _MAKE, made).fetchone()
        assert row is not None
        self._pk = row[0]
        return self._raw


def _do(raw: psycopg.Connection[Any], statement: sql.Composed, values: tuple[Any, ...]) -> psycopg.Cursor[Any]:
    """Bytes go as they are, not as text."""
    return psycopg.Cursor(raw).execute(statement, values)


def _expires_at(kind: Kind, now: datetime) -> datetime | None:
    return None if kind.lives is None else now + kind.lives


def _of_chunks(statement: sql.SQL, kind: Kind) -> sql.Composed:
    return statement.format(sql.Identifier((Chunk if kind.lives is None else PassingChunk)._meta.db_table))


@contextmanager
def writing(kind: Kind, media_type: str) -> Iterator[Writer]:
    with ExitStack() as until_whole:
        writer = Writer(kind, media_type, until_whole)
        yield writer
        writer.seal()


def finish(
    written: Written, actor: Actor, now: datetime, *, name: str, owner_id: str = "", rows: int | None = None
) -> File:
    """Gives it its name and owner, in the caller's transaction; from its commit on it can be fetched."""
    kept: dict[str, Any] = {
        "name": name, "owner_id": owner_id, "made_by_id": actor.user_id, "rows": rows, "finished_at": now
    }  # fmt: skip
    if written.pk is None:
        return _write_whole(written, kept, now)
    if not File.objects.filter(pk=written.pk, finished_at=None, sha256=written.sha256).update(**kept):
        raise Refused("This took over an hour and was given up. Try again.")
    return File.objects.get(pk=written.pk)


@transaction.atomic
def _write_whole(written: Written, kept: dict[str, Any], now: datetime) -> File:
    file = File.objects.create(
        owner_kind=written.kind.name, media_type=written.media_type, length=written.length, sha256=written.sha256,
        created_at=now, expires_at=_expires_at(written.kind, now), **kept,
    )  # fmt: skip
    if written.data:
        with connection.wrap_database_errors:
            _do(connection.connection, _of_chunks(_ADD_ONLY, written.kind), (file.pk, written.data))
    return file


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

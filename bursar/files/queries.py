"""Files through the scope of whoever asks, and their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from bursar.access.actor import Actor
from bursar.core.errors import NotFound
from bursar.files.kinds import KINDS, Kind
from bursar.files.models import AnyChunk, File, PassingChunk

UNFINISHED_LIVES = timedelta(hours=1)
GONE = "There is no such file for you, or it is gone: an export lives 24 hours, for the person who asked."


def get_file(actor: Actor, public_id: str, now: datetime, kind: Kind | None = None) -> File:
    """The finished file, if what it belongs to lets this actor have it now. Raises NotFound."""
    file = File.objects.filter(public_id=public_id, finished_at__isnull=False).first()
    if file is None or (kind is not None and file.owner_kind != kind.name):
        raise NotFound(GONE)
    owner = KINDS.get(file.owner_kind)
    is_over = file.expires_at is not None and file.expires_at <= now
    if is_over or owner is None or not owner.may_fetch(actor, file) or not _has_bytes(file):
        raise NotFound(GONE)
    return file


def _has_bytes(file: File) -> bool:
    """False after a restore for what the backup leaves out."""
    return file.length == 0 or _part(file, 0).exists()


def _part(file: File, number: int) -> QuerySet[AnyChunk]:
    return file.chunks._default_manager.filter(file=file, number=number)


def read(file: File) -> Iterator[bytes]:
    """Chunk by chunk, a statement each: nothing is held open between them."""
    number = sent = 0
    while sent < (file.length or 0):
        data = bytes(_part(file, number).values_list("data", flat=True).get())
        yield data
        number, sent = number + 1, sent + len(data)


def read_lines(file: File) -> Iterator[bytes]:
    """With their ends; the last one may have none."""
    rest = b""
    for part in read(file):
        *lines, rest = (rest + part).split(b"\n")
        yield from (line + b"\n" for line in lines)
    if rest:
        yield rest


def list_unfinished(now: datetime) -> QuerySet[File]:
    return File.objects.filter(finished_at=None, created_at__lte=now - UNFINISHED_LIVES)


def list_expired(now: datetime) -> Iterator[QuerySet[PassingChunk] | QuerySet[File]]:
    """The bytes first, so that no transaction is long."""
    yield PassingChunk.objects.filter(file__expires_at__lte=now)
    yield File.objects.filter(expires_at__lte=now)

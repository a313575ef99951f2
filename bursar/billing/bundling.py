"""The files of a period's documents in one ZIP, written as it is read: memory is that of one chunk."""

from __future__ import annotations

import zipfile
from typing import cast

import structlog
from django.db import transaction

from bursar.access import carried
from bursar.access.actor import Actor
from bursar.access.holders import explain_to
from bursar.access.rights import Right
from bursar.billing.models import Bundle
from bursar.billing.models.bundles import BundleState
from bursar.billing.queries.bundles import walk_files
from bursar.billing.rules.periods import read_period
from bursar.billing.store import bundles
from bursar.core import clock
from bursar.core.errors import Forbidden, Refusal
from bursar.core.faults import is_away
from bursar.files import queries, store
from bursar.files.csv import EXPORT
from bursar.files.models import File
from bursar.files.store import Writer

log = structlog.get_logger()
SAID_EVERY = 25  # documents, after which the page hears how far it is
MEDIA_TYPE = "application/zip"


class _Stream:
    """What `zipfile` needs of a file that nobody can go back in."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def write(self, data: bytes) -> int:
        self._writer.write(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Each chunk is written as it comes."""


def carry_out(bundle_id: str) -> None:
    """Whoever asked must still be allowed to. Killed and begun again, it is made anew."""
    bundle = Bundle.objects.get(public_id=bundle_id)
    if bundle.state != BundleState.RUNNING:
        return
    try:
        actor = _ask_again(bundle)
        written = _write(bundle)
        with transaction.atomic():
            name = f"bursar-documents-{bundle.period}.zip"
            bundles.close(bundle, store.finish(written, actor, clock.now(), name=name), clock.now())
    except Refusal as refusal:
        bundles.fail(bundle, refusal.sentence, clock.now())
    except Exception as error:
        if is_away(error):
            raise  # the job is begun anew
        log.exception("bundle_failed", id=bundle_id)
        bundles.fail(bundle, "Something broke on our side; the log of the worker says what.", clock.now())


def _ask_again(bundle: Bundle) -> Actor:
    actor = carried.load(bundle.actor)
    if not actor.can(Right.READ):
        raise Forbidden(explain_to(actor, Right.READ))
    return actor


def _write(bundle: Bundle) -> store.Written:
    """PDFs are packed already; the rest is small when packed."""
    done = left_out = 0
    found = walk_files(read_period(bundle.period), with_pdf=bundle.with_pdf, with_ubl=bundle.with_ubl)
    with store.writing(EXPORT, MEDIA_TYPE) as writer:
        with zipfile.ZipFile(cast("zipfile._ZipWritable", _Stream(writer)), "w") as archive:
            for files in found:
                done, left_out = done + bool(files), left_out + (not files)
                for file in files:
                    _put(archive, file)
                if (done + left_out) % SAID_EVERY == 0:
                    bundles.note_progress(bundle, done, left_out)
        bundles.note_progress(bundle, done, left_out)
    return writer.written


def _put(archive: zipfile.ZipFile, file: File) -> None:
    entry = zipfile.ZipInfo(file.name, date_time=file.created_at.timetuple()[:6])
    is_packed = file.media_type == "application/pdf"
    entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
    with archive.open(entry, "w") as part:
        for data in queries.read(file):
            part.write(data)

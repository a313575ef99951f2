"""Imports begun in the panel, carried out by the worker. Killed and begun again, nothing is taken twice."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from bursar.access import carried
from bursar.access.actor import Actor, system
from bursar.access.holders import explain_to
from bursar.core import clock
from bursar.core.errors import Forbidden, Refusal
from bursar.core.faults import is_away
from bursar.files import csv, queries, store
from bursar.files.models import File
from bursar.product.actions.files import IMPORT, IMPORT_RIGHT
from bursar.product.importing import Report, import_lines
from bursar.product.models import ImportRun, ImportState

log = structlog.get_logger()
BATCH = 1000


def carry_out(import_id: str) -> None:
    """Whoever began it must still be allowed to. What goes wrong is said on the page, and in the log."""
    made = ImportRun.objects.select_related("file").get(public_id=import_id)
    if made.state != ImportState.RUNNING:
        return
    try:
        actor = _ask_again(made)
        file = queries.get_file(actor, made.file.public_id if made.file else "", clock.now(), IMPORT)
        report = Report()

        def go_on(*_: object) -> None:
            _ask_again(made)
            _note(made, report)

        lines = queries.read_lines(file)
        import_lines(lines, system("import"), strict=made.is_strict, progress=go_on, report=report)
        _close(made, report, _write(report, actor))
    except Refusal as refusal:
        _fail(made, refusal.sentence)
    except Exception as error:
        if is_away(error):
            raise  # the job is begun anew
        log.exception("import_failed", id=import_id)
        _fail(made, "Something broke on our side; the log of the worker says what. What was taken before stays.")


def _ask_again(made: ImportRun) -> Actor:
    """Whoever began it, before each batch. Raises Forbidden once they may not import any more."""
    actor = carried.load(made.actor)
    if not actor.can(IMPORT_RIGHT):
        raise Forbidden(explain_to(actor, IMPORT_RIGHT))
    return actor


def _write(report: Report, actor: Actor) -> File | None:
    """The bad lines as a file for whoever began it."""
    if not report.bad:
        return None
    written = csv.write(["line", "why"], _batches(report))
    return store.finish(written.file, actor, clock.now(), name="bursar-import-left-out.csv", rows=written.rows)


def _batches(report: Report) -> Iterator[list[list[str]]]:
    rows = [[str(number), why] for number, why in sorted(report.bad.items())]
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _note(made: ImportRun, report: Report) -> None:
    """How far it is, for the page. Where all or nothing was asked for, it is seen at the end alone, with the rest."""
    ImportRun.objects.filter(pk=made.pk).update(lines=report.lines, taken=report.taken, left_out=len(report.bad))


def _close(made: ImportRun, report: Report, file: File | None) -> None:
    problem = "" if report.done else "Nothing was taken: all or nothing was asked for."
    _note(made, report)
    state = ImportState.DONE if report.done else ImportState.FAILED
    ImportRun.objects.filter(pk=made.pk).update(state=state, report=file, problem=problem, finished_at=clock.now())


def _fail(made: ImportRun, sentence: str) -> None:
    ImportRun.objects.filter(pk=made.pk).update(
        state=ImportState.FAILED, problem=sentence[:300], finished_at=clock.now()
    )

"""Reads an NDJSON file of any size and order, and hands it to the import action batch by batch."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, BinaryIO

import orjson
from django.db import transaction

from bursar.access.actor import Actor
from bursar.actions.run import run
from bursar.actions.spec import Outcome
from bursar.core import clock, locks, strictjson
from bursar.core.ids import public_id
from bursar.core.statistics import MANY, gather_statistics
from bursar.product.apply import ENDS
from bursar.product.lookup import TURNSTILE
from bursar.product.records import KINDS, read_record
from bursar.rollup.refresh import refresh
from bursar.tenants.queries import list_ended
from bursar.tenants.store import accounts
from bursar.usage.ingest import hold_batches

BATCH = 2000
LINE_LENGTH = 100_000
Progress = Callable[[str, int, int], object]


@dataclass
class Report:
    """`bad`: line number → why. `done` is false when `strict` undid everything."""

    lines: int = 0
    taken: int = 0
    bad: dict[int, str] = field(default_factory=dict)
    done: bool = True


class _Undo(Exception):
    pass


def lines_of(source: BinaryIO) -> Iterator[bytes]:
    """Line by line, and of one that is too long no more than shows that it is: memory stays flat, whatever comes."""
    while line := source.readline(LINE_LENGTH + 1):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = source.readline(LINE_LENGTH)
        yield line


def import_lines(
    lines: Iterable[bytes],
    actor: Actor,
    *,
    strict: bool = False,
    progress: Progress | None = None,
    report: Report | None = None,
) -> Report:
    """Good lines are kept and bad ones reported; `strict`: all or nothing. The figures are projected at the end.

    A `report` that is given fills as it goes, for whoever says how far it is.
    """
    report = report or Report()
    with ExitStack() as stack:
        spools = {kind: stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8")) for kind in KINDS}
        counts = _sort_by_kind(lines, spools, report)
        if strict and report.bad:
            report.done = False
            return report
        try:
            with transaction.atomic() if strict else ExitStack():
                if strict:
                    _hold_everything()
                _take_all(spools, counts, actor, report, progress)
                if strict and report.bad:
                    raise _Undo
        except _Undo:
            report.done, report.taken = False, 0
            return report
    if progress:
        progress("figures", 0, 1)
    if report.taken >= MANY:
        gather_statistics()
    refresh(clock.now())
    return report


def _hold_everything() -> None:
    """One transaction takes batch after batch: whoever else changes or counts anything waits until it is over."""
    locks.hold(TURNSTILE)
    accounts.hold()
    hold_batches(exclusive=True)


def _sort_by_kind(lines: Iterable[bytes], spools: Mapping[str, IO[str]], report: Report) -> dict[str, int]:
    """Checks each line by itself and spools it by kind, so that order in the file does not matter."""
    counts, now = dict.fromkeys(KINDS, 0), clock.now()
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        report.lines += 1
        try:
            if len(raw) > LINE_LENGTH:
                raise ValueError(f"longer than {LINE_LENGTH:,} bytes")
            data = strictjson.loads(raw)
            kind = read_record(data, now).kind  # type: ignore[attr-defined]  # every kind of record has it
        except ValueError as error:
            report.bad[number] = str(error)
        else:
            counts[kind] += 1
            spools[kind].write(f"{number}\t{orjson.dumps(data).decode()}\n")
    return counts


def _take_all(
    spools: Mapping[str, IO[str]], counts: dict[str, int], actor: Actor, report: Report, progress: Progress | None
) -> None:
    group, done = public_id("grp"), 0
    for kind, spool in spools.items():
        for batch in _batches(spool):
            outcome = _take(kind, batch, actor, group)
            report.taken += outcome.data["taken"]
            report.bad |= {int(number): why for number, why in outcome.data["bad"].items()}
            done += len(batch)
            if progress:
                progress(kind, done, sum(counts.values()))
    _end_organisations(spools["organisation"], actor, group, report)


def _end_organisations(spool: IO[str], actor: Actor, group: str, report: Report) -> None:
    """After the whole file, because it may end their workspaces too: the last line about each that ends or is ended."""
    last: dict[str, str] = {}
    ended = list_ended()
    for batch in _batches(spool):
        for line in batch:
            number, _, text = line.partition("\t")
            record = orjson.loads(text)
            if int(number) in report.bad:
                continue
            ref = record["external_id"].strip()
            if record.get("deleted_at") is not None or ref in ended or ref in last:
                last[ref] = line
    lines = iter(last.values())
    while batch := list(islice(lines, BATCH)):
        bad = _take(ENDS, batch, actor, group).data["bad"]
        report.bad |= {int(number): why for number, why in bad.items()}
        report.taken -= len(bad)


def _take(kind: str, batch: list[str], actor: Actor, group: str) -> Outcome:
    text = "".join(batch)
    data = {"kind": kind, "lines": text, "digest": hashlib.sha256(text.encode()).hexdigest()}
    return run("product.company.import", actor, "company", data, group=group)


def _batches(spool: IO[str]) -> Iterator[list[str]]:
    spool.seek(0)
    while batch := list(islice(spool, BATCH)):
        yield batch

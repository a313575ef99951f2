from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from bursar.actions.cli import shell_actor
from bursar.core.errors import Refusal
from bursar.core.faults import as_unavailable
from bursar.product.importing import Report, import_lines, lines_of


def _sentence(error: Exception) -> str:
    refusal = error if isinstance(error, Refusal) else as_unavailable(error)
    assert refusal is not None
    return refusal.sentence


class Command(BaseCommand):
    help = "Loads organisations, workspaces, people, terms and usage from an NDJSON file; again changes nothing"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar import docs/examples/import.ndjson    (docs/import.md explains each line)"
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--strict", action="store_true", help="take everything, or nothing when a line is bad")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self._import(options["file"], strict=options["strict"])
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from None
        except (Refusal, OperationalError, InterfaceError) as error:
            rest = "What was taken before stays; the same file again goes on."
            raise CommandError(f"{_sentence(error)} {rest}") from error
        for number, why in sorted(report.bad.items()):
            self.stderr.write(f"line {number}: {' '.join(why.split())}")
        if not report.done:
            raise CommandError(f"Nothing was taken: {len(report.bad)} of {report.lines} lines are bad.")
        self.stdout.write(f"{report.taken} of {report.lines} lines taken.")
        if report.bad:
            raise CommandError(f"{len(report.bad)} lines were left out.")

    def _import(self, name: str, *, strict: bool) -> Report:
        if name == "-":
            return import_lines(lines_of(sys.stdin.buffer), shell_actor(), strict=strict, progress=self._progress)
        with Path(name).open("rb") as source:
            return import_lines(lines_of(source), shell_actor(), strict=strict, progress=self._progress)

    def _progress(self, kind: str, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done:>9,} of {total:,} lines  {kind:<20}", ending="")
            if kind == "figures":
                self.stderr.write("")

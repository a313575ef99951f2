from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.audit import queries, store
from bursar.core import clock
from bursar.core.days import say_instant


class Command(BaseCommand):
    help = "Proves the book: bursar audit verify"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar audit verify"
        parser.add_argument("what", choices=["verify", "seal"], help="verify every chain and seal, or set a seal now")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "seal":
            made = store.seal(clock.now())
            self.stdout.write(f"seal {made.number} {made.hash}" if made else "Nothing moved since the last seal.")
            return
        faults = 0
        for fault in queries.list_faults(self._progress):
            faults += 1
            self.stdout.write(f"{fault.stream} line {fault.seq}: {fault.sentence}")
        if faults:
            raise CommandError(f"The book does not hold: {faults} faults.")
        last = queries.get_last_seal()
        if last and options["verbosity"] > 0:
            self.stderr.write(
                f"The book holds. Keep this seal elsewhere: {last.number} {last.hash} ({say_instant(last.at)})"
            )

    def _progress(self, done: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done} lines", ending="")

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.audit import kept, queries, rules, store, verify
from bursar.core import clock
from bursar.core.days import say_instant


class Command(BaseCommand):
    help = "Proves the book: bursar audit verify"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar audit verify"
        parser.add_argument("what", choices=["verify", "seal"], help="verify every chain and seal, or set a seal now")
        parser.add_argument(
            "--since",
            metavar="SEAL",
            action="append",
            default=[],
            help="a seal that was kept elsewhere, as it was printed, in quotes: it must be in the book. Several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "seal":
            made = store.seal_all(clock.now())
            said = f"seal {rules.say_seal(made.number, made.hash)}" if made else "Nothing moved since the last seal."
            self.stdout.write(said)
            return
        try:
            faults = self._verify([rules.read_seal(text) for text in options["since"]])
        except (ValueError, kept.CannotKeep) as error:
            raise CommandError(str(error)) from None
        if faults:
            raise CommandError(f"The book does not hold: {faults} faults.")
        last = queries.get_last_seal()
        if last and options["verbosity"] > 0:
            seal = rules.say_seal(last.number, last.hash)
            self.stderr.write(f"The book holds. Keep this seal elsewhere: {seal} ({say_instant(last.at)})")

    def _verify(self, since: list[rules.Kept]) -> int:
        """How many faults were printed."""
        faults = 0
        for fault in verify.list_faults(self._progress, [*since, *_list_kept()]):
            faults += 1
            self.stdout.write(f"{fault.stream} line {fault.seq}: {fault.sentence}")
        return faults

    def _progress(self, done: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done} lines", ending="")


def _list_kept() -> Iterator[rules.Kept]:
    for place in settings.BURSAR_SEALS:
        if place != rules.MAIL:
            yield from kept.list_kept(Path(place))

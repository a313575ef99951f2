from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from bursar.core import backup
from bursar.core.database import DatabaseProblem
from bursar.tenants.models import Organisation


class Command(BaseCommand):
    help = "Replaces the database by a backup: all of it, or nothing; then brings it up to this release"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar restore bursar-2026-11-24.dump"
        parser.add_argument("file")
        parser.add_argument("--replace", action="store_true", help="even though the database holds data")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"{path} is not a file that can be read.")
        if _holds_data() and not options["replace"]:
            raise CommandError("The database holds data. With --replace it is lost and the backup takes its place.")
        try:
            backup.restore(path)
        except DatabaseProblem as problem:
            raise CommandError(str(problem)) from None
        call_command("migrate", verbosity=0)
        self.stdout.write("Restored. Prove it: bursar verify && bursar audit verify")


def _holds_data() -> bool:
    try:
        return Organisation.objects.exists()
    except DatabaseError:  # no tables yet
        return False

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.core import backup
from bursar.core.database import DatabaseProblem
from bursar.files.models import PassingChunk


class Command(BaseCommand):
    help = "Writes the whole database into one file, consistent while people work; what lives for days is left out"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar backup bursar-2026-11-24.dump"
        parser.add_argument("file")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        if path.exists():
            raise CommandError(f"{path} is there already. Choose another name.")
        try:
            size = backup.dump(path, without=[PassingChunk._meta.db_table])
        except DatabaseProblem as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"{path}: {size:,} bytes. Keep var/secret or BURSAR_SECRET_KEY with it.")

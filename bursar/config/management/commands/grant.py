from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, transaction

from bursar.config.grants import grant


class Command(BaseCommand):
    help = "Lets a database role serve and work, without the right to change the book; run as the tables' owner"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar grant bursar_web"
        parser.add_argument("role", help="the role in the DATABASE_URL of web and worker")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                grant(options["role"])
        except ProgrammingError as error:
            raise CommandError(str(error).splitlines()[0]) from None
        self.stdout.write(f"{options['role']} may serve and work, and cannot change the book.")

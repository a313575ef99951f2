from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.actions.cli import shell_actor
from bursar.core.errors import NotFound
from bursar.product import texts
from bursar.product.traces import trace
from bursar.tenants.queries import get_person


class Command(BaseCommand):
    help = "Lists kept texts of others that name a person, for choosing what “Erase person” changes too"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar texts per_…, then bursar act product.person.erase per_… --set lines=mail:12"
        parser.add_argument("person", help="the person's public id")
        parser.add_argument("--limit", type=int, default=1000, help="how many at most")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            traces = trace(get_person(shell_actor(), options["person"]))
        except NotFound as refusal:
            raise CommandError(refusal.sentence) from None
        found = texts.find(traces, options["limit"])
        for line in found.lines:
            around = " ".join(f"{line.before}[{line.word}]{line.after}".split())
            self.stdout.write(f"{line.id}  {line.what}: {around}")
        if not found.is_all:
            self.stderr.write(f"There are more than {options['limit']:,}.")

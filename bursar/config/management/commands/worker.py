from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.config.minute import enqueue_ticks
from bursar.config.parent import end_with_parent
from bursar.config.working import GivenUp, work
from bursar.core import clock, timeouts


class Command(BaseCommand):
    help = "Runs jobs and, each minute, whatever the clock has made due"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar worker --concurrency 2"
        parser.add_argument("--until-eof", action="store_true", help="stop when standard input is closed")
        parser.add_argument(
            "--concurrency",
            type=int,
            default=2,
            help="how many jobs at once, and how many more of those that ask Mollie",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["until_eof"]:
            end_with_parent()
        timeouts.begin_process(timeouts.Work.JOB)
        enqueue_ticks(clock.now())  # a database that does not answer ends it here: at the start it is a wrong address
        try:
            work(options["concurrency"])
        except GivenUp as end:
            raise CommandError(str(end)) from None

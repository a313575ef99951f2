from __future__ import annotations

from typing import Any, cast

from django.core.management.base import BaseCommand, CommandParser
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from bursar.config.minute import enqueue_ticks
from bursar.config.parent import end_with_parent
from bursar.core import clock


class Command(BaseCommand):
    help = "Runs jobs and, each minute, whatever the clock has made due"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar worker --concurrency 2"
        parser.add_argument("--until-eof", action="store_true", help="stop when standard input is closed")
        parser.add_argument("--concurrency", type=int, default=2, help="how many jobs at once")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["until_eof"]:
            end_with_parent()
        enqueue_ticks(clock.now())
        connector = cast(DjangoConnector, app.connector).get_worker_connector()
        with app.replace_connector(connector) as worker_app:
            worker_app.run_worker(
                concurrency=options["concurrency"],
                install_signal_handlers=True,
                delete_jobs="successful",  # the book and the outbox say what was done; jobs are only work
            )

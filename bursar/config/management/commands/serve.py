from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.config.parent import end_with_parent
from bursar.config.slots import SIZE, WAITING

MEASURES = "PROMETHEUS_MULTIPROC_DIR"
GRACE = 20  # seconds that a request has to end after SIGTERM; what asks for more is made to be taken up again
BESIDE = 16  # threads for what needs no slot: health, static files, and saying that Bursar is busy


class Command(BaseCommand):
    help = "Runs the web server"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar serve --port 8000 --processes 2"
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--processes", type=int, default=1)
        parser.add_argument("--until-eof", action="store_true", help="stop when standard input is closed")
        parser.add_argument("--no-migrate", action="store_true", help="the database is migrated elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["until_eof"]:
            end_with_parent()
        if options["processes"] > 1 and MEASURES not in os.environ:
            _share_measures()
        from granian.constants import Interfaces
        from granian.server import Server

        try:
            with socket.create_server((options["host"], options["port"])):
                pass
        except OSError as error:
            raise CommandError(
                f"Port {options['port']} on {options['host']} cannot be used: {error.strerror}. "
                "Choose another with --port."
            ) from None
        if not options["no_migrate"]:
            call_command("migrate", verbosity=0)
        # A worker that is still loading has our handler of SIGTERM, which only notes it: it would never end.
        os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
        Server(
            "bursar.config.wsgi:application",
            address=options["host"],
            port=options["port"],
            workers=options["processes"],
            blocking_threads=SIZE + WAITING + BESIDE,
            workers_kill_timeout=GRACE,
            interface=Interfaces.WSGI,
            log_enabled=False,
        ).serve()


def _share_measures() -> None:
    """Several processes write their counters into one folder, so that any of them can answer for all.

    The counters look for the folder when they are imported, which is long past here: so this process starts over.
    """
    folder = settings.BURSAR_VAR / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[MEASURES] = str(folder)
    os.execv(sys.executable, [sys.executable, "-m", "bursar", *sys.argv[1:]])

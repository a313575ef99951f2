from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.config.parent import end_with_parent
from bursar.mollie_sim.server import HOST, serve
from bursar.mollie_sim.simulator import Simulator


class Command(BaseCommand):
    help = "Runs a simulator of Mollie on this machine; its clock runs along, or stands where --clock puts it"
    requires_system_checks: list[str] = []  # type: ignore[assignment]  # no database and no settings are needed

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar mollie-sim --port 8090"
        parser.add_argument("--port", type=int, default=8090)
        parser.add_argument("--seed", type=int, help="of ids and of the disorder among webhooks; any without one")
        parser.add_argument("--clock", help="where its clock stands until it is moved, such as 2026-01-31")
        parser.add_argument("--keep", type=Path, help="a file that holds everything from one run to the next")
        parser.add_argument("--until-eof", action="store_true", help="stop when standard input is closed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["until_eof"]:
            end_with_parent()
        simulator = Simulator(_start(options["clock"]), options["seed"])
        self.stdout.write(f"Mollie's simulator: http://{HOST}:{options['port']}/")
        try:
            serve(simulator, options["port"], options["keep"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        except (OSError, OverflowError) as error:
            raise CommandError(f"Port {options['port']} cannot be used: {error}. Choose another with --port.") from None


def _start(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is no day; write it as 2026-01-31.") from None
    return start if start.tzinfo else start.replace(tzinfo=UTC)

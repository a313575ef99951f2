from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Asks a running web server whether it is ready; for container health checks"
    requires_system_checks: list[str] = []  # type: ignore[assignment]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar ready --address http://127.0.0.1:8000"
        parser.add_argument("--address", default="http://127.0.0.1:8000")

    def handle(self, *args: Any, **options: Any) -> None:
        request = urllib.request.Request(f"{options['address'].rstrip('/')}/readyz", headers={"Host": _host()})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                self.stdout.write(answer.read().decode())
        except urllib.error.HTTPError as error:
            body = error.read().decode(errors="replace")
            raise CommandError(json.loads(body)["problem"] if body.startswith("{") else body[:200]) from None
        except OSError as error:
            raise CommandError(f"{options['address']} does not answer: {error}.") from None


def _host() -> str:
    """A name that this site answers to."""
    first = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
    return "localhost" if first == "*" else first.lstrip(".")

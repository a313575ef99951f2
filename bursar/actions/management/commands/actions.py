from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from bursar.actions.cli import describe_actions


class Command(BaseCommand):
    help = "Lists every action: key, target, label, help, permission, reason policy, customer_visible, fields"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar actions --json"
        parser.add_argument("--json", action="store_true", help="as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        described = describe_actions()
        if options["json"]:
            self.stdout.write(json.dumps(described, indent=2, ensure_ascii=False))
            return
        for action in described:
            fields = ", ".join(f["name"] + ("" if f["required"] else "?") for f in action["fields"]) or "no fields"
            self.stdout.write(f"{action['key']}\n    {action['help']}\n    {fields}; reason {action['reason']}")

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.config.deployment import list_findings


class Command(BaseCommand):
    help = "Says what an operator forgot, each with the way out; fails when something is dangerous"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar check-deploy"

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(list_findings())
        for finding in sorted(findings, key=lambda finding: not finding.is_danger):
            self.stdout.write(f"{'danger ' if finding.is_danger else 'note   '} {finding.sentence}")
        dangers = sum(finding.is_danger for finding in findings)
        if dangers:
            raise CommandError(f"{dangers} dangers. Do not go live with them.")
        if not findings:
            self.stdout.write("Nothing was forgotten that can be seen from here.")

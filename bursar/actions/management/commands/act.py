from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.actions import bulk
from bursar.actions.cli import read_pairs, shell_actor
from bursar.actions.run import preview, run
from bursar.actions.spec import Outcome
from bursar.core.errors import Invalid, Refusal
from bursar.files import queries
from bursar.files.models import File


class Command(BaseCommand):
    help = "Runs an action on one or more targets, through the same door as the panel"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = (
            'Example: bursar act plans.workspace.change_tier wsp_… --set tier=guardian --reason "Agreed by mail"'
        )
        parser.add_argument("key", help="the action's key; `bursar actions` lists them")
        parser.add_argument("targets", nargs="+", help="public ids of what to act on")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            help="a field of the action; a list is given once for each",
        )
        parser.add_argument("--reason", default="", help="why; kept in the book")
        parser.add_argument("--message", default="", help="to the customer")
        parser.add_argument(
            "--message-for-billing", action="store_true", help="only people with billing rights read the message"
        )
        parser.add_argument("--undoes", default="", metavar="LINE", help="what it takes back; `bursar undo` lists it")
        parser.add_argument("--idempotency-key", default="", help="the same key and data again change nothing")
        parser.add_argument("--preview", action="store_true", help="say what would happen and do nothing")
        parser.add_argument(
            "--output",
            default="",
            help="where an export goes (- is standard output); else its own name",
        )
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data = read_pairs(options["key"], options["set"])
            if options["preview"] or len(options["targets"]) == 1:
                self._one(options, data)
            else:
                self._many(options, data)
        except Invalid as refusal:
            faults = [f"{name}: {' '.join(texts)}" for name, texts in refusal.fields.items()]
            raise CommandError("\n".join([refusal.sentence, *faults])) from None
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from None

    def _one(self, options: dict[str, Any], data: dict[str, Any]) -> None:
        key, target_id = options["key"], options["targets"][0]
        if options["preview"]:
            outcome = preview(key, shell_actor(), target_id, data)
        else:
            outcome = run(
                key,
                shell_actor(),
                target_id,
                data,
                reason=options["reason"],
                message=options["message"],
                message_for_billing=options["message_for_billing"],
                idempotency_key=options["idempotency_key"],
                undoes=options["undoes"],
            )
        written = self._write_out(outcome, options["output"])
        if options["json"]:
            changes = [[c.heading, c.before, c.after] for c in [*outcome.changes, *outcome.effects]]
            found = {"sentence": outcome.sentence, "changes": changes, "line": outcome.line_id, "data": outcome.data}
            found |= {"secret": _absolute(outcome.secret)} if outcome.secret and not options["preview"] else {}
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        if options["output"] == "-":
            return
        self.stdout.write(f"{outcome.sentence}{written}")
        for change in [*outcome.changes, *outcome.effects]:
            self.stdout.write(f"  {change.heading}: {change.before or '–'} → {change.after or '–'}")
        if outcome.secret and not options["preview"]:
            self.stdout.write(f"Shown this once and kept nowhere: {_absolute(outcome.secret)}")

    def _write_out(self, outcome: Outcome, name: str) -> str:
        """An export that was asked for here is fetched by nobody else. Returns where it is, in words."""
        if "export" not in outcome.data:
            return ""
        file = File.objects.get(public_id=outcome.data["export"])
        if name == "-":
            for part in queries.read(file):
                sys.stdout.buffer.write(part)
            return ""
        path = Path(name or file.name)
        try:
            with path.open("wb" if name else "xb") as target:
                target.writelines(queries.read(file))
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}. Say where, with --output.") from None
        return f" They are in {path.absolute()}."

    def _many(self, options: dict[str, Any], data: dict[str, Any]) -> None:
        words = options["reason"], options["message"], options["message_for_billing"]
        made = bulk.start(options["key"], shell_actor(), options["targets"], data, *words)
        bulk.resume(made)
        for row in bulk.list_rows(made):
            self.stdout.write(f"{row.target_id}: {row.sentence}")
        if made.results.exclude(status=200).exists():
            raise CommandError("Not every target was changed.")


def _absolute(secret: str) -> str:
    return f"{settings.BURSAR_ADDRESS}{secret}" if secret.startswith("/") else secret

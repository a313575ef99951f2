from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.actions import undo
from bursar.actions.cli import shell_actor
from bursar.actions.models import UndoOffer
from bursar.actions.run import run
from bursar.core import clock
from bursar.core.errors import Invalid, Refusal
from bursar.panel.undo_api import out
from bursar.panel.undoing import PAGE_SIZE, Offer, list_page


class Command(BaseCommand):
    help = "Lists what can still be taken back, or takes one of it back, through the same door as the panel"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = 'Example: bursar undo aud_… --reason "Wrong customer"'
        parser.add_argument("line", nargs="?", default="", help="the line of the book to take back; without it, a list")
        parser.add_argument("--reason", default="", help="why; kept in the book")
        parser.add_argument("--message", default="", help="to the customer")
        parser.add_argument("--json", action="store_true", help="print as JSON, for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["line"]:
            self._take_back(options)
            return
        now = clock.now()
        offers, _ = list_page(undo.list_offers(now), shell_actor(), now, PAGE_SIZE)
        if options["json"]:
            self.stdout.write(json.dumps([out(offer) for offer in offers], default=str, ensure_ascii=False, indent=2))
            return
        for offer in offers:
            self.stdout.write(_say(offer))

    def _take_back(self, options: dict[str, Any]) -> None:
        made = UndoOffer.objects.filter(line_id=options["line"]).first()
        if made is None:
            raise CommandError("There is nothing to undo under this line.")
        words = {name: options[name] for name in ("reason", "message")}
        try:
            outcome = run(made.key, shell_actor(), made.target_id, undo.fill(made), undoes=made.line_id, **words)
        except Invalid as refusal:
            faults = [f"{name}: {' '.join(texts)}" for name, texts in refusal.fields.items()]
            raise CommandError("\n".join([refusal.sentence, *faults])) from None
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from None
        if options["json"]:
            self.stdout.write(json.dumps({"sentence": outcome.sentence, "line": outcome.line_id}, ensure_ascii=False))
        else:
            self.stdout.write(outcome.sentence)


def _say(offer: Offer) -> str:
    state = offer.why_not or f"{offer.left} left"
    return f"{offer.line.public_id}  {offer.line.label} · {offer.told['target']} · {offer.told['actor']} · {state}"

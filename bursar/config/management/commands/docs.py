from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.__main__ import COMMANDS
from bursar.actions.cli import describe_actions
from bursar.core.options import OPTIONS
from bursar.webhooks.events import describe_events

HEAD = "<!-- Written by `bursar docs`; do not edit. -->\n\n"


class Command(BaseCommand):
    help = "Writes docs/reference from the registries; --check only compares"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar docs --check"
        parser.add_argument("--check", action="store_true", help="fail when a page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.ROOT / "docs" / "reference"
        pages = {"actions.md": actions_page(), "settings.md": settings_page(), "commands.md": commands_page()}
        pages["events.md"] = events_page()
        stale = [name for name, text in pages.items() if _read(folder / name) != text]
        if options["check"]:
            if stale:
                raise CommandError(f"Out of date: {', '.join(stale)}. Run `bursar docs`.")
            return
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            (folder / name).write_text(pages[name])
        self.stdout.write(f"{len(stale)} pages written.")


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def actions_page() -> str:
    parts = [HEAD + "# Actions\n\nEvery change goes through one of these.\n"]
    for made in describe_actions():
        parts.append(f"\n## {made['label']} · `{made['key']}`\n\n{made['help']}\n")
        right = f"right `{made['permission']}`" if made["permission"] else "no right needed"
        seen = "the customer sees it" if made["customer_visible"] else "the customer does not see it"
        parts.append(f"\nOn: {made['target']}; {right}; reason {made['reason']}; {seen}.\n")
        for field in made["fields"]:
            need = "required" if field["required"] else "optional"
            choices = f"; one of {', '.join(field['choices'])}" if field["choices"] else ""
            parts.append(f"\n* `{field['name']}` ({field['type']}, {need}{choices}) {field['help'] or field['label']}")
        parts.append("\n" if made["fields"] else "")
    return "".join(parts)


def settings_page() -> str:
    rows = [
        f"| `{option.name}` | {f'`{option.default}`' if option.default and option.name != 'BURSAR_VAR' else '–'} "
        f"| {option.doc} |"
        for option in sorted(OPTIONS.values(), key=lambda option: option.name)
    ]
    return "\n".join(
        [HEAD + "# Settings\n\nAll from the environment.\n", "| name | default | what |", "|---|---|---|", *rows, ""]
    )


def commands_page() -> str:
    rows = [f"| `bursar {name}` | {words} |" for name, words in COMMANDS.items()]
    return "\n".join([HEAD + "# Commands\n", "| command | what |", "|---|---|", *rows, ""])


def events_page() -> str:
    words = "What an endpoint hears of. How to receive it: [outgoing webhooks](../webhooks.md)."
    return "\n".join([HEAD + f"# Events\n\n{words}\n", *describe_events()])

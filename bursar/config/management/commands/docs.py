from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import capfirst

from bursar.__main__ import COMMANDS
from bursar.actions import handbook
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.core.options import OPTIONS
from bursar.staff.matrix import build_matrix, list_shipped_roles
from bursar.webhooks.events import describe_events

HEAD = "<!-- Written by `bursar docs`; do not edit. -->\n\n"
WIDE = "---\nhide: [navigation, toc]\n---\n\n"
ACTIONS_FOLDER = "docs/handbook/actions"
_NAV = re.compile(r"(?P<first> *# actions: written by `bursar docs`\n).*?(?P<last> *# end of actions\n)", re.DOTALL)


class Command(BaseCommand):
    help = "Writes the generated pages of docs/ and their place in mkdocs.yml; --check only compares"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar docs --check"
        parser.add_argument("--check", action="store_true", help="fail when a page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = generated_pages()
        stale = [name for name, text in wanted.items() if _read(settings.ROOT / name) != text]
        present = {f"{ACTIONS_FOLDER}/{path.name}" for path in (settings.ROOT / ACTIONS_FOLDER).glob("*.md")}
        strays = sorted(present - set(wanted))
        if options["check"]:
            if stale or strays:
                raise CommandError(f"Out of date: {', '.join([*stale, *strays])}. Run `bursar docs`.")
            return
        for name in stale:
            (settings.ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (settings.ROOT / name).write_text(wanted[name])
        for name in strays:
            (settings.ROOT / name).unlink()
        self.stdout.write(f"{len(stale)} pages written, {len(strays)} removed.")


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def generated_pages() -> dict[str, str]:
    """The text of every generated file by its path under the root."""
    roles = {role.name: frozenset(role.rights) for role in list_shipped_roles()}
    pages = {f"{ACTIONS_FOLDER}/{key}.md": handbook.action_page(made, roles) for key, made in ACTIONS.items()}
    pages |= {
        f"{ACTIONS_FOLDER}/index.md": handbook.index_page(),
        "docs/handbook/roles.md": roles_page(),
        "docs/reference/settings.md": settings_page(),
        "docs/reference/commands.md": commands_page(),
        "docs/reference/events.md": events_page(),
    }
    navigation = _read(settings.ROOT / "mkdocs.yml")
    marked = {name: _mark(text) for name, text in pages.items()}
    marked["docs/handbook/roles.md"] = WIDE + marked["docs/handbook/roles.md"]
    return {**marked, "mkdocs.yml": with_actions(navigation)}


def _mark(text: str) -> str:
    """Under the title, which MkDocs looks for in the first line."""
    title, _, rest = text.partition("\n\n")
    return f"{title}\n\n{HEAD}{rest}"


def with_actions(navigation: str) -> str:
    """mkdocs.yml with the actions between its two marks, each under what it acts on."""
    lines = []
    for slug, actions in handbook.by_target().items():
        lines.append(f"          - {capfirst(TARGETS[slug].label)}:")
        lines += [f"              - {ACTIONS_FOLDER.removeprefix('docs/')}/{made.key}.md" for made in actions]
    block = "".join(f"{line}\n" for line in lines)
    return _NAV.sub(lambda found: f"{found['first']}{block}{found['last']}", navigation)


def roles_page() -> str:
    roles = list_shipped_roles()
    names = [role.name for role in roles]
    head = ["action", "on", "right", *names]
    rows = [
        [
            f"[{row.action.title}](actions/{row.action.key}.md)",
            TARGETS[row.action.target_slug].label,
            f"`{row.right}`" if row.right else "none",
            *("●" if may else "·" for _, may in row.cells),
        ]
        for row in build_matrix(roles)
    ]
    rights = [[role.name, ", ".join(f"`{right}`" for right in role.rights)] for role in roles]
    return (
        "# Roles and actions\n\n"
        "The roles as they ship; a filled dot: the role may. *Staff → Roles and actions* in the panel shows the "
        "roles as your installation has them; the server asks the same table. How rights work: "
        "[Roles and policies in code](roles-in-code.md).\n\n"
        f"## The matrix\n\n{_table(head, rows)}\n"
        f"## The rights of each role\n\n{_table(['role', 'rights'], rights)}"
    )


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def settings_page() -> str:
    rows = [
        [f"`{option.name}`", f"`{option.default}`" if _has_default(option.name) else "–", option.doc]
        for option in sorted(OPTIONS.values(), key=lambda option: option.name)
    ]
    return "# Settings\n\nAll from the environment.\n\n" + _table(["name", "default", "what"], rows)


def _has_default(name: str) -> bool:
    """Not the folders, which lie beside the code wherever that is."""
    return bool(OPTIONS[name].default) and name not in ("BURSAR_VAR", "BURSAR_HANDBOOK")


def commands_page() -> str:
    rows = [[f"[`bursar {name}`](#bursar-{name})", words] for name, words in COMMANDS.items()]
    parts = ["# Commands\n", _table(["command", "what"], rows)]
    for name, words in COMMANDS.items():
        parts += [f"## bursar {name}\n", f"It {words}.\n", *_options(name)]
    return "\n".join(parts)


def _options(name: str) -> Iterator[str]:
    """What our own commands take; Django's say it themselves with --help."""
    room = get_commands()[name]
    if not (isinstance(room, str) and room.startswith("bursar.")):
        yield f"`bursar {name} --help` lists what it takes.\n"
        return
    parser = load_command_class(room, name).create_parser("bursar", name)
    common = {option for made in BaseCommand().create_parser("", "")._actions for option in made.option_strings}
    rows = [
        [f"`{', '.join(made.option_strings) or made.dest}`", made.help or ""]
        for made in parser._actions
        if not common & set(made.option_strings)
    ]
    if rows:
        yield _table(["argument", "what"], rows)
    if parser.epilog:
        yield f"{parser.epilog.partition(':')[0]}: `{parser.epilog.partition(': ')[2]}`\n"


def events_page() -> str:
    words = "What an endpoint hears of. How to receive it: [outgoing webhooks](../webhooks.md)."
    return "\n".join([f"# Events\n\n{words}\n", *describe_events()])

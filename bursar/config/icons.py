"""Which icons the whole uses: checked at every start, and served as one style sheet of these alone of thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from django.urls import get_resolver

from bursar.actions.registry import ACTIONS
from bursar.panel.hits import ICONS
from bursar.panel.story import STORIES
from bursar.ui import icons
from bursar.ui.navigation import ENTRIES

SHEET = "vendor/icons.css"
_DRAWN = re.compile(r"""{%\s*icon\s+["']([\w-]+)["']""")


def list_used() -> set[str]:
    """By actions, navigation, stories, what the palette finds, and templates, whose variables are of the others."""
    get_resolver().url_patterns  # noqa: B018  (entries are declared with the addresses)
    drawn = {
        name
        for path in Path(settings.ROOT).glob("bursar/*/templates/**/*.html")
        for name in _DRAWN.findall(path.read_text())
    }
    drawn |= {action.icon for action in ACTIONS.values()} | {entry.icon for entry in ENTRIES.values()} - {""}
    return drawn | {kind.icon for kinds in STORIES.values() for kind in kinds} | set(ICONS.values())


def list_faults() -> list[str]:
    """Icons that are used and that the set does not know; none where the set is not installed at all."""
    return icons.list_faults(list_used()) if icons.is_installed() else []


class IconsFinder(BaseFinder):
    """The style sheet of the icons in use, made at the start among what the process keeps, where the set is installed.
    `collectstatic` leaves it to a server without the front-end packages.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.storage = FileSystemStorage(location=str(settings.BURSAR_VAR / "icons"))
        self.storage.prefix = str(Path(SHEET).parent)  # type: ignore[attr-defined]  # as Django's own finders hand it on

    def find(self, path: str, *args: Any, **options: Any) -> Any:
        return next((self.storage.path(name) for name, _ in self.list(None)), []) if path == SHEET else []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        if icons.is_installed():
            name = Path(SHEET).name
            _write(Path(self.storage.path(name)), icons.write_sheet(list_used()))
            yield name, self.storage


def _write(path: Path, text: str) -> None:
    """At once, or not at all: processes that start together write the same, and each reads it while others write."""
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, suffix=".css", delete=False) as whole:
        whole.write(text)
    Path(whole.name).chmod(0o644)
    Path(whole.name).replace(path)

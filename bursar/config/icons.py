"""Which icons the whole uses: checked at every start, and collected with the static files, these alone of thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from django.urls import get_resolver

from bursar.actions.registry import ACTIONS
from bursar.panel.story import STORIES
from bursar.ui import icons
from bursar.ui.navigation import ENTRIES

PREFIX = "vendor/icons"
_DRAWN = re.compile(r"""{%\s*icon\s+["']([\w-]+)["']""")


def list_used() -> set[str]:
    """By actions, navigation, stories and templates; a template that draws a variable draws one of the first three."""
    get_resolver().url_patterns  # noqa: B018  (entries are declared with the addresses)
    drawn = {
        name
        for path in Path(settings.ROOT).glob("bursar/*/templates/**/*.html")
        for name in _DRAWN.findall(path.read_text())
    }
    drawn |= {action.icon for action in ACTIONS.values()} | {entry.icon for entry in ENTRIES.values()} - {""}
    return drawn | {kind.icon for kinds in STORIES.values() for kind in kinds}


def list_faults() -> list[str]:
    """Icons that are used and that the set does not know; none where the set is not installed at all."""
    return icons.list_faults(list_used()) if icons.is_installed() else []


class UsedIconsFinder(BaseFinder):
    """So that `collectstatic` leaves what a server without the front-end packages draws."""

    def find(self, path: str, *args: Any, **options: Any) -> Any:
        return []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        storage = FileSystemStorage(location=str(settings.ICONS))
        storage.prefix = PREFIX  # type: ignore[attr-defined]  # as Django's own finders hand it on
        for name in sorted(list_used()):
            if storage.exists(f"{name}.svg"):
                yield f"{name}.svg", storage

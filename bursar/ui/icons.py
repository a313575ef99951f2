"""One set of icons, @tabler/icons, each drawn inside the page so that it takes the colour of the words beside it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

_FRAME = '<path stroke="none" d="M0 0h24v24H0z" fill="none"/>'  # the set's own bounds, which draw nothing
_SPACE = re.compile(r"\s+")
_GAP = re.compile(r" ?([A-Za-z]) ?| (?=-)")  # letters and signs part the numbers of a path as well as a space does
_STROKE = re.compile(r'<path d="(M[^"]*)"/>')  # what has no more to say than where it goes: one path may hold several
_HEAD = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">'


def find(name: str) -> Path | None:
    """The file of the icon `name`: of the front-end packages, or where they were collected to."""
    paths = (folder / f"{name}.svg" for folder in (settings.ICONS, settings.ICONS_COLLECTED))
    return next((path for path in paths if path.is_file()), None)


def is_installed() -> bool:
    return any(folder.is_dir() for folder in (settings.ICONS, settings.ICONS_COLLECTED))


def list_faults(names: set[str]) -> list[str]:
    """Names that the set does not know, in words."""
    return [f"the icon “{name}” is none of @tabler/icons" for name in sorted(names) if find(name) is None]


@cache
def draw(name: str) -> SafeString:
    """The icon as markup, hidden from screen readers, sized by `type.css`; nothing where the set is not installed."""
    path = find(name)
    if path is None:
        return SafeString()
    shapes = _SPACE.sub(" ", path.read_text().partition(">")[2]).replace(" />", "/>").replace("> <", "><").strip()
    shapes = shapes.replace(_FRAME, "")
    strokes = _GAP.sub(r"\1", "".join(_STROKE.findall(shapes)))
    return mark_safe(f'{_HEAD}<path d="{strokes}"/>{_STROKE.sub("", shapes)}')

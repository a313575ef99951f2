"""One set of icons, @tabler/icons: a style sheet has those in use as masks, so that each takes the colour of the words
beside it and a page says its name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

_FRAME = '<path stroke="none" d="M0 0h24v24H0z" fill="none"/>'  # the set's own bounds, which draw nothing
_SPACE = re.compile(r"\s+")
_GAP = re.compile(r" ?([A-Za-z]) ?| (?=-)")  # letters and signs part the numbers of a path as well as a space does
_STROKE = re.compile(r'<path d="(M[^"]*)"/>')  # what has no more to say than where it goes: one path may hold several
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" stroke-width="1.75" '
    'stroke-linecap="round" stroke-linejoin="round">'
)
_ALL = (
    ".icon{background-color:currentcolor;mask:linear-gradient(#0000,#0000) center/contain no-repeat;"
    "print-color-adjust:exact}"
    "@media (forced-colors:active){.icon{background-color:CanvasText}a .icon{background-color:LinkText}"
    ":is(button,.button) .icon{background-color:ButtonText}}"
)


def find(name: str) -> Path | None:
    """The file of the icon `name` of the front-end packages."""
    path = Path(settings.ICONS) / f"{name}.svg"
    return path if path.is_file() else None


def is_installed() -> bool:
    return Path(settings.ICONS).is_dir()


def list_faults(names: set[str]) -> list[str]:
    """Names that the set does not know, in words."""
    return [f"the icon “{name}” is none of @tabler/icons" for name in sorted(names) if find(name) is None]


@cache
def draw(name: str) -> SafeString:
    """The icon as markup, which screen readers pass over; nothing to be seen where there is no sheet."""
    return format_html('<i class="icon i-{}"></i>', name)


def write_sheet(names: Iterable[str]) -> str:
    """The style sheet of these icons; their size is said by `type.css`."""
    return _ALL + "".join(_rule(name) for name in sorted(names))


def picture(name: str) -> str:
    """The icon as a picture: an SVG of its strokes, as close as they can be written. Raises LookupError."""
    path = find(name)
    if path is None:
        raise LookupError(name)
    shapes = _SPACE.sub(" ", path.read_text().partition(">")[2]).replace(" />", "/>").replace("> <", "><").strip()
    shapes = shapes.replace(_FRAME, "")
    strokes = _GAP.sub(r"\1", "".join(_STROKE.findall(shapes)))
    return f'{_HEAD}<path d="{strokes}"/>{_STROKE.sub("", shapes)}'


def _rule(name: str) -> str:
    picked = picture(name).replace('"', "'").replace("#", "%23").replace("<", "%3C").replace(">", "%3E")
    return f'\n.i-{name}{{mask-image:url("data:image/svg+xml,{picked}")}}'

"""Parts of a page that follow from the values they are given and from nothing else: drawn once a process."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from django.conf import settings
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

KEPT = 4096
"""Of all parts together; what was not used for longest goes first."""


def draw(template: str, **values: Hashable) -> SafeString:
    """It sees neither the request nor anything else of the page, so that nothing of a reader is kept."""
    if settings.DEBUG:
        return _draw(template, tuple(values.items()))
    return _kept(template, tuple(values.items()))


def _draw(template: str, values: tuple[tuple[str, Hashable], ...]) -> SafeString:
    return mark_safe(get_template(template).render(dict(values)))


_kept = lru_cache(KEPT)(_draw)

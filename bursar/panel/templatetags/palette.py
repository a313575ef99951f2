"""What was typed, marked in what was found."""

from __future__ import annotations

import re

from django import template
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def marked(text: str, typed: str) -> str:
    """Each word that was typed stands in <mark>, where a word of `text` begins with it, or it stands in one."""
    words = sorted(filter(None, typed.split()), key=len, reverse=True)
    if not words:
        return escape(text)
    parts = re.split(f"({'|'.join(map(re.escape, words))})", text, flags=re.IGNORECASE)
    return format_html_join("", "{}", [(_piece(part, bool(place % 2)),) for place, part in enumerate(parts)])


def _piece(part: str, is_hit: bool) -> SafeString:
    return format_html_join("", "<mark>{}</mark>" if is_hit else "{}", [(part,)])

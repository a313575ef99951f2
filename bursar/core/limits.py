"""Rate limits for what no library guards: so many tries a window, counted in the shared cache."""

from __future__ import annotations

import hashlib

from django.core.cache import cache


def is_over(what: str, who: str, limit: int, seconds: int) -> bool:
    """Counts one try of `who` at `what`; True when there were more than `limit` within the window."""
    key = f"limit:{what.replace(' ', '-')}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
    if cache.add(key, 1, seconds):
        return False
    try:
        return int(cache.incr(key)) > limit
    except ValueError:  # it ran out between the two calls
        return False

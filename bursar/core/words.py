"""Words in a row, as a sentence names them."""

from __future__ import annotations

from collections.abc import Sequence


def list_words(words: Sequence[str]) -> str:
    """ "tier, class and cap"; at least one."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

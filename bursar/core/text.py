"""Which text can be kept: what people can see, and nothing that hides, or turns other words around."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

# Control characters but tab and line breaks (XML and so invoices cannot hold them), halves of a character, and the
# marks that write what follows them backwards.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def why_not_keep(text: str) -> str | None:
    """For any text from outside; None when it is fit."""
    if text.isascii() and text.isprintable():
        return None
    found = _UNFIT.search(text)
    return f"holds a character that cannot be kept: U+{ord(found[0]):04X}" if found else None


def fit(text: str) -> str:
    """For text that nobody can be asked to write again, such as a bank's: what cannot be kept becomes a space."""
    return text if text.isascii() and text.isprintable() else _UNFIT.sub(" ", text)


def why_not_name(text: str) -> str | None:
    """As `why_not_keep`, for what people must be able to read and click: something of it has to be visible."""
    if any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK_LETTERS for c in text):
        return why_not_keep(text)
    return "holds nothing that can be seen"


def why_not_keep_within(value: Any) -> str | None:
    """As `why_not_keep`, for every text in data as JSON has it, names of fields included."""
    if isinstance(value, str):
        return why_not_keep(value)
    parts: Iterable[Any] = ()
    if isinstance(value, Mapping):
        parts = (part for pair in value.items() for part in pair)
    elif isinstance(value, list | tuple):
        parts = value
    return next((unfit for part in parts if (unfit := why_not_keep_within(part))), None)

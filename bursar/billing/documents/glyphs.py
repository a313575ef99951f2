"""What typst's own fonts can draw. What they cannot is shown as � and named: a PDF for archives may hold no empty box.

They have Latin, Greek, Cyrillic, Hebrew, Arabic and Devanagari; no Chinese, Japanese, Korean or Thai, and no emoji.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bursar.billing.documents.typesetting import typeset

INSTEAD = "\N{REPLACEMENT CHARACTER}"
# Controls but the line break, halves of characters, selectors of forms, and marks that turn the order of what follows.
_UNFIT = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufe00-\ufe0f\ufeff\ufffe\uffff\ud800-\udfff]"
)
_BEYOND_LATIN = re.compile(f"[^\x00-\u024f\u2010-\u2027€−{INSTEAD}]")  # only there do neighbours matter
_HEAD = [
    '#import "parts.typ": breaking, fonts',
    '#set document(title: "-")',
    "#set text(font: fonts)",
    "#show: breaking",
]
_PLACE = re.compile(r"probe\.typ:(\d+):")
_is_drawable: dict[str, bool] = {}


def tidy(text: str) -> str:
    """As it can be set: composed letters, and nothing that hides or turns what stands around it."""
    return _UNFIT.sub("", unicodedata.normalize("NFC", text.replace("\t", " ")))


def find_undrawable(texts: Sequence[str]) -> list[str]:
    """Signs of these texts to be replaced, in their order: those without a glyph, and those that cannot stand together.

    Neighbours matter: a letter of one font and a mark of another are no sign of either.
    """
    known = list(dict.fromkeys(sign for text in texts for sign in text))
    new = [sign for sign in known if sign not in _is_drawable]
    failed = set(_find_failing(new))
    _is_drawable.update((sign, sign not in failed) for sign in new)
    missing = {sign for sign in known if not _is_drawable[sign]}
    dubious = [text for text in texts if _BEYOND_LATIN.search(text)]
    while more := find_beyond_latin(_find_failing(replace_signs(dubious, missing), is_vague=True)):
        missing.update(more)
    return [sign for sign in known if sign in missing]


def find_beyond_latin(texts: Sequence[str]) -> list[str]:
    """What always can be drawn when all of it is replaced."""
    return list(dict.fromkeys(_BEYOND_LATIN.findall("".join(texts))))


def _find_failing(texts: Iterable[str], *, is_vague: bool = False) -> list[str]:
    """Draws each on a line of its own, light and bold: typst names the lines in which it could not.

    `is_vague`: of a long word it does not say the line; then it may have been any. Else that raises ValueError.
    """
    asked = list(dict.fromkeys(texts))
    if not asked:
        return []
    escaped = ("".join(f"\\u{{{ord(sign):x}}}" for sign in text.replace("\n", " ")) for text in asked)
    lines = [*_HEAD, *(f"{one} *{one}*" for one in escaped)]
    try:
        typeset("probe.typ", {"probe.typ": "\n\n".join(lines).encode()})
    except ValueError as error:
        places = {(int(line) - 1) // 2 - len(_HEAD) for line in _PLACE.findall(str(error))}
        if not places and not is_vague:
            raise
        return [asked[place] for place in sorted(places)] or asked
    return []


def is_joiner(sign: str) -> bool:
    """Whether it shows nothing by itself, such as what makes one emoji of several."""
    return unicodedata.category(sign) == "Cf"


def say_sign(sign: str) -> str:
    """ "U+1F600 GRINNING FACE" """
    return f"U+{ord(sign):04X} {unicodedata.name(sign, '')}".strip()


def replace_signs(value: Any, signs: Iterable[str]) -> Any:
    """Each by `INSTEAD`, a joiner by nothing. `value`: data as JSON has it."""
    table = str.maketrans({sign: "" if is_joiner(sign) else INSTEAD for sign in signs})
    return map_texts(value, lambda text: text.translate(table))


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The same data with every text changed, names of fields left alone."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: map_texts(one, change) for name, one in value.items()}
    return [map_texts(one, change) for one in value] if isinstance(value, (list, tuple)) else value


def list_texts(value: Any) -> list[str]:
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    map_texts(value, note)
    return found

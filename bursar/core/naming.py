"""People's names in text that is kept: the text holds a reference, and the name is looked up when somebody reads it.

A verb says a name by `say` or `of`. In memory the place then holds the reference and the name, and `Said` shows the
name; `keep` leaves the reference alone, and `read` puts in what the person is called now. So a name is stored where
the person is and nowhere else, and whoever is erased there is named nowhere, whatever they were called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from html import escape
from typing import Any, Protocol, TypeVar

from bursar.core.registry import Registry

T = TypeVar("T")
ERASED = "Erased person"

LookUp = Callable[[Collection[str]], Mapping[str, str]]
NAMES: Registry[LookUp] = Registry("kind of people")
"""By the prefix of their public ids: the names of those that are there, by public id."""

# The door takes no text with these three characters (core/text.py), so nobody can write a place of their own.
_BEGIN, _BREAK, _END = "\x02", "\x01", "\x03"
_SAID = re.compile(f"{_BEGIN}(\\w+){_BREAK}([^{_END}]*){_END}")
_KEPT = re.compile(f"{_BEGIN}(\\w+){_END}")
_WITHOUT = dict.fromkeys(map(ord, (_BEGIN, _BREAK, _END)))


class Named(Protocol):
    public_id: str


class Said(str):
    """A sentence as people read it. `places`: the same, with the references beside the names."""

    places: str

    def __new__(cls, text: str) -> Said:
        made = super().__new__(cls, _SAID.sub(lambda place: place[2], text))
        made.places = places_of(text)
        return made


def places_of(text: str) -> str:
    return text.places if isinstance(text, Said) else text


def say(reference: str, name: str) -> str:
    """The name's place in a sentence; the bare name for what is no person, such as the clock."""
    if reference.partition("_")[0] not in NAMES or not name:
        return name
    return f"{_BEGIN}{reference}{_BREAK}{name.translate(_WITHOUT)}{_END}"


def of(who: Named) -> str:
    """As `say`, for whoever has a public id and is called what `str` says."""
    return say(who.public_id, str(who))


def keep(value: T) -> T:
    """What may be stored: a text, or JSON of texts, with references where names were said."""
    kept: T = _each(value, lambda text: _SAID.sub(f"{_BEGIN}\\1{_END}", places_of(text)))
    return kept


def mark(reference: str) -> str:
    """How a kept text holds this person, for a search."""
    return f"{_BEGIN}{reference}{_END}"


def read(value: T, *, as_html: bool = False) -> T:
    """Kept text, or JSON of it, with the names of today, in one look-up for each kind of people named there.

    What holds no reference, such as all that was kept before names were, comes back as it is.
    """
    found = {place[1] for text in _texts(value) for place in _KEPT.finditer(text)}
    if not found:
        return value
    names = _look_up(found)
    clean = escape if as_html else str
    told: T = _each(value, lambda text: _KEPT.sub(lambda place: clean(names.get(place[1], ERASED)), text))
    return told


def reword(value: T, change: Callable[[str], str]) -> T:
    """Kept text, or JSON of it, with what stands between its references changed; the references stay."""

    def reword_one(text: str) -> str:
        pieces, end = [], 0
        for place in _KEPT.finditer(text):
            pieces += [change(text[end : place.start()]), place[0]]
            end = place.end()
        return "".join([*pieces, change(text[end:])])

    reworded: T = _each(value, reword_one)
    return reworded


def cut(text: str, length: int) -> str:
    """At most so many characters of a kept text, and no half reference at its end."""
    short = text[:length]
    begun = short.rfind(_BEGIN)
    return short[:begun] if begun > short.rfind(_END) else short


def _look_up(references: Collection[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for prefix, look_up in NAMES.items():
        if theirs := [one for one in references if one.startswith(f"{prefix}_")]:
            names |= look_up(theirs)
    return names


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _each(value: Any, change: Callable[[str], str]) -> Any:
    """Every text within; keys are no text."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _each(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_each(inner, change) for inner in value]
    return value

"""What somebody types, and which actions that may mean: one order, for the kebab's filter and for the palette.

The page has what is found here beside each entry and compares it in the same three ways (`js/find.js`), so that no
letter waits for an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from bursar.core.sortkey import sort_key

NOT_AT_ALL = -1


class Keys(NamedTuple):
    """By what an action is found, as one types it.

    code: typed whole, it comes before everything else.  starts: in steps, the nearest first; a step fits where one of
    its texts begins with what is typed.  words: last, where each word that is typed begins one of them.
    """

    code: str
    starts: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]

    def rank(self, text: str) -> int:
        """0 is the nearest. `text` is a sort key; empty fits everything alike."""
        if text == self.code or not text:
            return 0
        for step, texts in enumerate(self.starts, start=1):
            if any(one.startswith(text) for one in texts):
                return step
        typed = text.split(" ")
        fits = all(any(word.startswith(part) for word in self.words) for part in typed)
        return len(self.starts) + 1 if fits else NOT_AT_ALL


class Found(Protocol):
    @property
    def keys(self) -> Keys: ...


F = TypeVar("F", bound=Found)


def keys_of(title: str, code: str, formerly: Iterable[str] = (), target: str = "") -> Keys:
    """Code or initials, then the title, then a later word of it, then a former name. `target`: what it acts on."""
    name, former = _plain(title), [_plain(one) for one in formerly]
    initials = "".join(word[0] for word in name.split(" "))
    later = tuple(_later(name))
    starts = ((code, initials) if code else (initials,)), (name,), later, tuple(former)
    words = " ".join([name, *former, _plain(target)]).split()
    return Keys(code, starts, tuple(dict.fromkeys(words)))


def find(entries: Iterable[F], text: str) -> list[F]:
    """Those that fit what was typed, the nearest first; among equals their own order stays."""
    typed = _plain(text)
    ranked = [(entry.keys.rank(typed), entry) for entry in entries]
    return [entry for rank, entry in sorted(ranked, key=lambda pair: pair[0]) if rank != NOT_AT_ALL]


def _plain(text: str) -> str:
    """Without the marks that nobody types."""
    return sort_key("".join(letter if letter.isalnum() or letter == "&" else " " for letter in text))


def _later(name: str) -> Iterator[str]:
    words = name.split(" ")
    for at in range(1, len(words)):
        yield " ".join(words[at:])

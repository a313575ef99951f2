"""How a line and a seal are hashed. Pure: the same on every machine, in any language that has SHA-256."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_FIRST = (
    "public_id", "stream", "seq", "at", "actor_kind", "actor_id", "door", "key", "label", "target_kind", "target_id",
    "touches", "changes", "names", "reason", "message", "customer_visible", "group", "request_id", "previous_hash",
)  # fmt: skip
_SECOND = (*_FIRST, "concerns_money", "message_for_billing", "format")
HASHED_FIELDS = {1: _FIRST, 2: _SECOND, 3: (*_SECOND, "id")}
"""By the format of a line. A new one is added here and every line keeps its own, so that old ones can be proven."""
FORMAT = max(HASHED_FIELDS)
WHOLE = 3
"""From this format on a line, and a seal, hash all that they say: also the references of names, a seal's time and
count, and what those of before left out (`Unhashed`)."""

OLD_MONEY_WORDS = r"discount|price|pay|paid|billed|cadence|amount|invoice|charge|refund|€|%"
"""For lines of format 1 alone, which did not say whether they were about money: what was withheld then still is."""
_SPOKE = re.compile(OLD_MONEY_WORDS, re.IGNORECASE)
MAIL = "mail"
_SEAL = re.compile(r"([1-9][0-9]{0,17}) ([0-9a-f]{64})")


def spoke_of_money(*texts: str) -> bool:
    """The judgement of format 1, by words."""
    return any(_SPOKE.search(text) for text in texts)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"A book line cannot hold a {type(value).__name__}.")


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text).encode()


def line_hash(fields: Mapping[str, Any]) -> str:
    """By the line's own format; "" for one that is unknown here."""
    names = HASHED_FIELDS.get(fields["format"])
    return hashlib.sha256(canonical({name: fields[name] for name in names})).hexdigest() if names else ""


def name_digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\0{text}".encode()).hexdigest()


@dataclass(frozen=True)
class Named:
    """What a line says of a name in one slot. `reference` is None where its format does not."""

    reference: str | None
    digest: str


def read_names(form: int, names: Any) -> dict[str, Named]:
    """A line's `names` by slot. What has not the shape of its format is a name that no row can match."""
    if not isinstance(names, dict):
        return {}
    return {slot: _read_name(form, said) for slot, said in names.items()}


def _read_name(form: int, said: Any) -> Named:
    if form < WHOLE:
        return Named(None, str(said))
    if isinstance(said, list) and len(said) == 2:
        return Named(str(said[0]), str(said[1]))
    return Named("", "")


class Unhashed:
    """A digest over what lines, or seals, of older formats do not hash themselves, in their order."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._digest = hashlib.sha256()
        self._is_empty = True

    def add(self, said: Any) -> None:
        self._digest.update(canonical(said))
        self._is_empty = False

    def take(self) -> str:
        """Empty when there was none. What follows is counted anew."""
        said = "" if self._is_empty else self._digest.hexdigest()
        self._begin()
        return said


def unhashed_of_line(
    line_id: int, seq: int, concerns_money: bool | None, message_for_billing: bool, names: Iterable[Iterable[str]]
) -> list[Any]:
    """names: slot and reference of each name's row."""
    return [line_id, seq, concerns_money, message_for_billing, sorted([slot, whose] for slot, whose in names)]


UNHASHED_OF_SEAL = ("id", "number", "format", "at", "heads", "hash")


def seal_hash(fields: Mapping[str, Any], heads: Iterable[tuple[str, int, str, str]], old_seals: str = "") -> str:
    """By the seal's own format, over the seal before and the heads that moved: (stream, seq, hash, old_hash) by stream.

    fields: those of the seal. old_seals: over `UNHASHED_OF_SEAL` of the seals of older formats since the last one that
    hashes all.
    """
    form, previous, number = fields["format"], fields["previous_hash"], fields["number"]
    first = {1: [previous, number], 2: [2, previous, number]}.get(form) or [
        form, fields["id"], previous, number, fields["at"], fields["heads"], old_seals,
    ]  # fmt: skip
    digest = hashlib.sha256(canonical(first))
    for head in heads:
        digest.update(canonical(head if form >= WHOLE or head[3] else head[:3]))
    return digest.hexdigest()


@dataclass(frozen=True)
class Kept:
    """A seal as it was kept elsewhere. `where` completes “the seal that was …”."""

    number: int
    hash: str
    where: str = "kept elsewhere"


def say_seal(number: int, hash_: str) -> str:
    return f"{number} {hash_}"


def read_seal(text: str, where: str = "kept elsewhere") -> Kept:
    """What `say_seal` wrote. Raises ValueError, a sentence, for anything else."""
    found = _SEAL.fullmatch(text)
    if found is None:
        raise ValueError("A seal is its number, a space and 64 digits or letters a to f, as it was printed.")
    return Kept(int(found[1]), found[2], where)


def read_places(text: str) -> tuple[str, ...]:
    """Where each day's seal goes: “mail”, and folders. Raises ValueError for anything else."""
    places = tuple(place.strip() for place in text.split(",") if place.strip())
    for place in places:
        if place != MAIL and not place.startswith("/"):
            raise ValueError(f"a place is “{MAIL}”, or a folder that begins with “/”")
    return places


def why_not_overrule(names: Sequence[str]) -> str | None:
    """`names`: attributes that a file says otherwise than the thing stands since somebody changed it here."""
    if not names:
        return None
    words = ", ".join(name.removesuffix("_id").replace("_", " ") for name in names)
    return f"It was changed here since, and that stays ({words}): say the same, or leave the line out."

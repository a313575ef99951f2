"""How a line and a seal are hashed. Pure: the same on every machine, in any language that has SHA-256."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

_FIRST = (
    "public_id", "stream", "seq", "at", "actor_kind", "actor_id", "door", "key", "label", "target_kind", "target_id",
    "touches", "changes", "names", "reason", "message", "customer_visible", "group", "request_id", "previous_hash",
)  # fmt: skip
HASHED_FIELDS = {1: _FIRST, 2: (*_FIRST, "concerns_money", "message_for_billing", "format")}
"""By the format of a line. A new one is added here and every line keeps its own, so that old ones can be proven."""
FORMAT = max(HASHED_FIELDS)

OLD_MONEY_WORDS = r"discount|price|pay|paid|billed|cadence|amount|invoice|charge|refund|€|%"
"""For lines of format 1 alone, which did not say whether they were about money: what was withheld then still is."""
_SPOKE = re.compile(OLD_MONEY_WORDS, re.IGNORECASE)


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


def seal_hash(previous_hash: str, number: int, heads: Iterable[tuple[str, int, str]], form: int = FORMAT) -> str:
    """Over the seal before and the heads that moved, in stream order; from format 2 on over the format too."""
    digest = hashlib.sha256(canonical([previous_hash, number] if form == 1 else [form, previous_hash, number]))
    for head in heads:
        digest.update(canonical(head))
    return digest.hexdigest()

"""How a line and a seal are hashed. Pure: the same on every machine, in any language that has SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

HASHED_FIELDS = (
    "public_id", "stream", "seq", "at", "actor_kind", "actor_id", "door", "key", "label", "target_kind", "target_id",
    "touches", "changes", "names", "reason", "message", "customer_visible", "group", "request_id", "previous_hash",
)  # fmt: skip


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"A book line cannot hold a {type(value).__name__}.")


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one text for one value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text).encode()


def line_hash(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical({name: fields[name] for name in HASHED_FIELDS})).hexdigest()


def name_digest(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\0{text}".encode()).hexdigest()


def seal_hash(previous_hash: str, number: int, heads: Iterable[tuple[str, int, str]]) -> str:
    """Over the seal before and the heads that moved, in stream order."""
    digest = hashlib.sha256(canonical([previous_hash, number]))
    for head in heads:
        digest.update(canonical(head))
    return digest.hexdigest()

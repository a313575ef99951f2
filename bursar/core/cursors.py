"""Opaque cursors for paging by key: no row is skipped or seen twice while others come and go."""

from __future__ import annotations

import base64
import json
from typing import Any

from bursar.core.errors import BadRequest


def encode(values: list[Any]) -> str:
    text = json.dumps(values, separators=(",", ":"), default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any]:
    """Raises BadRequest for anything that `encode` did not make."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, UnicodeDecodeError):
        found = None
    if not isinstance(found, list) or len(found) != length or any("\0" in str(value) for value in found):
        raise BadRequest("This cursor is broken. Start again without one.")
    return found


def read_key(text: str) -> int | None:
    """A row's key in a page's address; None for an empty one. Raises BadRequest for anything else."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest("This page address is broken. Open the list from its start.")
    return int(text)


def decode_key(cursor: str) -> int:
    """The one key in a cursor. Raises BadRequest as `decode` does."""
    (key,) = decode(cursor, 1)
    if type(key) is not int or abs(key) >= 2**63:
        raise BadRequest("This cursor is broken. Start again without one.")
    return key

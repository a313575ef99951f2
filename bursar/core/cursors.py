"""Opaque cursors for paging by key: no row is skipped or seen twice while others come and go."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from bursar.core import strictjson
from bursar.core.bounds import read_instant
from bursar.core.errors import BadRequest
from bursar.core.text import why_not_keep

BROKEN = "This cursor is broken. Start again without one."


def encode(values: list[Any]) -> str:
    text = json.dumps(values, separators=(",", ":"), default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[Any]:
    """Texts, whole numbers that a key may have, and None. Raises BadRequest for anything that `encode` did not make."""
    try:
        found = strictjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        found = None
    if not isinstance(found, list) or len(found) != length or not all(map(_may_stand, found)):
        raise BadRequest(BROKEN)
    return found


def _may_stand(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < 2**63
    return value is None or (isinstance(value, str) and why_not_keep(value) is None)


def decode_instant(cursor: str) -> tuple[datetime, int]:
    """An instant and the key of a row of that instant. Raises BadRequest as `decode` does."""
    at, key = decode(cursor, 2)
    try:
        found = read_instant(at)
    except ValueError:
        raise BadRequest(BROKEN) from None
    if type(key) is not int:
        raise BadRequest(BROKEN)
    return found, key


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
    if type(key) is not int:
        raise BadRequest(BROKEN)
    return key

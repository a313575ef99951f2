"""JSON from outside, read as strictly as RFC 8259 allows. Every door reads its bodies and lines here."""

from __future__ import annotations

import json
from typing import Any

import orjson

BOM = b"\xef\xbb\xbf"


def loads(body: bytes) -> Any:
    """Raises ValueError with a sentence: no UTF-8, no JSON, or a key that stands twice in one object.

    A byte order mark in front is passed over, as some exporters write one.
    """
    body = body.removeprefix(BOM)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError(_explain(body, error)) from None
    try:
        if _may_repeat_a_key(body, found):
            json.loads(body, object_pairs_hook=_refuse_twice)
    except (orjson.JSONEncodeError, RecursionError):
        raise ValueError("nested too deep") from None
    return found


def _explain(body: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        body.decode()
    except UnicodeDecodeError:
        return "not UTF-8 text"
    return f"not JSON: {error.msg} at character {error.pos + 1}"


def _may_repeat_a_key(body: bytes, found: Any) -> bool:
    """A key that stood twice is written once: then quotes are missing. Cheap, and never silent about one.

    Only a quote that came as an escape of its own makes the numbers say nothing.
    """
    return body.count(b'"') != orjson.dumps(found).count(b'"') or rb"\u0022" in body


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"the key “{name[:40]}” stands twice")
        made[name] = value
    return made

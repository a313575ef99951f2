"""What is said of a part of a body that does not fit its schema: in our words, for both APIs and for files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_WORDS = {
    "missing": "This is missing.",
    "extra_forbidden": "There is no such field.",
    "literal_error": "One of {expected}.",
    "enum": "One of {expected}.",
    "string_too_long": "At most {max_length} characters.",
    "string_too_short": "At least {min_length} characters.",
    "string_pattern_mismatch": "This has another form than {pattern}.",
    "too_long": "At most {max_length} of them.",
    "too_short": "At least {min_length} of them.",
    "greater_than": "More than {gt}.",
    "greater_than_equal": "At least {ge}.",
    "less_than": "Less than {lt}.",
    "less_than_equal": "At most {le}.",
    "decimal_max_digits": "At most {max_digits} digits.",
    "decimal_max_places": "At most {decimal_places} digits behind the point.",
    "timezone_aware": "Say the time zone too, such as 2026-11-30T14:30:00Z.",
}
_BY_KIND = {
    "string": "Send text here.",
    "int": "Send a whole number, such as 12.",
    "float": "Send a number, such as 12.5.",
    "decimal": "Send a number, such as 12.50.",
    "bool": "Send true or false.",
    "list": "Send a list.",
    "dict": "Send an object with fields.",
    "model": "Send an object with fields.",
    "date": "Send a day, such as 2026-11-30.",
    "datetime": "Send a day and a time, such as 2026-11-30T14:30:00Z.",
    "time": "Send a time, such as 14:30.",
    "json": "This is no JSON.",
}


def say(fault: Mapping[str, Any]) -> str:
    """`fault`: one of pydantic's errors. What a schema of ours says itself stays as it is."""
    kind, known = str(fault.get("type", "")), fault.get("ctx") or {}
    if words := _WORDS.get(kind):
        try:
            return words.format(**known)
        except KeyError:
            pass
    if words := _BY_KIND.get(kind.partition("_")[0]):
        return words
    return str(fault.get("msg", "is not right")).removeprefix("Value error, ")


def collect(errors: Iterable[Mapping[str, Any]], around: Iterable[str]) -> dict[str, list[str]]:
    """Sentences by field; `around`: parts of a place that are the body's frame and no field of it."""
    frame, fields = set(around), dict[str, list[str]]()
    for fault in errors:
        where = [str(part) for part in fault.get("loc", []) if part not in frame]
        fields.setdefault(".".join(where) or "body", []).append(say(fault))
    return fields

"""What an address asks for, value by value, and a query string that came in a body: equally strict.

`query` is a QueryDict, or a dict of single values. Each raises BadRequest with a sentence for what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import QueryDict

from bursar.core.errors import BadRequest
from bursar.core.text import why_not_keep_within


def read_query(text: str) -> QueryDict:
    """What it asks; may be changed. Raises BadRequest for text that nothing here holds, and for too many parts."""
    try:
        found = QueryDict(text, mutable=True)
    except SuspiciousOperation as error:
        raise BadRequest("This query cannot be read.") from error
    unfit = why_not_keep_within(dict(found.lists()))
    if unfit:
        raise BadRequest(f"This query {unfit}.")
    return found


def read_values(query: Any, name: str) -> list[str]:
    if hasattr(query, "getlist"):
        found: list[str] = query.getlist(name)
        return found
    return [query[name]] if name in query else []


def read_several(query: Any, name: str, known: Mapping[str, Any], words: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(value for value in read_values(query, name) if value))
    for value in values:
        if value not in known:
            raise BadRequest(f"There is no {words} “{value[:40]}”. Known are: {', '.join(known)}.")
    return values


def read_one(query: Any, name: str, known: tuple[str, ...]) -> str:
    value: str = query.get(name, "")
    if value and value not in known:
        raise BadRequest(f"“{name}” is one of {', '.join(known)}, not “{value[:40]}”.")
    return value


def read_sort(query: Any, known: tuple[str, ...], default: str) -> str:
    """The name of a column; with a minus, from its end."""
    text: str = query.get("sort", "") or default
    if text.removeprefix("-") not in known:
        raise BadRequest(f"Nothing can be sorted by “{text[:40]}”. Known are: {', '.join(known)}.")
    return text


def read_page(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 1_000_000):
        raise BadRequest(f"“{text[:40]}” is not a page number.")
    return int(text[:9])

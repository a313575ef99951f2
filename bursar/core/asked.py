"""A query string that came in a body, for exports and saved views: as strict as an address."""

from __future__ import annotations

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

"""What the addresses of partners ask for."""

from __future__ import annotations

from bursar.core.errors import BadRequest
from bursar.partners.rules.quarters import Quarter


def read_quarter(text: str) -> Quarter:
    """Raises BadRequest with a sentence."""
    try:
        return Quarter.parse(text)
    except ValueError as error:
        raise BadRequest(str(error)) from None

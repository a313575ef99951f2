"""Mollie's refusals as ours, by their status alone: which of them the SDK has a class for differs by operation."""

from __future__ import annotations

import json
from contextlib import suppress

from bursar.payments.errors import (
    Away,
    KeyRefused,
    MollieProblem,
    Nonsense,
    NotThere,
    RateLimited,
    RefusedThere,
    WrongMode,
)

_OTHER_MODE = "wrong mode is used"


def problem_of(status: int, body: str, retry_after: str | None) -> MollieProblem:
    """status: of an answer that is no success, or of one that was not as agreed."""
    detail, field = _read(body)
    if status in (401, 403):
        return KeyRefused(f"Mollie does not let this key do that: {detail or status}")
    if status in (404, 410):
        return _missing(detail)
    if status == 409 and "idempotency" in detail.lower():
        return Away("The same call to Mollie is still under way. Try again in a moment.")
    if status == 429:
        return RateLimited(_seconds(retry_after))
    if 400 <= status < 500:
        return RefusedThere(f"Mollie refuses this: {detail or status}", field)
    if status >= 500:
        return Away(f"Mollie cannot do this just now ({status}). Try again later.")
    return Nonsense(f"status {status}")


def _missing(detail: str) -> MollieProblem:
    if _OTHER_MODE in detail:
        return WrongMode()
    return NotThere(f"Mollie does not know this: {detail or 'gone'}")


def _read(body: str) -> tuple[str, str]:
    """The sentence and the field; empty where the answer is not of Mollie's form."""
    with suppress(ValueError):
        said = json.loads(body)
        if isinstance(said, dict):
            return str(said.get("detail") or said.get("title") or ""), str(said.get("field") or "")
    return "", ""


def _seconds(text: str | None) -> float | None:
    """Of a Retry-After in seconds; its other form, a date, is left to our own patience."""
    with suppress(ValueError):
        return float(text) if text else None
    return None

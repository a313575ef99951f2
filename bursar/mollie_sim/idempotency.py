"""Replays, as Mollie does them: of POST alone, for an hour; the same key for something else is a fault."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bursar.mollie_sim.answers import Answer, ApiError

KEPT = timedelta(hours=1)


@dataclass
class _Kept:
    at: datetime
    asked: tuple[str, bytes]
    answer: Answer | None = None


class Replays:
    """By credential and key. Whoever asks holds the world's lock."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    def start(self, credential: str, key: str, asked: tuple[str, bytes], now: datetime) -> Answer | None:
        """The first answer, if there was one. Raises ApiError: 400 for another request, 409 while it is under way."""
        kept = self._kept.get((credential, key))
        if kept is None or now - kept.at >= KEPT:
            self._kept[credential, key] = _Kept(now, asked)
            return None
        if kept.asked != asked:
            raise ApiError(400, "The idempotency key was used for another request")
        if kept.answer is None:
            raise ApiError(409, "A request with the same idempotency key is still being processed")
        return Answer(kept.answer.status, kept.answer.body, {**kept.answer.headers, "Idempotent-Replayed": "true"})

    def finish(self, credential: str, key: str, answer: Answer | None) -> None:
        """None forgets the key: what failed on Mollie's side may be tried anew."""
        if answer is None:
            self._kept.pop((credential, key), None)
        else:
            self._kept[credential, key].answer = answer

"""The key that says who we are to Mollie, and the keys by which it tells our calls apart. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bursar.core.addresses import split_address
from bursar.payments.errors import KeyTooOld

OFFICIAL = "api.mollie.com"
KEY_LIVES = timedelta(minutes=55)
"""Mollie remembers an idempotency key for one hour; what is sent later counts as new there."""


class Mode(StrEnum):
    """Two worlds at Mollie that do not know each other. The API key says which; in `test` no money moves."""

    TEST = "test"
    LIVE = "live"


def mode_of_key(key: str) -> Mode:
    """Raises ValueError when it is no API key."""
    prefix, _, rest = key.partition("_")
    if prefix not in (Mode.TEST, Mode.LIVE) or not (rest.isascii() and rest.isalnum()):
        raise ValueError("an API key starts with test_ or live_")
    return Mode(prefix)


def read_key(text: str) -> str:
    """An API key, or nothing. Raises ValueError for anything else."""
    if text:
        mode_of_key(text)
    return text


def is_official(url: str) -> bool:
    """Whether this is Mollie's own address."""
    parts = split_address(url)
    return (parts.scheme, parts.netloc) == ("https", OFFICIAL)


def why_not_address(key: str, url: str) -> str | None:
    """None, or why this key does not go to this address: real money never meets a simulator."""
    if key and mode_of_key(key) is Mode.LIVE and not is_official(url):
        return f"a live key goes to https://{OFFICIAL} only"
    return None


@dataclass(frozen=True)
class StoredKey:
    """The idempotency key of one call that makes something, stored before the call is tried for the first time.

    value: a UUID, the same on every try. first_tried_at: now, on the first.
    """

    value: str
    first_tried_at: datetime

    def at(self, now: datetime) -> str:
        """The value. Raises KeyTooOld when Mollie may have forgotten it, so that a repeat might be done twice."""
        if now - self.first_tried_at >= KEY_LIVES:
            raise KeyTooOld()
        return self.value

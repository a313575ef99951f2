"""The registry of settings: each declared once, with its default and its documentation.

`docs/reference/settings.md` is generated from here, and a test compares it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import TypeVar

from bursar.core.money import cents
from bursar.core.registry import Registry

T = TypeVar("T")


@dataclass(frozen=True)
class Option:
    name: str
    default: str | None
    doc: str


OPTIONS: Registry[Option] = Registry("setting")
PREFIX = "BURSAR_"


def boolean(text: str) -> bool:
    return text.strip().lower() in {"1", "true", "yes", "on"}


def address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("an address starts with http:// or https://")
    return text.rstrip("/")


def names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def at_least(least: int) -> Callable[[str], int]:
    """Parses a whole number that is not below `least`."""

    def parse(text: str) -> int:
        if int(text) < least:
            raise ValueError(f"it is at least {least}")
        return int(text)

    return parse


def read_amount(text: str) -> Decimal:
    """EUR, not negative, in cents."""
    amount = Decimal(text)
    if amount < 0 or amount != cents(amount):
        raise ValueError("it is an amount in euros, such as 250.00")
    return amount


def option(name: str, default: str | None, doc: str, parse: Callable[[str], T]) -> T | None:
    """Reads `name` from the environment; empty is unset. None when it has no default then.

    Raises ValueError, naming the setting, when its text cannot be read.
    """
    OPTIONS.add(name, Option(name, default, doc))
    text = os.environ.get(name) or default
    if text is None:
        return None
    try:
        return parse(text)
    except (ValueError, ArithmeticError) as error:
        raise ValueError(f"The setting {name} cannot be “{text}”: {error}") from error


def required(name: str, default: str, doc: str, parse: Callable[[str], T]) -> T:
    """As `option`, for settings that always have a value."""
    value = option(name, default, doc, parse)
    assert value is not None
    return value


def list_unknown(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each BURSAR_… in the environment that is no setting: it would be left unread in silence."""
    strange = sorted(name for name in environment if name.startswith(PREFIX) and name not in OPTIONS)
    return [f"there is no setting {name}{_meant(name)}" for name in strange]


def _meant(name: str) -> str:
    near = get_close_matches(name, OPTIONS, 1, 0.8)
    return f"; {near[0]} is meant, perhaps" if near else ""

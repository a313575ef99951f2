"""What a body may hold. Each reader returns the value, or raises ApiError 422 as Mollie words it."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from bursar.mollie_sim.answers import Json, unprocessable
from bursar.mollie_sim.objects import Money
from bursar.mollie_sim.schedule import Interval

LONGEST_DESCRIPTION = 255
LONGEST_METADATA = 1100
_VALUE = re.compile(r"\d{1,9}\.\d{2}\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
Reader = Callable[[str, Any], Any]


def read_body(body: Json, readers: dict[str, Reader], required: Iterable[str] = ()) -> Json:
    """The known fields, read; those that are absent or null are left out."""
    for name in body:
        if name not in readers:
            near = get_close_matches(name, readers, 1)
            hint = f' Did you mean: "{near[0]}"?' if near else ""
            raise unprocessable(f'Non-existent body parameter "{name}" for this API call.{hint}', name)
    for name in required:
        if body.get(name) is None:
            raise unprocessable(f"The '{name}' field is missing", name)
    return {name: readers[name](name, value) for name, value in body.items() if value is not None}


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise unprocessable(f"The '{name}' field should be a string", name)
    return value


def description(name: str, value: Any) -> str:
    """Cut where it is too long, and not refused."""
    words = text(name, value).strip()
    if not words:
        raise unprocessable(f"The '{name}' field is missing", name)
    return words[:LONGEST_DESCRIPTION]


def money(name: str, value: Any) -> Money:
    if not isinstance(value, dict) or set(value) != {"currency", "value"}:
        raise unprocessable(f"The {name} contains an invalid value", name)
    currency, amount = value["currency"], value["value"]
    if not isinstance(currency, str) or not _CURRENCY.match(currency):
        raise unprocessable(f"The {name} contains an invalid currency", name)
    if not isinstance(amount, str) or not _VALUE.match(amount):
        raise unprocessable(f"The {name} contains an invalid value. Expected 2 decimal places", name)
    return Money(Decimal(amount), currency)


def positive(name: str, value: Any) -> Money:
    amount = money(name, value)
    if amount.value <= 0:
        raise unprocessable(f"The {name} is lower than the minimum", name)
    return amount


def url(name: str, value: Any) -> str:
    address = text(name, value)
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise unprocessable(f"The {_words(name)} is invalid.", name)
    return address


def webhook_url(name: str, value: Any) -> str:
    """On this machine alone: a simulator that called others would be a nuisance."""
    address = url(name, value)
    if not is_loopback(address):
        raise unprocessable("The webhook URL is invalid because it is unreachable from Mollie's point of view", name)
    return address


def is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def day(name: str, value: Any) -> date:
    try:
        return date.fromisoformat(text(name, value))
    except ValueError:
        raise unprocessable(f"The '{name}' field should be a date (YYYY-MM-DD)", name) from None


def instant(name: str, value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(text(name, value))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise unprocessable(f"The '{name}' field should be a date and time with a time zone", name)
    return at


def interval(name: str, value: Any) -> Interval:
    try:
        return Interval.parse(text(name, value))
    except ValueError:
        raise unprocessable("The interval is not supported", name) from None


def times(name: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise unprocessable(f"The '{name}' field should be a number of at least 1", name)
    return value


def boolean(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise unprocessable(f"The '{name}' field should be a boolean", name)
    return value


def metadata(name: str, value: Any) -> Any:
    if len(json.dumps(value)) > LONGEST_METADATA:
        raise unprocessable("The metadata is too large", name)
    return value


def one_of(*allowed: str) -> Reader:
    def read(name: str, value: Any) -> str:
        if value not in allowed:
            raise unprocessable(f"The {name} is invalid. It is one of: {', '.join(allowed)}", name)
        return str(value)

    return read


def some_of(*allowed: str) -> Reader:
    """One, or a list of some."""

    def read(name: str, value: Any) -> tuple[str, ...]:
        chosen = value if isinstance(value, list) else [value]
        return tuple(one_of(*allowed)(name, each) for each in chosen)

    return read


def _words(name: str) -> str:
    return name.removesuffix("Url") + " URL" if name.endswith("Url") else name

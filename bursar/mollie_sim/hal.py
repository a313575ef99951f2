"""How Mollie writes amounts, times and links."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bursar.mollie_sim.answers import Json
from bursar.mollie_sim.objects import Money

HAL, HTML = "application/hal+json", "text/html"


def money(amount: Money) -> Json:
    return {"currency": amount.currency, "value": f"{amount.value:.2f}"}


def at(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="seconds") if instant else None


def day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def hal(address: str) -> Json:
    return {"href": address, "type": HAL}


def html(address: str) -> Json:
    return {"href": address, "type": HTML}


def documentation(page: str) -> Json:
    return html(f"https://docs.mollie.com/reference/{page}")


def given(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}

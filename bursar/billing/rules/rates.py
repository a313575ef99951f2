"""Standard VAT rates by day. The Commission's table of rates, as of 2026; a setting may bring newer ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

LONG_AGO = date(2000, 1, 1)
# State, or region of one, → from which day on which per cent. Only what may be asked: days since 2020.
STANDARD: dict[str, dict[date, str]] = {
    "AT": {LONG_AGO: "20"},
    "AT-19": {LONG_AGO: "19"},  # Jungholz and Mittelberg
    "BE": {LONG_AGO: "21"},
    "BG": {LONG_AGO: "20"},
    "CY": {LONG_AGO: "19"},
    "CZ": {LONG_AGO: "21"},
    "DE": {LONG_AGO: "19", date(2020, 7, 1): "16", date(2021, 1, 1): "19"},
    "DK": {LONG_AGO: "25"},
    "EE": {LONG_AGO: "20", date(2024, 1, 1): "22", date(2025, 7, 1): "24"},
    "ES": {LONG_AGO: "21"},
    "FI": {LONG_AGO: "24", date(2024, 9, 1): "25.5"},
    "FR": {LONG_AGO: "20"},
    "GR": {LONG_AGO: "24"},
    "HR": {LONG_AGO: "25"},
    "HU": {LONG_AGO: "27"},
    "IE": {LONG_AGO: "23", date(2020, 9, 1): "21", date(2021, 3, 1): "23"},
    "IT": {LONG_AGO: "22"},
    "LT": {LONG_AGO: "21"},
    "LU": {LONG_AGO: "17", date(2023, 1, 1): "16", date(2024, 1, 1): "17"},
    "LV": {LONG_AGO: "21"},
    "MT": {LONG_AGO: "18"},
    "NL": {LONG_AGO: "21"},
    "PL": {LONG_AGO: "23"},
    "PT": {LONG_AGO: "23"},
    "PT-20": {LONG_AGO: "18", date(2021, 7, 1): "16"},  # the Azores
    "PT-30": {LONG_AGO: "22"},  # Madeira
    "RO": {LONG_AGO: "19", date(2025, 8, 1): "21"},
    "SE": {LONG_AGO: "25"},
    "SI": {LONG_AGO: "22"},
    "SK": {LONG_AGO: "20", date(2025, 1, 1): "23"},
}


class Rates:
    """Dated per cents. `newer`: what a setting adds or corrects, in the same form."""

    def __init__(self, newer: Mapping[str, Mapping[date, str]] | None = None) -> None:
        self._rates = {
            place: sorted({**STANDARD.get(place, {}), **(newer or {}).get(place, {})}.items())
            for place in {*STANDARD, *(newer or {})}
        }

    def on(self, place: str, day: date) -> Decimal:
        """Per cent on that day. Raises LookupError for a place or a day without a rate."""
        known = [rate for since, rate in self._rates.get(place, []) if since <= day]
        if not known:
            raise LookupError(f"There is no VAT rate of {place} on {day.isoformat()}.")
        return Decimal(known[-1])

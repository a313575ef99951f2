"""What the settings say of the seller, read and checked. Each raises ValueError with what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from stdnum import iban

from bursar.billing.rules.buyers import read_legal_id, read_peppol_id, why_not_legal_id, why_not_peppol_id
from bursar.billing.rules.items import ItemCategory, ItemKind
from bursar.billing.rules.places import MEMBER_STATES
from bursar.billing.rules.rates import STANDARD
from bursar.billing.rules.vat_ids import read_vat_id, say_state_of, why_not_vat_id

VERSION_LENGTH = 40
_PREFIX = re.compile(r"([A-Z0-9]{0,7}[A-Z])?", re.ASCII)


def read_version(text: str) -> str:
    if len(text) > VERSION_LENGTH:
        raise ValueError(f"it has at most {VERSION_LENGTH} characters")
    return text.strip()


def read_prefix(text: str) -> str:
    """Of numbers, which banks and registers must be able to take."""
    prefix = text.strip()
    if not _PREFIX.fullmatch(prefix):
        raise ValueError("a prefix has at most eight capitals and digits, and ends with a capital")
    return prefix


def read_place(text: str) -> list[str]:
    """An address: street, postcode and city, with one more line behind the street if need be."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if parts and len(parts) not in (3, 4):
        raise ValueError("it is street; postcode; city, with one more line behind the street if need be")
    return parts


def read_iban(text: str) -> str:
    """Without blanks; empty where there is none."""
    account = "".join(text.split()).upper()
    if account and not iban.is_valid(account):
        raise ValueError("its check digits do not fit")
    return account


def read_register(text: str) -> str:
    return _checked(read_legal_id(text), why_not_legal_id)


def read_endpoint(text: str) -> str:
    return _checked(read_peppol_id(text), why_not_peppol_id)


def _checked(value: str, why_not: Callable[[str], str | None]) -> str:
    sentence = why_not(value) if value else None
    if sentence:
        raise ValueError(sentence)
    return value


def read_country(text: str) -> str:
    country = text.strip().upper()
    if country not in MEMBER_STATES:
        raise ValueError("the rules of VAT here are those of a seller in the EU: a member state's two letters")
    return country


def read_own_id(text: str) -> str:
    return _checked(read_vat_id(text), why_not_vat_id)


def why_not_own(country: str, vat_id: str) -> str | None:
    if vat_id and say_state_of(vat_id) != country:
        return f"The setting BURSAR_SELLER_VAT_ID is of another country than BURSAR_SELLER_COUNTRY, {country}."
    return None


def read_zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text.strip())
    except (LookupError, ValueError, OSError) as error:  # an OSError for the name of a folder
        raise ValueError("a time zone has a name such as Europe/Amsterdam") from error


def read_rates(text: str) -> dict[str, dict[date, str]]:
    """In the form of `STANDARD`."""
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("it is a JSON object by country")
    return {_place(place): _read_dated(place, dated) for place, dated in said.items()}


def read_oss(text: str) -> date | None:
    """From which day on; None: not."""
    if text.strip().lower() in ("", "no"):
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError("it is no, or the day from which on it is used, such as 2027-01-01") from error


def read_categories(text: str) -> dict[str, dict[date, ItemCategory]]:
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("it is a JSON object by kind of item")
    return {_kind(kind): _read_categories(kind, dated) for kind, dated in said.items()}


def _kind(kind: str) -> str:
    if kind not in [one.value for one in ItemKind]:
        raise ValueError(f"“{kind}” is none of {', '.join(ItemKind)}")
    return kind


def _read_categories(kind: str, dated: Any) -> dict[date, ItemCategory]:
    if not isinstance(dated, dict) or not all(one in [*ItemCategory] for one in dated.values()):
        raise ValueError(f"{kind} names days, and of each “standard” or “exempt”")
    return {date.fromisoformat(day): ItemCategory(category) for day, category in dated.items()}


def _place(place: str) -> str:
    if place not in STANDARD:
        raise ValueError(f"there is no VAT of “{place}” in the EU")
    return place


def _read_dated(place: str, dated: Any) -> dict[date, str]:
    if not isinstance(dated, dict):
        raise ValueError(f"{place} names days and rates")
    return {date.fromisoformat(day): _read_rate(place, rate) for day, rate in dated.items()}


def _read_rate(place: str, rate: Any) -> str:
    try:
        fits = isinstance(rate, str) and 0 < Decimal(rate) < 100
    except InvalidOperation:
        fits = False
    if not fits:
        raise ValueError(f"a rate of {place} is a per cent as text, such as “21”")
    return str(rate)

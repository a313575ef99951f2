"""Who sells, and the seller's own calendar: days of charges and documents, and the months that they stand in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from bursar.billing.rules import Rates, Seller
from bursar.core.calendar import Month


class Identity(NamedTuple):
    """As documents and registers name the seller. `vat_id` may be empty."""

    name: str
    address: list[str]
    country: str
    vat_id: str


class Span(NamedTuple):
    """Instants: `start` belongs to it, `end` does not."""

    start: datetime
    end: datetime


def get_seller() -> Seller:
    """As the rules of VAT ask."""
    return Seller(settings.BURSAR_SELLER_COUNTRY, settings.BURSAR_OSS)


def get_identity() -> Identity:
    name = settings.BURSAR_SELLER_NAME or settings.BURSAR_COMPANY_NAME
    return Identity(name, settings.BURSAR_SELLER_ADDRESS, settings.BURSAR_SELLER_COUNTRY, settings.BURSAR_SELLER_VAT_ID)


def get_rates() -> Rates:
    return Rates(settings.BURSAR_VAT_RATES)


def seller_zone() -> ZoneInfo:
    zone: ZoneInfo = settings.BURSAR_SELLER_ZONE
    return zone


def seller_day(at: datetime) -> date:
    """The day that it is for the seller."""
    return at.astimezone(seller_zone()).date()


def seller_month(at: datetime) -> Month:
    """The month that it is for the seller. Its own `start` and `end` are UTC's: the seller's are `span_of`."""
    return Month.of(seller_day(at))


def start_of(day: date) -> datetime:
    """The first instant of a day of the seller's, in UTC: instants of one zone subtract as if clocks never changed."""
    return datetime.combine(day, time.min, tzinfo=seller_zone()).astimezone(UTC)


def span_of(month: Month) -> Span:
    """The month as the seller has it."""
    return Span(start_of(month.first), start_of(month.next().first))

"""Who sells, and the seller's own calendar: days of charges and documents, and the months that they stand in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from bursar.billing.documents.document import BankAccount, Id, Party
from bursar.billing.rules import Categories, Rates, Seller, scheme_of, split_peppol_id
from bursar.core.calendar import Month

NEEDED = ("BURSAR_SELLER_ADDRESS", "BURSAR_SELLER_VAT_ID", "BURSAR_SELLER_IBAN")
"""Without these nothing is invoiced; a name there always is."""


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


def get_seller(day: date) -> Seller:
    """As the rules of VAT ask of a sale of that day."""
    since: date | None = settings.BURSAR_OSS
    return Seller(settings.BURSAR_SELLER_COUNTRY, since is not None and since <= day)


def get_country() -> str:
    country: str = settings.BURSAR_SELLER_COUNTRY
    return country


def get_categories() -> Categories:
    return Categories(settings.BURSAR_VAT_CATEGORIES)


def get_name() -> str:
    name: str = settings.BURSAR_SELLER_NAME or settings.BURSAR_COMPANY_NAME
    return name


def get_identity() -> Identity:
    party = get_party()
    lines = [party.street, party.street_more, f"{party.postcode} {party.city}".strip()]
    return Identity(party.name, [line for line in lines if line], party.country, party.vat_id)


def get_party() -> Party:
    """As documents name the seller; what is unset is empty."""
    street, *more, postcode, city = settings.BURSAR_SELLER_ADDRESS or ("", "", "")
    legal_id, peppol_id = settings.BURSAR_SELLER_LEGAL_ID, settings.BURSAR_SELLER_PEPPOL_ID
    return Party(
        name=get_name(), street=street, street_more=", ".join(more), postcode=postcode, city=city,
        country=settings.BURSAR_SELLER_COUNTRY, vat_id=settings.BURSAR_SELLER_VAT_ID,
        legal_id=Id(scheme_of(legal_id), legal_id) if legal_id else None,
        endpoint=Id(*split_peppol_id(peppol_id)) if peppol_id else None, mail=settings.BURSAR_SELLER_MAIL,
    )  # fmt: skip


def get_payee() -> BankAccount:
    """To which invoices are paid."""
    return BankAccount(settings.BURSAR_SELLER_IBAN, get_name(), settings.BURSAR_SELLER_BIC)


def why_not_invoice() -> str | None:
    """What an invoice must say, and nobody has set."""
    unset = [name for name in NEEDED if not getattr(settings, name)]
    return f"Documents would not say who sells, or where to pay: {', '.join(unset)} unset." if unset else None


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

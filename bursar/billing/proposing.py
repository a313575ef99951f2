"""What an invoice would say as things stand: seats for a service period, who pays, whose VAT, and when it is due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings

from bursar.billing.documents.document import Document, DocumentKind, Id, Item, ItemKind, Party, Preceding, Unit
from bursar.billing.models import BillingDetails
from bursar.billing.numbers import placeholder_of
from bursar.billing.queries import decide_for
from bursar.billing.queries.to_issue import find_last_day
from bursar.billing.rules import VatDecision, scheme_of, split_part, split_peppol_id
from bursar.billing.rules.references import make_reference
from bursar.billing.rules.to_issue import AskedPeriod
from bursar.billing.seller import get_party, get_payee, seller_day
from bursar.core.calendar import TICK, add_months, end_of, midnight
from bursar.core.money import ZERO, cents
from bursar.plans.added import DAYS_OF, calc_part, calc_parts, take_added
from bursar.plans.models import Tier, TierTerms
from bursar.plans.queries import load_catalogue
from bursar.plans.rules import (
    MONTHS_OF,
    RANK,
    AccountState,
    Catalogue,
    Pin,
    PriceLine,
    list_price_lines,
    seat_account,
    terms_at,
)


@dataclass(frozen=True)
class Wanted:
    """What whoever issues has chosen. `order_number`, `buyer_reference`: for this document; else those of the buyer."""

    items: tuple[Item, ...]
    payment_days: int | None = None
    order_number: str = ""
    buyer_reference: str = ""
    notes: tuple[str, ...] = ()


def propose_items(
    state: AccountState, cadence: str, first_day: date, vat: VatDecision, catalogue: Catalogue | None = None
) -> list[Item]:
    """Seats of one interval from `first_day` on, with tiers, prices and discounts of that day, people as known today.

    Each line comes to what the price says for its seats, times the months: MRR times months, to the cent.
    """
    months = MONTHS_OF[cadence]
    last_day = add_months(first_day, months) - timedelta(days=1)
    lines = list_plan_lines(state, cadence, first_day, catalogue)
    return [_seats(line, months, first_day, last_day, vat) for line in lines]


def list_plan_lines(
    state: AccountState, cadence: str, first_day: date, catalogue: Catalogue | None = None
) -> list[PriceLine]:
    """What of the plan costs something on that day, by EUR per month; as the day ends, so that what was agreed on it
    counts.
    """
    at, known = end_of(first_day) - TICK, catalogue or load_catalogue()
    seated = seat_account(state, known, at, cadence)
    lines = list_price_lines(seated, lambda tier: known.rate(state, tier, cadence, at))
    return [line for line in lines if line.rate]


def _seats(line: PriceLine, months: int, first_day: date, last_day: date, vat: VatDecision) -> Item:
    unit_price = line.rate * months
    net = line.amount * months
    return Item(
        kind=ItemKind.SUBSCRIPTION, description=str(Tier(line.tier).label), quantity=Decimal(line.seats),
        unit=Unit.SEAT, unit_price=unit_price, vat=vat, discount=unit_price * line.seats - net,
        discount_percent=line.percent, service_from=first_day, service_until=last_day,
    )  # fmt: skip


def decide_for_item(details: BillingDetails | None, kind: ItemKind, day: date) -> VatDecision:
    """`day`: the seller's, of supply, or of payment when that comes first."""
    return decide_for(details, day, kind)


ADDED = {"en": "{tier}, seats added to {number}", "nl": "{tier}, plaatsen erbij voor {number}"}


class Part(NamedTuple):
    """Added seats of one price: what they come to for the `days` that are left."""

    line: PriceLine
    net: Decimal
    days: int


def list_added(
    state: AccountState, period: AskedPeriod, first_day: date, now: datetime, catalogue: Catalogue | None = None
) -> list[Part]:
    """Seats above those that `period` asks for, from `first_day` to its end, at the prices of its first day; people,
    tiers and discounts as now. Nothing where there are none, or where they come to too little (`plans.added`).
    """
    known, cadence = catalogue or load_catalogue(), period.cadence
    begun, ends = midnight(period.first), end_of(period.last)
    pins = [Pin(tier, cadence, known.rate(state, tier, cadence, begun), begun, ends) for tier in RANK]
    pinned = replace(state, pins=pins)
    seated = seat_account(pinned, known, now, cadence)
    added = take_added(list_price_lines(seated, lambda tier: known.rate(pinned, tier, cadence, now)), period.seats)
    days = min((period.last - first_day).days + 1, DAYS_OF[cadence])
    parts = calc_parts(added, cadence, days)
    return [Part(line, net, days) for line, net in zip(added, parts, strict=False)]


def propose_added(
    parts: Sequence[Part], period: AskedPeriod, first_day: date, vat: VatDecision, language: str
) -> list[Item]:
    """A line for each part. Its price of one may have more decimals than cents: it comes to what the part is."""
    return [_added(part, period, first_day, vat, language) for part in parts]


def _added(part: Part, period: AskedPeriod, first_day: date, vat: VatDecision, language: str) -> Item:
    line, cadence, seats = part.line, period.cadence, Decimal(part.line.seats)
    full = calc_part(line.rate * MONTHS_OF[cadence] * seats, part.days, DAYS_OF[cadence])
    description = ADDED[language].format(tier=Tier(line.tier).label, number=period.number)
    return Item(
        kind=ItemKind.SEATS, description=description, quantity=seats, unit=Unit.SEAT,
        unit_price=_price_of_one(full, seats), vat=vat, discount=full - part.net, discount_percent=line.percent,
        service_from=first_day, service_until=period.last,
    )  # fmt: skip


def propose_first_day(state: AccountState, asked: Collection[AskedPeriod], now: datetime) -> date:
    """Of the next service period: right after what is invoiced or paid; today where nothing is."""
    last, paid_until = find_last_day(state, asked, now), terms_at(state, now).paid_until
    ends = [last + timedelta(days=1)] if last else []
    ends += [paid_until.date()] if paid_until and paid_until > now else []
    return max(ends, default=seller_day(now))


def _price_of_one(full: Decimal, seats: Decimal) -> Decimal:
    price = cents(full / seats)
    return price if price * seats == full else round(full / seats, 6)


def get_pilot_price(now: datetime) -> Decimal:
    """The one-off of a pilot, EUR without VAT, as the catalogue has it; 0 where there is none."""
    row = TierTerms.objects.at(now).filter(tier=Tier.PILOT).first()
    return row.one_off if row else ZERO


def make_invoice(details: BillingDetails, wanted: Wanted, now: datetime) -> Document:
    """As it would be issued today, under a number that stands for its own."""
    day = seller_day(now)
    number = placeholder_of(DocumentKind.INVOICE, day.year)
    return Document(
        kind=DocumentKind.INVOICE, number=number, issued_on=day, language=details.language, seller=get_party(),
        buyer=party_of(details), items=wanted.items, payee=get_payee(), reference=make_reference(number),
        due_on=day + timedelta(days=_term(details, wanted)),
        order_number=wanted.order_number or order_number_of(details, day),
        buyer_reference=wanted.buyer_reference or details.buyer_reference, contract=details.contract,
        notes=wanted.notes,
    )  # fmt: skip


TEXTS_OF_PART = {"en": "Part of {number}", "nl": "Deel van {number}"}


def part_item(invoice: Document, net: Decimal, vat: VatDecision) -> Item:
    """A line of a credit note that takes back a part of an invoice."""
    description = TEXTS_OF_PART[invoice.language].format(number=invoice.number)
    return Item(ItemKind.OTHER, description, Decimal(1), Unit.PIECE, net, vat)


def make_credit_note(
    invoice: Document, items: Sequence[Item], now: datetime, stated_vat: Sequence[Decimal] = ()
) -> Document:
    """As it would be issued today, by the VAT of the invoice and to whom that went."""
    day = seller_day(now)
    return replace(
        invoice, kind=DocumentKind.CREDIT_NOTE, number=placeholder_of(DocumentKind.CREDIT_NOTE, day.year),
        issued_on=day, items=tuple(items), payee=None, reference="", due_on=None, debit_on=None, received=(),
        preceding=Preceding(invoice.number, invoice.issued_on), stated_vat=tuple(stated_vat),
    )  # fmt: skip


def make_credit_note_of(invoice: Document, gross: Decimal, now: datetime) -> Document:
    """One of a part, to the cent: each rate of the invoice by its share. gross: with VAT, at most the invoice's."""
    if gross == invoice.totals.gross:
        return make_credit_note(invoice, invoice.items, now, invoice.stated_vat)
    vat_of = {(item.vat.treatment, item.vat.rate, item.vat.state): item.vat for item in invoice.items}
    parts = split_part(gross, invoice.totals)
    items = [part_item(invoice, one.net, vat_of[one.treatment, one.rate, one.state]) for one in parts]
    return make_credit_note(invoice, items, now, [one.vat for one in parts])


def _term(details: BillingDetails, wanted: Wanted) -> int:
    """Days."""
    chosen: Sequence[int | None] = (wanted.payment_days, details.payment_days, settings.BURSAR_PAYMENT_DAYS)
    return next(days for days in chosen if days is not None)


def order_number_of(details: BillingDetails, day: date) -> str:
    """Empty where it holds no more."""
    is_over = details.order_last_day is not None and details.order_last_day < day
    return "" if is_over else details.order_number


def party_of(details: BillingDetails) -> Party:
    return Party(
        name=details.name, street=details.street, street_more=details.street_more, postcode=details.postcode,
        city=details.city, country=details.country, vat_id=details.vat_id,
        legal_id=Id(scheme_of(details.legal_id), details.legal_id) if details.legal_id else None,
        endpoint=Id(*split_peppol_id(details.peppol_id)) if details.peppol_id else None,
    )  # fmt: skip

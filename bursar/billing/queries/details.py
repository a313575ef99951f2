"""Who pays, and whose VAT it bears."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet

from bursar.billing.models import BillingDetails
from bursar.billing.rules import (
    Buyer,
    ItemKind,
    Standing,
    VatDecision,
    VatIdStatus,
    decide_vat,
    read_vat_id,
    say_country,
    say_standing,
)
from bursar.billing.seller import get_categories, get_country, get_rates, get_seller
from bursar.core.days import say_day
from bursar.core.sortkey import sort_key

TRIED_AGAIN_AFTER = timedelta(hours=3)


def get_details(account_id: int) -> BillingDetails | None:
    return BillingDetails.objects.filter(account_id=account_id).first()


def list_details(account_ids: Collection[int]) -> dict[int, BillingDetails]:
    """By account; those that have none are left out."""
    return {row.account_id: row for row in BillingDetails.objects.filter(account_id__in=account_ids)}


def buyer_of(details: BillingDetails | None) -> Buyer:
    """Without details: as a customer in the seller's own country."""
    if details is None:
        return Buyer(get_country())
    return Buyer(
        details.country, details.postcode, details.vat_id, VatIdStatus(details.vat_status), details.is_accepted
    )


def list_lines(details: BillingDetails) -> list[str]:
    """Of the address, the country last."""
    place = f"{details.postcode} {details.city}".strip()
    parts = (details.street, details.street_more, place, say_country(details.country))
    return [part for part in parts if part]


def _say_order(details: BillingDetails) -> str:
    until = f", through {say_day(details.order_last_day)}" if details.order_last_day else ""
    return f"{details.order_number}{until}" if details.order_number else ""


def _say_term(details: BillingDetails) -> str:
    return "" if details.payment_days is None else f"{details.payment_days} days"


MORE: dict[str, Callable[[BillingDetails], str]] = {
    "KvK number or OIN": lambda details: details.legal_id,
    "Peppol id": lambda details: details.peppol_id,
    "Purchase order number": _say_order,
    "Reference of the customer": lambda details: details.buyer_reference,
    "Contract": lambda details: details.contract,
    "Payment term": _say_term,
    "Language of documents": lambda details: details.get_language_display(),
}
"""What documents say beside name and address; empty where nothing is said."""


def list_more(details: BillingDetails) -> list[tuple[str, str]]:
    said = [(name, say(details)) for name, say in MORE.items()]
    return [(name, value) for name, value in said if value]


def say_status(details: BillingDetails) -> str:
    """What is known of the VAT id, in words; empty without one."""
    return say_standing(standing_of(details), is_accepted=details.is_accepted)


def standing_of(details: BillingDetails) -> Standing:
    return Standing(
        details.vat_id, VatIdStatus(details.vat_status), details.known_at, details.asked_at, details.consultation
    )


def is_fresh(details: BillingDetails, now: datetime) -> bool:
    """Whether the register's last word on the id is young enough."""
    has_spoken = details.vat_status in (VatIdStatus.VALID, VatIdStatus.INVALID)
    return has_spoken and details.known_at is not None and details.known_at > now - settings.BURSAR_VIES_AGAIN


def to_look_at(tab: str, now: datetime) -> Q:
    """Which VAT ids stand under a heading of the staff's list. Raises KeyError for no such heading."""
    is_old = Q(known_at__lte=now - settings.BURSAR_VIES_AGAIN) & ~Q(vat_status=VatIdStatus.UNKNOWN)
    return {
        "unknown": Q(vat_status=VatIdStatus.UNKNOWN, is_accepted=False),
        "invalid": Q(vat_status=VatIdStatus.INVALID),
        "old": is_old,
        "accepted": Q(is_accepted=True),
        "all": ~Q(vat_id=""),
    }[tab]


TABS = ("unknown", "invalid", "old", "accepted", "all")


def count_ids(now: datetime) -> dict[str, int]:
    """By heading, in one statement."""
    return BillingDetails.objects.aggregate(**{f"of_{tab}": Count("id", filter=to_look_at(tab, now)) for tab in TABS})


def list_ids(tab: str, text: str, now: datetime) -> QuerySet[BillingDetails]:
    """`text`: part of a VAT id, of a payer's name or of an account's, as one types it. The oldest answers first."""
    found = BillingDetails.objects.filter(to_look_at(tab, now)).select_related("account__organisation")
    if text:
        as_id = read_vat_id(text)
        by_id = Q(vat_id__contains=as_id) if as_id else Q(pk__in=[])
        found = found.filter(by_id | Q(name__icontains=text) | Q(account__sort_key__contains=sort_key(text)))
    return found.order_by(F("known_at").asc(nulls_first=True), "id")


def list_to_ask(now: datetime, account_ids: Collection[int] | None = None) -> QuerySet[BillingDetails]:
    """Those whose VAT id the register should be asked about: its last word is old, and it was not tried just now."""
    is_old = Q(known_at=None) | Q(known_at__lte=now - settings.BURSAR_VIES_AGAIN) | Q(is_accepted=True)
    is_due = Q(asked_at=None) | Q(asked_at__lte=now - TRIED_AGAIN_AFTER)
    found = BillingDetails.objects.exclude(vat_id="").filter(is_old, is_due)
    if account_ids is not None:
        found = found.filter(account_id__in=account_ids)
    return found.select_related("account").order_by(F("asked_at").asc(nulls_first=True), "id")


def decide_for(details: BillingDetails | None, day: date, kind: ItemKind = ItemKind.SUBSCRIPTION) -> VatDecision:
    """As `decide`, of details in hand."""
    return decide_vat(get_seller(day), buyer_of(details), get_categories().of(kind, day), day, get_rates())


def decide(account_id: int, day: date, kind: ItemKind = ItemKind.SUBSCRIPTION) -> VatDecision:
    """`day`: the seller's, of supply or of payment when that comes first. Reads the details as they are now."""
    return decide_for(get_details(account_id), day, kind)


def decide_all(account_ids: Collection[int], day: date) -> dict[int, VatDecision]:
    """As `decide`, for many accounts in one statement."""
    seller, rates, known = get_seller(day), get_rates(), list_details(account_ids)
    category = get_categories().of(ItemKind.SUBSCRIPTION, day)
    return {pk: decide_vat(seller, buyer_of(known.get(pk)), category, day, rates) for pk in account_ids}

"""Who pays, and whose VAT it bears: every read of billing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from bursar.billing.models import BillingDetails
from bursar.billing.rules import Buyer, ItemCategory, VatDecision, VatIdStatus, decide_vat
from bursar.billing.seller import get_rates, get_seller


def get_details(account_id: int) -> BillingDetails | None:
    return BillingDetails.objects.filter(account_id=account_id).first()


def list_details(account_ids: Collection[int]) -> dict[int, BillingDetails]:
    """By account; those that have none are left out."""
    return {row.account_id: row for row in BillingDetails.objects.filter(account_id__in=account_ids)}


def buyer_of(details: BillingDetails | None) -> Buyer:
    """Without details: as a customer in the seller's own country."""
    if details is None:
        return Buyer(get_seller().country)
    return Buyer(
        details.country, details.postcode, details.vat_id, VatIdStatus(details.vat_status), details.is_accepted
    )


def decide(account_id: int, day: date, category: ItemCategory = ItemCategory.STANDARD) -> VatDecision:
    """`day`: the seller's, of supply or of payment when that comes first. Reads the details as they are now."""
    return decide_vat(get_seller(), buyer_of(get_details(account_id)), category, day, get_rates())


def decide_all(
    account_ids: Collection[int], day: date, category: ItemCategory = ItemCategory.STANDARD
) -> dict[int, VatDecision]:
    """As `decide`, for many accounts in one statement."""
    seller, rates, known = get_seller(), get_rates(), list_details(account_ids)
    return {pk: decide_vat(seller, buyer_of(known.get(pk)), category, day, rates) for pk in account_ids}

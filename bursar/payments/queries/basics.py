"""What an account has at Mollie, and what its next interval will cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from bursar.billing.queries import decide
from bursar.billing.rules import VatDecision
from bursar.billing.seller import seller_day
from bursar.payments.models import Charge, Mandate, Subscription
from bursar.payments.rules.amounts import Quote, quote_interval
from bursar.payments.states import ChargeState
from bursar.plans.queries import load_catalogue
from bursar.plans.rules import PAID_TIERS, RANK, AccountState, Seated, Terms, seat_account, seat_unit, terms_at
from bursar.tenants.models import BillingAccount

OPEN = (ChargeState.ASKED, ChargeState.OPEN, ChargeState.UNDER_WAY, ChargeState.FAILED)


def decision_of(subscription: Subscription) -> VatDecision:
    """What its amount was made from; decided as of its start where it was taken over from Mollie, which keeps none."""
    if subscription.wanted_decision:
        return VatDecision.read(subscription.wanted_decision)
    assert subscription.account_id is not None
    return decide(subscription.account_id, subscription.start_date)


def get_meant(account_id: int) -> Subscription | None:
    """The subscription that the account should have, whether Mollie still runs it or not."""
    return Subscription.objects.filter(account_id=account_id, is_meant=True).first()


def get_usable_mandate(account_id: int) -> Mandate | None:
    """By which Mollie may charge without the customer: that of the subscription, else the newest valid one."""
    valid = _valid_mandates(account_id).order_by("-created_at", "-id")
    meant = get_meant(account_id)
    own = valid.filter(mollie_id=meant.mollie_mandate_id).first() if meant and meant.mollie_mandate_id else None
    return own or valid.first()


def has_usable_mandate(account_id: int) -> bool:
    """Whether there is one at all, whichever it would be."""
    return _valid_mandates(account_id).exists()


def _valid_mandates(account_id: int) -> QuerySet[Mandate]:
    return Mandate.objects.filter(customer__account_id=account_id, status="valid")


def get_planned(account_id: int) -> Charge | None:
    """The next renewal, on the day that Mollie names."""
    planned = Charge.objects.filter(account_id=account_id, state=ChargeState.PLANNED, subscription__is_meant=True)
    return planned.select_related("subscription").first()


def list_open(account_id: int) -> list[Charge]:
    """What is asked, can be paid, is with the bank, or failed and is owed still; oldest first. None that is planned."""
    return list(Charge.objects.filter(account_id=account_id, state__in=OPEN).order_by("made_at", "id"))


def foresee(
    account: BillingAccount, state: AccountState, now: datetime, *, tier: str = "", cadence: str = "", most: str = ""
) -> Quote:
    """A whole interval from the next charge on; from today where nothing is paid yet.

    Tiers, discounts and prices as they will stand then, seats as they are known today, VAT of that day. `tier`:
    workspaces below it are raised to it; `most`: those above it go down to it. `cadence`: another one than the account
    has. What a cancelled subscription will end is counted as if it went on.
    """
    terms = terms_at(state, now)
    at = max(now, terms.paid_until or now)
    cadence = cadence or terms.cadence or "yearly"
    quoted = _going_on(state, terms, now)
    catalogue = load_catalogue()

    def rate_of(name: str) -> Decimal:
        return catalogue.rate(quoted, name, cadence, at)

    def moved(place: Seated) -> Seated:
        wanted = _move(place.effective.tier, tier, most)
        effective = place.effective._replace(tier=wanted)
        return place._replace(effective=effective, unit=seat_unit(rate_of(wanted), place.discount))

    seated = [moved(place) for place in seat_account(quoted, catalogue, at, cadence)]
    return quote_interval(seated, rate_of, cadence, decide(account.pk, seller_day(at)))


def _going_on(state: AccountState, terms: Terms, now: datetime) -> AccountState:
    """The account under the terms of now, for good; what lapses later does not."""
    lapses_at = terms.lapses_at if terms.lapses_at and terms.lapses_at <= now else None
    return replace(state, terms=[terms._replace(lapses_at=lapses_at, end=None)])


def _move(tier: str, least: str, most: str) -> str:
    if least and RANK[tier] < RANK[least]:
        return least
    if most and tier in PAID_TIERS and RANK[tier] > RANK[most]:
        return most
    return tier

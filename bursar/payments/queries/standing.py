"""How an account stands before the levers of paying, read once for all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from bursar.billing.queries import decide
from bursar.billing.seller import seller_day
from bursar.core.money import ZERO
from bursar.payments.gateway import get_mode
from bursar.payments.models import Charge, Offer, Payment, Subscription
from bursar.payments.queries.basics import get_meant, has_usable_mandate, list_open
from bursar.payments.queries.seats import count_paid_seats
from bursar.payments.rules.amounts import Quote, quote_rest
from bursar.payments.rules.intervals import count_days_left
from bursar.payments.rules.levers import Owed, Plan, Standing
from bursar.payments.states import ChargeKind, ChargeState, PaymentState
from bursar.plans.added import DAYS_OF, count_seats, take_added
from bursar.plans.models import TierTerms
from bursar.plans.queries import load_catalogue
from bursar.plans.rules import (
    MONTHS_OF,
    RANK,
    AccountState,
    PriceLine,
    Seated,
    cadence_at,
    calc_price,
    list_price_lines,
    seat_account,
    seat_unit,
    terms_at,
)
from bursar.tenants.models import BillingAccount

ENDED_THERE = ("canceled", "suspended", "completed")
NO_PLAN = Plan("free", "free", "yearly")


def load_standing(account: BillingAccount, state: AccountState, now: datetime, *, has_details: bool) -> Standing:
    meant = get_meant(account.pk)
    has_subscription = meant is not None and meant.end_asked_at is None
    return Standing(
        terms=terms_at(state, now),
        is_set_up=get_mode() is not None,
        has_workspace=any(workspace.is_live(now) for workspace in state.workspaces),
        has_details=has_details,
        has_mandate=has_usable_mandate(account.pk),
        has_subscription=has_subscription,
        is_alive_there=has_subscription and _is_alive(meant),
        then=bool(meant and (meant.then_tier or meant.then_cadence)),
        owed=tuple(_owed(list_open(account.pk))),
        now=now,
    )


def _is_alive(meant: Subscription | None) -> bool:
    return meant is not None and meant.broken_at is None and meant.status not in ENDED_THERE


def _owed(charges: list[Charge]) -> list[Owed]:
    taken = Payment.objects.filter(charge__in=charges).values_list("charge_id").annotate(Sum("charged_back"))
    disputed = {pk for pk, amount in taken.order_by() if amount}
    return [Owed(c.kind, c.state, c.gross, c.tries, c.pk in disputed, c.made_at, bool(c.settled_at)) for c in charges]


def get_plan(state: AccountState, now: datetime) -> Plan:
    """Of the base tiers of live workspaces: timed grants are no plan."""
    seated = seat_account(state, load_catalogue(), now)
    tiers = sorted((place.effective.base for place in seated), key=RANK.__getitem__)
    return Plan(tiers[0], tiers[-1], cadence_at(state, now)) if tiers else NO_PLAN


def quote_upgrade(account: BillingAccount, state: AccountState, now: datetime, tier: str) -> Quote:
    """From what is paid to `tier` for the days that are left: today's seats, prices and discounts, VAT of today.

    Seats that came and are not paid yet are paid with it, at the dearer price: nobody asks for them again at night.
    """
    terms, catalogue = terms_at(state, now), load_catalogue()
    cadence = terms.cadence or "yearly"

    def rate_of(one: str) -> Decimal:
        return catalogue.rate(state, one, cadence, now)

    seated = seat_account(state, catalogue, now, cadence)
    raised = [_raise(place, tier, rate_of(tier)) for place in seated]
    present, coming = (_list_paid_lines(places, rate_of) for places in (seated, raised))
    paid = count_paid_seats([account.pk], now).get(account.pk, 0)
    unpaid = take_added(present, paid)
    before = calc_price(seated).amount - sum((line.amount for line in unpaid), ZERO)
    after = calc_price(raised).amount
    assert terms.paid_until is not None
    left = count_days_left(now, terms.paid_until, cadence)
    whole = (before * MONTHS_OF[cadence], after * MONTHS_OF[cadence])
    quote = quote_rest(*whole, left, DAYS_OF[cadence], decide(account.pk, seller_day(now)))
    return quote._replace(seats=max(0, count_seats(coming) - paid))


def _list_paid_lines(places: list[Seated], rate_of: Callable[[str], Decimal]) -> list[PriceLine]:
    return [line for line in list_price_lines(places, rate_of) if line.rate]


def _raise(place: Seated, tier: str, rate: Decimal) -> Seated:
    if RANK[place.effective.tier] >= RANK[tier]:
        return place
    return place._replace(effective=place.effective._replace(tier=tier), unit=seat_unit(rate, place.discount))


def get_offer(account_id: int, now: datetime) -> Offer | None:
    """What staff offer to this account and it has not taken yet."""
    return Offer.objects.filter(account_id=account_id, ended_at=None, until__gt=now).first()


def list_self_serve(now: datetime) -> list[str]:
    """Tiers that customers choose by themselves, in order."""
    rows = TierTerms.objects.at(now).filter(is_self_serve=True).exclude(yearly=0)
    return list(rows.order_by("tier_rank").values_list("tier", flat=True))


def find_open_checkout(account_id: int) -> Charge | None:
    """A first payment that was begun and not finished."""
    rows = Charge.objects.filter(account_id=account_id, kind=ChargeKind.FIRST, settled_at=None)
    return rows.filter(state__in=[ChargeState.ASKED, ChargeState.OPEN]).first()


def list_open_payments(charge: Charge) -> list[Payment]:
    return list(charge.payments.filter(status=PaymentState.OPEN).exclude(mollie_id=""))

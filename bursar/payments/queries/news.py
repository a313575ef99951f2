"""What a payment's news ask of the charges beside it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet

from bursar.billing.queries import decide
from bursar.billing.seller import seller_day
from bursar.core.calendar import midnight
from bursar.payments.models import Charge, Payment, PaymentLink, Subscription
from bursar.payments.queries.basics import decision_of
from bursar.payments.queries.links import find_charge_of
from bursar.payments.rules.amounts import amounts_of, quote_as_stands
from bursar.payments.rules.intervals import end_of_interval
from bursar.payments.rules.table import ASK_OF_OTHERS, INTERVALS, News, Owed
from bursar.payments.states import ChargeKind, ChargeState, PaymentState
from bursar.plans.added import DAYS_OF

LIVE = (PaymentState.OPEN, PaymentState.PENDING, PaymentState.AUTHORIZED, PaymentState.PAID)
DECIDED = Q(state=ChargeState.PAID) | Q(failed_at__isnull=False)


def get_payment(public_id: str = "", *, pk: int | None = None) -> Payment:
    """With its account, charge and subscription; the same account and subscription stand on each of them."""
    known = {"pk": pk} if pk is not None else {"public_id": public_id}
    payment = Payment.objects.select_related("charge", "subscription", "account", "link__invoice").get(**known)
    if payment.charge is not None and payment.charge.subscription_id == payment.subscription_id:
        payment.charge.subscription = payment.subscription
    for row in (payment.charge, payment.subscription):
        if row is not None and row.account_id == payment.account_id and payment.account is not None:
            row.account = payment.account
    return payment


def find_charge(payment: Payment) -> Charge | None:
    """The one that it names, that of its link, or the renewal of its subscription that is planned for about that day.

    Where none is planned though the subscription goes on, news came in another order: then one that is not stored yet.
    """
    if payment.charge is not None:
        return payment.charge
    if payment.link is not None:
        return find_charge_of(payment.link) or _make_up_of_link(payment, payment.link)
    if payment.subscription is None:
        return None
    return _find_renewal(payment, payment.subscription) or _make_up(payment, payment.subscription)


def _find_renewal(payment: Payment, subscription: Subscription) -> Charge | None:
    taken = Payment.objects.filter(subscription=subscription, charge__isnull=False).exclude(pk=payment.pk)
    day, half = seller_day(payment.at), _half(subscription)
    near = Charge.objects.filter(
        subscription=subscription, kind=ChargeKind.RENEWAL, due_on__gte=day - half, due_on__lte=day + half
    )
    free = {one: one.due_on for one in near.exclude(pk__in=taken.values("charge_id")) if one.due_on}
    nearest = min(free, key=lambda one: abs(free[one] - day), default=None)
    if nearest is not None:
        nearest.subscription = subscription
    return nearest


def _make_up(payment: Payment, subscription: Subscription) -> Charge | None:
    if not subscription.is_meant or subscription.end_asked_at or payment.account_id is None:
        return None
    day = seller_day(payment.at)
    begins = midnight(day)
    kinds = [kind.value for kind in INTERVALS]
    known = Charge.objects.filter(account_id=payment.account_id, interval_from=begins, kind__in=kinds)
    if known.exclude(state=ChargeState.ENDED).exists():
        return None
    decision = decision_of(subscription)
    return Charge(
        account_id=payment.account_id,
        subscription=subscription,
        kind=ChargeKind.RENEWAL.value,
        state=ChargeState.UNDER_WAY.value,
        made_at=payment.at,
        due_on=day,
        interval_from=begins,
        interval_until=end_of_interval(begins, subscription.cadence),
        **amounts_of(quote_as_stands(subscription.wanted_lines, payment.amount, decision)),
    )


def _make_up_of_link(payment: Payment, link: PaymentLink) -> Charge | None:
    """Nobody owes a link: what it asked for is a charge once somebody has paid it."""
    if payment.status != PaymentState.PAID:
        return None
    day = seller_day(payment.paid_at or payment.at)
    return Charge(
        account_id=link.account_id,
        kind=ChargeKind.LINK.value,
        state=ChargeState.UNDER_WAY.value,
        made_at=payment.at,
        due_on=day,
        invoice=link.invoice,
        **amounts_of(quote_as_stands([], payment.amount, decide(link.account_id, day))),
    )


def _half(subscription: Subscription) -> timedelta:
    return timedelta(days=DAYS_OF.get(subscription.cadence, DAYS_OF["monthly"]) // 2)


def describe_owed(charge: Charge | None, payment: Payment, news: News) -> Owed | None:
    """As far as these news ask."""
    if charge is None:
        return None
    others: list[str] = []
    if charge.pk and news in ASK_OF_OTHERS:
        tries = Payment.objects.filter(charge=charge, status__in=LIVE, charged_back=0).exclude(pk=payment.pk)
        others = list(tries.values_list("status", flat=True))
    was_paid = charge.settled_at is not None
    return Owed(
        kind=charge.kind,
        state=charge.state,
        was_paid=was_paid,
        is_newest=is_newest(charge),
        others_live=bool(others),
        others_paid=PaymentState.PAID in others,
    )


def list_intervals(subscription: Subscription) -> list[Charge]:
    """The first interval and its renewals, without those that nobody owes."""
    kinds = [kind.value for kind in INTERVALS]
    known = Charge.objects.filter(subscription=subscription, kind__in=kinds, interval_from__isnull=False)
    return list(known.exclude(state=ChargeState.ENDED).order_by("interval_from"))


def find_last_end(account_id: int) -> datetime | None:
    """When the last interval ends that was asked for, paid or not; what is only planned is not in it."""
    kinds = [kind.value for kind in INTERVALS]
    known = Charge.objects.filter(account_id=account_id, kind__in=kinds)
    known = known.exclude(state__in=(ChargeState.ENDED, ChargeState.PLANNED))
    last: datetime | None = known.aggregate(last=Max("interval_until"))["last"]
    return last


def get_interval_of(subscription: Subscription, until: datetime | None) -> Charge | None:
    """The one that is paid until then."""
    return next((one for one in list_intervals(subscription) if until and one.interval_until == until), None)


def is_interval_under_way(subscription: Subscription, now: datetime) -> bool:
    """Whether the bank has the renewal of the interval that began."""
    waiting = (ChargeState.ASKED, ChargeState.OPEN, ChargeState.UNDER_WAY)
    begun = [one for one in list_intervals(subscription) if one.interval_from and one.interval_from <= now]
    return any(one.state in waiting for one in begun)


def list_owed_intervals(account_id: int) -> QuerySet[Charge]:
    """Intervals that failed."""
    kinds = [kind.value for kind in INTERVALS]
    return Charge.objects.filter(account_id=account_id, kind__in=kinds, state=ChargeState.FAILED)


def is_newest(charge: Charge) -> bool:
    """Whether no later interval was paid or failed."""
    return charge.interval_from is None or not _list_later(charge).exists()


def _list_later(charge: Charge) -> QuerySet[Charge]:
    kinds = [kind.value for kind in INTERVALS]
    later = Charge.objects.filter(DECIDED, account_id=charge.account_id, kind__in=kinds)
    return later.filter(interval_from__gt=charge.interval_from).exclude(state=ChargeState.ENDED)


def list_to_end(account_id: int) -> list[Charge]:
    """What a cancelled plan asks for no more: all that is neither paid, nor failed, nor over. What a payment link
    collects is no part of the plan.
    """
    done = (ChargeState.PAID, ChargeState.FAILED, ChargeState.ENDED)
    return list(Charge.objects.filter(account_id=account_id).exclude(state__in=done).exclude(kind=ChargeKind.LINK))

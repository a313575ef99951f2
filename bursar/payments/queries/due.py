"""What the clock owes accounts that pay by Mollie: each a question to the database, in one statement."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from bursar.payments.models import Charge, Payment, Subscription
from bursar.payments.queries.news import LIVE
from bursar.payments.states import ChargeState, PaymentState
from bursar.plans.models import Cadence, Discount, PaymentMode, PaymentStatus, PaymentTerms
from bursar.plans.trials import CAUGHT_UP_FOR

LOOKS_AT = time(2)
"""UTC: when the day's seats are looked at, and amounts that the clock alone may have changed."""


def terms_now(now: datetime, account: str = "account_id") -> QuerySet[PaymentTerms]:
    return PaymentTerms.objects.at(now).filter(account_id=OuterRef(account))


def list_meant(now: datetime) -> QuerySet[Subscription]:
    """Subscriptions that accounts should have, and that are not ended here, of accounts that pay for themselves."""
    meant = Subscription.objects.filter(is_meant=True, end_asked_at=None)
    managed = terms_now(now).filter(mode=PaymentMode.MANAGED)
    return meant.filter(~Exists(managed)).select_related("account__organisation").order_by("id")


def list_to_seat(now: datetime) -> QuerySet[Subscription]:
    """Whose seats of today were not looked at yet, from 02:00 UTC on."""
    if now.time() < LOOKS_AT:
        return Subscription.objects.none()
    active = terms_now(now).filter(status=PaymentStatus.ACTIVE, paid_until__gt=now)
    unseen = Q(seats_seen_on=None) | Q(seats_seen_on__lt=now.date())
    return list_meant(now).filter(unseen, Exists(active))


def list_to_follow(now: datetime) -> QuerySet[Subscription]:
    """Whose amount was not compared since something was done to the account, nor since 02:00 UTC."""
    looks_at = datetime.combine(now.date(), LOOKS_AT, tzinfo=now.tzinfo)
    since = looks_at if looks_at <= now else looks_at - timedelta(days=1)
    changed = Q(followed_at=None) | Q(followed_at__lt=since) | Q(account__clock_at__gt=F("followed_at"))
    return list_meant(now).filter(changed, broken_at=None)


def list_to_announce(now: datetime, today: date) -> QuerySet[Charge]:
    """Planned renewals of whose day billing people are told now."""
    days = {
        Cadence.YEARLY: settings.BURSAR_RENEWAL_NOTICE_YEARLY,
        Cadence.MONTHLY: settings.BURSAR_RENEWAL_NOTICE_MONTHLY,
    }
    near = Q()
    for cadence, ahead in days.items():
        near |= Q(cadenced=cadence.value, due_on__lte=today + timedelta(days=ahead))
    planned = Charge.objects.filter(state=ChargeState.PLANNED, notice_sent_at=None, due_on__gte=today)
    planned = planned.filter(subscription__is_meant=True, subscription__broken_at=None)
    planned = planned.annotate(cadenced=F("subscription__cadence")).filter(near)
    return planned.select_related("account").order_by("due_on", "id")


def list_to_try(now: datetime) -> QuerySet[Charge]:
    """Failed charges whose next try is due, and that nobody is paying just now."""
    running = Payment.objects.filter(charge_id=OuterRef("pk"), status__in=LIVE, charged_back=0)
    due = Charge.objects.filter(next_try_at__lte=now, state=ChargeState.FAILED).filter(~Exists(running))
    return due.select_related("account").order_by("next_try_at", "id")


def list_to_arrive(now: datetime) -> QuerySet[Subscription]:
    """With a change of plan that was agreed for an end that has come."""
    agreed = ~Q(then_tier="") | ~Q(then_cadence="")
    over = terms_now(now).filter(paid_until__lte=now)
    return list_meant(now).filter(agreed, Exists(over))


def list_unrenewed(now: datetime) -> QuerySet[Charge]:
    """Renewals whose interval began, of subscriptions that Mollie ended by itself."""
    due = Charge.objects.filter(state=ChargeState.PLANNED, interval_from__lte=now, subscription__is_meant=True)
    return due.filter(subscription__broken_at__isnull=False).select_related("account").order_by("id")


def list_over(now: datetime) -> QuerySet[Subscription]:
    """Ended because the next interval costs nothing, when what was paid is over."""
    over = terms_now(now).filter(paid_until__lte=now)
    return list_meant(now).filter(Exists(over), ends_at_paid_end=True)


def list_unplanned(now: datetime) -> QuerySet[Subscription]:
    """Of which Mollie says something else than is planned, or that Mollie ended: news that a stopped process left."""
    planned = Charge.objects.filter(subscription_id=OuterRef("pk"), state=ChargeState.PLANNED)
    as_said = planned.filter(due_on=Coalesce(OuterRef("next_date"), OuterRef("start_date")), gross=OuterRef("amount"))
    alive = Q(status__in=["active", "pending"]) & ~Exists(as_said)
    known = list_meant(now).filter(broken_at=None, ends_at_paid_end=False).exclude(mollie_id="")
    return known.filter(alive | ~Q(status__in=["active", "pending"]))


def list_abandoned(now: datetime) -> QuerySet[Payment]:
    """Still open in the mirror though their time ran out: nobody told what became of them."""
    return Payment.objects.filter(
        status=PaymentState.OPEN, expires_at__lt=now - timedelta(minutes=10), charge__state=ChargeState.OPEN
    ).order_by("id")


def list_to_ask_again(now: datetime) -> QuerySet[Subscription]:
    """Former subscriptions that ended because the plan cost nothing, where a discount ended in the last 14 days."""
    former = Subscription.objects.filter(is_meant=False, ends_at_paid_end=True, asked_again_at=None, end_asked_at=None)
    none = terms_now(now).filter(mode=PaymentMode.SELF_SERVE, status=PaymentStatus.NONE)
    newer = Subscription.objects.filter(account_id=OuterRef("account_id"), is_meant=True)
    ended = Discount.objects.filter(valid_until__lte=now, valid_until__gt=now - CAUGHT_UP_FOR)
    ended = ended.filter(Q(account_id=OuterRef("account_id")) | Q(workspace__account_id=OuterRef("account_id")))
    return (
        former.filter(Exists(none), Exists(ended), ~Exists(newer))
        .select_related("account__organisation")
        .order_by("id")
    )


def find_to_ask_again(account_id: int, now: datetime) -> Subscription | None:
    return list_to_ask_again(now).filter(account_id=account_id).last()

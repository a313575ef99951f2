"""What the mirror holds of the time before Bursar: who has a past that is to be worked out, and what was paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from bursar.billing.seller import seller_day
from bursar.payments.models import Chargeback, MollieCustomer, Payment, Subscription
from bursar.payments.rules.intervals import MOLLIE_CALLS_IT
from bursar.payments.rules.past import Course, Tried
from bursar.payments.states import PaymentKind, PaymentState
from bursar.plans.models import PaidPeriod, PaymentMode, PaymentStatus, PaymentTerms, PeriodSource

CADENCES = {interval: cadence for cadence, interval in MOLLIE_CALLS_IT.items()}
LIVE = ("active", "pending")


class Past(NamedTuple):
    """A subscription, what it was, and its payments by their keys."""

    account_id: int
    subscription: Subscription
    course: Course
    payments: dict[int, Payment]


def list_unmeant(mode: str, after: int, at_most: int) -> list[Subscription]:
    """Living ones of accounts behind `after` that have none yet; by account, the newest first."""
    found = _unmeant(mode).filter(account_id__gt=after).select_related("account")
    return list(found.order_by("account_id", "-created_at")[:at_most])


def _unmeant(mode: str) -> QuerySet[Subscription]:
    living = Subscription.objects.filter(mode=mode, is_meant=False, status__in=LIVE, interval__in=CADENCES)
    living = living.filter(end_asked_at=None)
    others = Subscription.objects.filter(account=OuterRef("account"), is_meant=True)
    return living.filter(~Exists(others), account__isnull=False)


def list_without_past(mode: str, since: datetime, at_most: int) -> list[MollieCustomer]:
    """Customers with an account here whose past was not worked out back to `since`, less those that `adopt` left."""
    wanted = Q(past_from=None) | Q(past_from__gt=since)
    found = MollieCustomer.objects.filter(wanted, mode=mode, account__isnull=False)
    left = _unmeant(mode).filter(account=OuterRef("account"))
    return list(found.filter(~Exists(left)).order_by("pk")[:at_most])


def list_told(account_ids: Collection[int]) -> set[int]:
    """Those of which a file, a person or a checkout said already how they paid."""
    bare = Q(mode=PaymentMode.SELF_SERVE.value, status=PaymentStatus.NONE.value)
    terms = PaymentTerms.objects.filter(account_id__in=account_ids).exclude(bare)
    periods = PaidPeriod.objects.filter(account_id__in=account_ids, source=PeriodSource.MOLLIE.value)
    return {*terms.values_list("account_id", flat=True), *periods.values_list("account_id", flat=True)}


def load_pasts(customers: Collection[MollieCustomer]) -> dict[int, list[Past]]:
    """By account; the subscription that it should have comes first, then the newest. In four statements."""
    subscriptions = Subscription.objects.filter(customer__in=customers, interval__in=CADENCES).exclude(mollie_id="")
    paid_firsts = Payment.objects.filter(kind=PaymentKind.FIRST.value, status=PaymentState.PAID.value)
    firsts = _by("account_id", paid_firsts.filter(account_id__in={one.account_id for one in customers}))
    tries = _by("subscription_id", Payment.objects.filter(subscription__in=subscriptions))
    gone = _list_gone(firsts, tries)
    found: dict[int, list[Past]] = defaultdict(list)
    for one in subscriptions.order_by("-is_meant", "-created_at"):
        if one.account_id is not None:
            found[one.account_id].append(_read(one.account_id, one, firsts[one.account_id], tries[one.pk], gone))
    return found


def _by(key: str, payments: QuerySet[Payment]) -> dict[int, list[Payment]]:
    found: dict[int, list[Payment]] = defaultdict(list)
    for one in payments.order_by("at"):
        found[getattr(one, key)].append(one)
    return found


def _list_gone(*payments: dict[int, list[Payment]]) -> dict[int, datetime]:
    """When money went back to the payer's bank and stayed there."""
    lost = [one.pk for by_key in payments for some in by_key.values() for one in some if one.charged_back]
    chargebacks = Chargeback.objects.filter(payment_id__in=lost, reversed_at=None).order_by("-created_at")
    return dict(chargebacks.values_list("payment_id", "created_at"))


def _read(
    account_id: int, one: Subscription, firsts: list[Payment], tries: list[Payment], gone: dict[int, datetime]
) -> Past:
    """Of several first payments the last before its own first charge is the one that it goes on from."""
    first = next((payment for payment in reversed(firsts) if seller_day(payment.at) < one.start_date), None)
    decided = [payment for payment in tries if payment.paid_at or payment.failed_at]
    is_over = one.status not in LIVE
    course = Course(
        cadence=CADENCES[one.interval],
        begins=one.start_date,
        first=_tell(first, gone) if first else None,
        tries=[_tell(payment, gone) for payment in decided],
        next_day=None if is_over else one.next_date,
        is_over=is_over,
        ended_at=one.canceled_at if is_over else None,
    )
    return Past(account_id, one, course, {payment.pk: payment for payment in (*decided, *filter(None, [first]))})


def _tell(payment: Payment, gone: dict[int, datetime]) -> Tried:
    is_paid = payment.status == PaymentState.PAID.value
    is_first = payment.kind == PaymentKind.FIRST.value
    return Tried(
        key=payment.pk,
        day=seller_day(payment.paid_at if is_first and payment.paid_at else payment.at),
        paid_at=payment.paid_at if is_paid else None,
        failed_at=None if is_paid else payment.failed_at,
        gone_at=gone.get(payment.pk),
    )

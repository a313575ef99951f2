"""Finds what may have drifted, set by set, and lets the rule judge. The database picks no less than the rule finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from bursar.payments.gateway import get_mode
from bursar.payments.models import Call, Mandate, Payment, Subscription
from bursar.payments.queries.listing import of_this_world, with_names
from bursar.payments.rules.drift import CHARGES, ENDED, Drift, Money, Standing, judge_payment, judge_subscription
from bursar.payments.rules.intervals import MOLLIE_CALLS_IT
from bursar.payments.states import CallState, ChargeState, PaymentKind, PaymentState
from bursar.tenants.models import BillingAccount, Workspace


@dataclass(frozen=True)
class Found:
    """One thing that drifted: a subscription, or a payment."""

    drift: Drift
    account: BillingAccount | None
    subscription: Subscription | None
    payment: Payment | None
    since: datetime


def list_drift() -> list[Found]:
    """The newest first within each kind, kinds in their order; two statements."""
    found = [
        Found(drift, one.account, one, None, one.canceled_at or one.created_at)
        for one in _subscriptions()
        for drift in judge_subscription(_stand(one))
    ]
    found += [
        Found(drift, one.account, None, one, one.paid_at or one.at)
        for one in _payments()
        for drift in judge_payment(_count_money(one))
    ]
    order = {drift: place for place, drift in enumerate(Drift)}
    return sorted(found, key=lambda one: (order[one.drift], -one.since.timestamp()))


def count_drift() -> int:
    return len(list_drift())


def _subscriptions() -> QuerySet[Subscription]:
    """Those that are not plainly as meant."""
    mode = get_mode()
    rows = Subscription.objects.filter(~Q(mollie_id=""), **({"mode": mode} if mode else {}))
    calls = Call.objects.filter(account_id=OuterRef("account_id"), state__in=(CallState.WAITING, CallState.LOOKING))
    meant = Subscription.objects.filter(account_id=OuterRef("account_id"), is_meant=True, status__in=CHARGES)
    living = Workspace.objects.filter(account_id=OuterRef("account_id"), deleted_at=None)
    mandate = Mandate.objects.filter(mollie_id=OuterRef("mollie_mandate_id"))
    rows = rows.annotate(
        is_changing=Exists(calls),
        has_workspaces=Exists(living),
        mandate_status=Subquery(mandate.values("status")[:1]),
        card_expires=Subquery(mandate.values("card_expires")[:1]),
    )
    as_ours = Q(cadence="")
    for cadence, interval in MOLLIE_CALLS_IT.items():
        as_ours |= Q(cadence=cadence, interval=interval)
    is_fine = (
        Q(is_meant=True, amount=F("wanted"), has_workspaces=True)
        & as_ours
        & (Q(mandate_status=None) | Q(mandate_status__in=("valid", "pending")))
        & (Q(card_expires=None) | Q(next_date=None) | Q(card_expires__gte=F("next_date")))
    )
    charges = Q(status__in=CHARGES) & ~is_fine
    ended = Q(status__in=ENDED, is_meant=True, end_asked_at=None)
    return (
        rows.filter(charges | ended)
        .annotate(has_meant=Exists(meant))
        .select_related("account__organisation", "customer")
    )


def _stand(one: Any) -> Standing:
    return Standing(
        status=one.status,
        has_account=one.account_id is not None,
        is_meant=one.is_meant,
        has_meant=one.has_meant,
        is_changing=one.is_changing,
        is_end_asked=one.end_asked_at is not None,
        amount=one.amount,
        wanted=one.wanted,
        interval=one.interval,
        cadence=one.cadence,
        next_date=one.next_date,
        has_workspaces=one.has_workspaces,
        mandate=one.mandate_status or "",
        card_expires=one.card_expires,
    )


def _payments() -> Iterator[Payment]:
    """From which more went back than was paid; and paid ones that pay for nothing, once they were applied."""
    more = of_this_world().filter(amount__lt=F("refunded") + F("charged_back"))
    paid = of_this_world().filter(status=PaymentState.PAID, to_apply=False, account__isnull=False)
    loose = paid.filter(charge=None).exclude(kind=PaymentKind.METHOD)
    after = paid.filter(charge__state=ChargeState.ENDED)
    ids = more.values("pk").union(loose.values("pk"), after.values("pk"))
    return with_names(of_this_world().filter(pk__in=ids)).select_related("charge", "account__organisation").iterator()


def _count_money(one: Payment) -> Money:
    is_owed = one.charge is not None and one.charge.state != ChargeState.ENDED
    return Money(
        is_paid=one.status == PaymentState.PAID,
        has_account=one.account_id is not None,
        is_ours=is_owed or one.kind == PaymentKind.METHOD,
        amount=one.amount,
        refunded=one.refunded,
        charged_back=one.charged_back,
    )

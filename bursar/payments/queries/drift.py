"""Finds what may have drifted, set by set, and lets the rule judge. The database picks no less than the rule finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT

from bursar.payments.gateway import get_mode
from bursar.payments.models import Call, Charge, Mandate, MollieCustomer, Payment, Subscription
from bursar.payments.queries.listing import of_this_world, with_names
from bursar.payments.rules.drift import CHARGES, ENDED, Drift, Money, Standing, judge_payment, judge_subscription
from bursar.payments.rules.intervals import MOLLIE_CALLS_IT
from bursar.payments.states import CallState, ChargeKind, ChargeState, PaymentKind, PaymentState
from bursar.tenants.models import BillingAccount, Workspace

UNDONE = (CallState.WAITING, CallState.LOOKING)
LOOK_AHEAD = timedelta(days=400)
"""Further than the next charge of any subscription."""


@dataclass(frozen=True)
class Found:
    """One thing that drifted: a subscription, or a payment."""

    drift: Drift
    account: BillingAccount | None
    subscription: Subscription | None
    payment: Payment | None
    since: datetime


def list_drift(now: datetime) -> list[Found]:
    """The newest first within each kind, kinds in their order; three statements."""
    found = [
        Found(drift, one.account, one, None, one.canceled_at or one.created_at)
        for one in _subscriptions(now.date())
        for drift in judge_subscription(_stand(one))
    ]
    found += [
        Found(drift, one.account, None, one, one.paid_at or one.at)
        for one in _payments()
        for drift in judge_payment(_count_money(one))
    ]
    order = {drift: place for place, drift in enumerate(Drift)}
    return sorted(found, key=lambda one: (order[one.drift], -one.since.timestamp()))


def count_drift(now: datetime) -> int:
    return len(list_drift(now))


def _subscriptions(today: date) -> QuerySet[Subscription]:
    """Those that are not plainly as meant."""
    mode = get_mode()
    rows = Subscription.objects.filter(~Q(mollie_id=""), **({"mode": mode} if mode else {}))
    living = Workspace.objects.filter(deleted_at=None)
    ends = Q(card_expires__lt=today + LOOK_AHEAD)
    bad = Mandate.objects.filter(~Q(status__in=("valid", "pending")) | ends)
    as_ours = Q(cadence="")
    for cadence, interval in MOLLIE_CALLS_IT.items():
        as_ours |= Q(then_cadence="", cadence=cadence, interval=interval) | Q(then_cadence=cadence, interval=interval)
    is_fine = (
        Q(is_meant=True, amount=F("wanted"), account_id__in=living.values("account_id"))
        & as_ours
        & ~Q(mollie_mandate_id__in=bad.values("mollie_id"))
    )
    charges = Q(status__in=CHARGES) & ~is_fine
    ended = Q(status__in=ENDED, is_meant=True, end_asked_at=None, ends_at_paid_end=False)
    found = _with_facts(rows.filter(charges | ended), living)
    return found.select_related("account__organisation", "customer")


def _with_facts(rows: QuerySet[Subscription], living: QuerySet[Workspace]) -> QuerySet[Subscription]:
    """What the rule asks beside the row itself."""
    own = {"account_id": OuterRef("account_id")}
    changing = Call.objects.filter(**own, state__in=UNDONE)
    mandate = Mandate.objects.filter(mollie_id=OuterRef("mollie_mandate_id"))
    return rows.annotate(
        is_changing=Exists(changing) | Exists(list_told_of(OuterRef("public_id"))),
        has_meant=Exists(Subscription.objects.filter(**own, is_meant=True, status__in=CHARGES)),
        has_workspaces=Exists(living.filter(**own)),
        mandate_status=Subquery(mandate.values("status")[:1]),
        card_expires=Subquery(mandate.values("card_expires")[:1]),
    )


def _stand(one: Any) -> Standing:
    return Standing(
        status=one.status,
        has_account=one.account_id is not None,
        is_meant=one.is_meant,
        has_meant=one.has_meant,
        is_changing=one.is_changing,
        is_end_asked=one.end_asked_at is not None or one.ends_at_paid_end,
        amount=one.amount,
        wanted=one.wanted,
        interval=one.interval,
        cadence=one.then_cadence or one.cadence,
        next_date=one.next_date,
        has_workspaces=one.has_workspaces,
        mandate=one.mandate_status or "",
        card_expires=one.card_expires,
    )


def list_told_of(subscription_id: Any) -> QuerySet[Call]:
    """Calls under way about a subscription that belongs to no account here. By its public id."""
    about = Call.objects.filter(account=None, state__in=UNDONE).annotate(about=KT("body__subscription"))
    return about.filter(about=subscription_id)


def list_strays(account_id: int) -> QuerySet[Subscription]:
    """What charges the account at Mollie beside the one that is meant, and that nobody ends already."""
    found = Subscription.objects.filter(account_id=account_id, is_meant=False, status__in=CHARGES, end_asked_at=None)
    return found.exclude(mollie_id="").order_by("created_at", "id")


def list_loose(account_id: int) -> QuerySet[Payment]:
    """Payments of the account that pay for nothing, of which all is still there; the newest first."""
    return _loose().filter(account_id=account_id, refunded=0, charged_back=0).order_by("-dated_at", "-id")


def _loose() -> QuerySet[Payment]:
    """What arrived before Mollie said how the account pays is history: nobody here decides about it."""
    ruled = MollieCustomer.objects.filter(account_id=OuterRef("account_id"), rules_since__lte=OuterRef("dated_at"))
    paid = of_this_world().filter(status=PaymentState.PAID, to_apply=False, account__isnull=False, charge=None)
    return paid.filter(Exists(ruled)).exclude(kind=PaymentKind.METHOD)


def _payments() -> QuerySet[Any]:
    """From which more went back than was paid; and paid ones that pay for nothing, once they were applied."""
    more = of_this_world().filter(amount__lt=F("refunded") + F("charged_back"))
    paid = of_this_world().filter(status=PaymentState.PAID, to_apply=False, account__isnull=False)
    after = paid.filter(charge__in=Charge.objects.filter(state=ChargeState.ENDED))
    ids = list(more.values_list("pk", flat=True).union(_loose().values_list("pk"), after.values_list("pk")))
    found = with_names(of_this_world().filter(pk__in=ids)).select_related("charge", "account__organisation")
    return found.annotate(credit=F("account__credit__amount"))


def _count_money(one: Any) -> Money:
    is_owed = one.charge is not None and one.charge.state != ChargeState.ENDED
    is_booked = one.charge is not None and (one.charge.invoice_id or one.charge.kind == ChargeKind.LINK)
    return Money(
        is_paid=one.status == PaymentState.PAID,
        has_account=one.account_id is not None,
        is_ours=is_owed or one.kind == PaymentKind.METHOD,
        amount=one.amount,
        refunded=one.refunded,
        charged_back=one.charged_back,
        is_made_up=bool(is_booked) and not one.to_book and (one.credit or 0) >= 0,
    )

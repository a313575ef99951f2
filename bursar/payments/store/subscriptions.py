"""Our side of subscriptions: what we want of Mollie. What Mollie says is the mirror's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from bursar.payments.gateway import get_mode
from bursar.payments.keys import Mode
from bursar.payments.models import MollieCustomer, Subscription
from bursar.payments.rules.amounts import Quote
from bursar.payments.rules.intervals import MOLLIE_CALLS_IT
from bursar.tenants.models import BillingAccount

NOT_THERE_YET = "asked"
"""The status until Mollie has answered."""


def plan(
    account: BillingAccount, cadence: str, quote: Quote, start: date, now: datetime, **fields: Any
) -> Subscription:
    """The one that the account should have from now on, before Mollie knows of it. An earlier one is meant no more."""
    Subscription.objects.filter(account=account, is_meant=True).update(is_meant=False)
    mode = get_mode() or Mode.TEST
    return Subscription.objects.create(
        account=account,
        customer=MollieCustomer.objects.filter(account=account, mode=mode.value).first(),
        mode=mode.value,
        is_meant=True,
        status=NOT_THERE_YET,
        amount=quote.gross,
        interval=MOLLIE_CALLS_IT[cadence],
        start_date=start,
        created_at=now,
        learned_at=now,
        cadence=cadence,
        **{**wanted_of(quote), **fields},
    )


def wanted_of(quote: Quote) -> dict[str, Any]:
    """The columns that a quote fills."""
    return {
        "wanted": quote.gross,
        "wanted_net": quote.net,
        "wanted_lines": list(quote.lines),
        "wanted_decision": quote.decision.as_json(),
    }


def put(subscription: Subscription, **fields: Any) -> Subscription:
    """Writes these columns of one subscription, whose account is locked."""
    for name, value in fields.items():
        setattr(subscription, name, value)
    subscription.save(update_fields=list(fields))
    return subscription


def note_followed(ids: Iterable[int], now: datetime) -> None:
    """Their amounts were compared; those that an action has changed meanwhile say so themselves."""
    rows = Subscription.objects.filter(Q(followed_at=None) | Q(followed_at__lt=now), pk__in=list(ids))
    rows.update(followed_at=now)


def note_seen(ids: Iterable[int], day: date) -> None:
    """Their seats of that day were looked at."""
    Subscription.objects.filter(pk__in=list(ids)).update(seats_seen_on=day)

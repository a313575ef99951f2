"""What was at Mollie before Bursar was: which of it counts here, and that none of it is news."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from bursar.billing.queries import decide
from bursar.billing.seller import seller_day
from bursar.payments.models import MollieCustomer, Payment, Subscription
from bursar.payments.rules.amounts import quote_as_stands
from bursar.payments.states import PaymentKind
from bursar.payments.store.subscriptions import wanted_of
from bursar.tenants.models import BillingAccount


@transaction.atomic
def mean(subscription: Subscription, cadence: str, now: datetime) -> bool:
    """It is the one that its account should have, and from now on Mollie says how that account pays; False where the
    account has one already.
    """
    others = Subscription.objects.filter(account=subscription.account, is_meant=True).exclude(pk=subscription.pk)
    if others.exists():
        return False
    assert subscription.account_id is not None and subscription.customer_id is not None
    decision = decide(subscription.account_id, seller_day(now))
    quote = quote_as_stands([], subscription.amount, decision)
    unmeant = Subscription.objects.filter(pk=subscription.pk, is_meant=False)
    unmeant.update(is_meant=True, cadence=cadence, **wanted_of(quote))
    MollieCustomer.objects.filter(pk=subscription.customer_id, rules_since=None).update(rules_since=now)
    return True


def note_history(payment: Payment) -> None:
    """It happened before anybody looked: it moves nothing. One that was asked for here is no history."""
    if payment.charge_id is not None or payment.applied_status:
        return
    payment.applied_status, payment.to_apply = payment.status, False
    payment.applied_refunded, payment.applied_charged_back = payment.refunded, payment.charged_back
    payment.save(update_fields=["applied_status", "applied_refunded", "applied_charged_back", "to_apply"])


def give(customer: MollieCustomer, account: BillingAccount, now: datetime) -> None:
    """It is this account's from now on, with all that hangs on it; what was paid before moves nothing."""
    customer.account, customer.rules_since = account, now
    customer.save(update_fields=["account", "rules_since"])
    Subscription.objects.filter(customer=customer, account=None).update(account=account)
    paid = Payment.objects.filter(mollie_customer_id=customer.mollie_id, account=None)
    renewals = paid.filter(subscription__isnull=False)
    renewals.update(kind=PaymentKind.RENEWAL.value)
    paid.update(
        account=account, to_apply=False, applied_status=F("status"), applied_refunded=F("refunded"),
        applied_charged_back=F("charged_back"),
    )  # fmt: skip

"""From the mirror to the account: what a payment or a subscription says now, against what its account was moved by.

Called after the mirror's own commit, by as many processes as there are: the account's lock puts them in order, and what
another one has applied meanwhile is not applied again.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.core.errors import Blocked, Refused
from bursar.payments.actions.breaking import is_ended_there
from bursar.payments.actions.planning import find_plan
from bursar.payments.actions.shared import KEY, Found
from bursar.payments.models import Payment, Subscription
from bursar.payments.queries.news import get_payment
from bursar.payments.store.applied import mark, mark_all
from bursar.plans.queries import load_terms

TIMES = 12
"""A payment has at most a handful of news at a time; more than these are somebody's mistake."""
ACTOR = system("payments")
log = structlog.get_logger()


def apply_payment(payment_pk: int, now: datetime) -> None:
    """Moves the account by all that is new of this payment; nothing, where nothing is. Raises what the door raises."""
    for _ in range(TIMES):
        if not Payment.objects.filter(pk=payment_pk, to_apply=True).exists():
            return
        payment = get_payment(pk=payment_pk)
        if payment.account is None:
            mark_all(payment)
            return
        found = Found(payment, payment.account, load_terms(payment.account.pk, now))
        if found.news is None:
            mark_all(payment)
            return
        if found.move is None:
            mark(found.payment, found.news)
            continue
        try:
            run(KEY.format(found.move.verb), ACTOR, payment.account.public_id, {"payment": payment.public_id})
        except (Blocked, Refused) as refusal:
            log.info("payment_overtaken", payment=payment.public_id, why=refusal.sentence)
    log.error("payment_not_applied", payment=payment_pk)


def apply_subscription(subscription_pk: int, now: datetime) -> None:
    """Brings the planned renewal, and the end of what is paid, to what Mollie says; notices when Mollie ended it."""
    subscription = Subscription.objects.select_related("account").get(pk=subscription_pk)
    account = subscription.account
    if account is None or not subscription.is_meant:
        return
    if is_ended_there(subscription):
        run(KEY.format("note_ended_by_mollie"), ACTOR, account.public_id)
    elif (plan := find_plan(subscription)) is not None and not plan.is_right:
        run(KEY.format("note_next_charge"), ACTOR, account.public_id)

"""Refunds among all that waits for a second person, and the page of one of them."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor
from bursar.access.request import actor_of
from bursar.actions.spec import Case
from bursar.approvals.queues import QUEUES, Card, Queue, list_levers
from bursar.core import clock
from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.payments import words
from bursar.payments.actions.refunds import THEN
from bursar.payments.models import Refund
from bursar.payments.queries import refunds as queries
from bursar.payments.queries import shown
from bursar.payments.rules import refunds as rules
from bursar.payments.states import RefundState, ThenEnd

LEVERS = ("payments.refund.approve", "payments.refund.deny")


@require_GET
def show_refund(request: HttpRequest, refund_id: str) -> HttpResponse:
    """The one that a notice leads to."""
    actor = actor_of(request)
    card = make_card(queries.get_refund(actor, refund_id), actor, clock.now())
    return render(request, "payments/refund.html", {"card": card})


def make_card(refund: Refund, actor: Actor, now: datetime) -> Card:
    account, waits = refund.payment.account, refund.state == RefundState.ASKED
    until = rules.until_taken_back(queries.paid_of(refund.payment), now)
    is_alone = refund.then_end == ThenEnd.NOTHING
    return Card(
        id=refund.public_id,
        url=reverse("refunds:refund", args=[refund.public_id]),
        amount=refund.amount,
        whose=str(account or "a payment of nobody here"),
        account_url=reverse("panel:account", args=[account.public_id]) if account else "",
        about=_say_about(refund),
        state=refund.get_state_display(),
        waits=waits,
        asked_by=str(refund.asked_by or ""),
        asked_at=refund.created_at,
        reason=refund.reason,
        decided_by=str(refund.decided_by or ""),
        decided_at=refund.decided_at,
        note=refund.note,
        pairs=() if is_alone else (("And the subscription", THEN[ThenEnd(refund.then_end)], True),),
        warning=rules.warn_of_twice(until) if until and waits else "",
        levers=list_levers("refund", LEVERS, Case(actor, refund, now)) if waits else [],
    )


def _say_about(refund: Refund) -> str:
    """ "Refund of € 121.00 paid on 3 March 2026 by iDEAL · renewal" """
    payment = refund.payment
    paid = f" paid on {say_day(payment.paid_at)}" if payment.paid_at else ""
    what = f" · {shown.say_what(payment.charge)}" if payment.charge else ""
    return f"Refund of {euros(payment.amount)}{paid}{words.say_by(payment.method)}{what}"


QUEUES.add(
    "refunds",
    Queue(
        count=queries.count_waiting,
        list_waiting=lambda actor, now: [make_card(one, actor, now) for one in queries.list_waiting()],
        list_decided=lambda actor, now, most: [make_card(one, actor, now) for one in queries.list_decided()[:most]],
    ),
)

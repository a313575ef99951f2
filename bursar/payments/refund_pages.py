"""Refunds that wait for a second person: the queue, and one of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.access.rights import Right
from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.core import clock
from bursar.payments import words
from bursar.payments.actions.refunds import THEN
from bursar.payments.models import Refund
from bursar.payments.queries import refunds as queries
from bursar.payments.queries import shown
from bursar.payments.rules import refunds as rules
from bursar.payments.states import RefundState, ThenEnd
from bursar.ui.navigation import NavEntry, register

LEVERS = ("approve", "deny")
DECIDED_SHOWN = 20

register(
    NavEntry(
        key="refunds",
        label="Refunds",
        url_name="refunds:queue",
        order=35,
        group="counted",
        help="refunds",
        count=queries.count_waiting,
        right=Right.APPROVE_REFUND,
        holds=("refunds:refund",),
    )
)


@require_GET
def show_queue(request: HttpRequest) -> HttpResponse:
    return _render(request, list(queries.list_waiting()), list(queries.list_decided()[:DECIDED_SHOWN]))


@require_GET
def show_refund(request: HttpRequest, refund_id: str) -> HttpResponse:
    """The one that a notice leads to."""
    found = queries.get_refund(actor_of(request), refund_id)
    return _render(request, [found], [], is_one=True)


def _render(request: HttpRequest, rows: list[Refund], decided: list[Refund], *, is_one: bool = False) -> HttpResponse:
    actor, now = actor_of(request), clock.now()
    context = {
        "rows": [_row(one, Case(actor, one, now)) for one in rows],
        "decided": [_row(one, Case(actor, one, now)) for one in decided],
        "is_one": is_one,
    }
    return render(request, "payments/refunds.html", context)


def _row(refund: Refund, case: Case) -> dict[str, Any]:
    payment = refund.payment
    waits = refund.state == RefundState.ASKED
    until = rules.until_taken_back(queries.paid_of(payment), case.now)
    return {
        "refund": refund,
        "payment": payment,
        "account": payment.account,
        "method": words.say_method(payment.method),
        "what": shown.say_what(payment.charge) if payment.charge else "",
        "then": "" if refund.then_end == ThenEnd.NOTHING else THEN[ThenEnd(refund.then_end)],
        "twice": rules.warn_of_twice(until) if until and waits else "",
        "waits": waits,
        "state": refund.get_state_display(),
        "levers": [_lever(verb, case) for verb in LEVERS] if waits else [],
    }


def _lever(verb: str, case: Case) -> dict[str, Any]:
    made = ACTIONS[f"payments.refund.{verb}"]
    url = reverse("actions:dialog", args=["refund", case.target.public_id, verb])
    return {"label": made.label, "url": url, "why_not": why_not(made, case), "is_main": verb == "approve"}

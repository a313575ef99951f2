"""Where a customer waits for one charge: while Mollie makes the checkout, and after they come back from it.

It says what we know, and asks again by itself; that somebody came back says nothing of whether they paid.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import customer_of
from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.core import clock
from bursar.core.errors import NotFound
from bursar.payments.models import Charge
from bursar.payments.queries import shown
from bursar.payments.queries.asking import RUNNING
from bursar.payments.states import ChargeKind, ChargeState
from bursar.payments.store import hints
from bursar.tenants import scope

SECONDS = {ChargeState.ASKED: 1, ChargeState.OPEN: 2, ChargeState.UNDER_WAY: 10}
"""Between two looks. What is not here does not change while one waits."""
IS_SLOW_AFTER = timedelta(seconds=15)
NEXT_STEPS = {
    ChargeState.FAILED: ("pay_now", "change_method", "check_out"),
    ChargeState.ENDED: ("check_out", "pay_now", "change_plan", "change_method"),
}


@login_required
@require_GET
def show(request: HttpRequest, charge_id: str) -> HttpResponse:
    """`go`: on to the checkout as soon as it is there."""
    actor, now = customer_of(request), clock.now()
    charge = Charge.objects.select_related("account__organisation").filter(public_id=charge_id).first()
    if charge is None or not scope.load(actor, now).may_bill(charge.account):
        raise NotFound
    goes = bool(request.GET.get("go"))
    if goes and charge.state == ChargeState.OPEN and charge.checkout:
        return _go(request, charge.checkout)
    if not goes and not request.headers.get("HX-Request"):
        _ask_anew(charge, now)
    case = Case(actor, charge.account, now)
    return render(request, "payments/pay.html", _context(charge, case, goes=goes))


@require_GET
def show_thanks(request: HttpRequest) -> HttpResponse:
    """Whoever came back from a payment link; often nobody whom we know. It says nothing of what was paid."""
    return render(request, "payments/thanks.html")


def _ask_anew(charge: Charge, now: datetime) -> None:
    """Somebody came back from the checkout, maybe before Mollie told: it is looked up, whatever they say."""
    if charge.state in SECONDS:
        for payment in charge.payments.filter(status__in=RUNNING).exclude(mollie_id=""):
            hints.hint(payment.mollie_id, now, is_awaited=True)


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _context(charge: Charge, case: Case, *, goes: bool) -> dict[str, Any]:
    state, latest = ChargeState(charge.state), shown.get_latest(charge)
    return {
        "charge": charge,
        "account": charge.account,
        "what": shown.say_what(charge),
        "state": shown.say_state(charge, latest),
        "is_proof": charge.kind == ChargeKind.METHOD,
        "goes": goes,
        "seconds": SECONDS.get(state, 0),
        "problem": _say_problem(charge, case),
        "steps": [_step(verb, case) for verb in NEXT_STEPS.get(state, ()) if _can(verb, case)][:2],
        "until": shown.say_until(charge),
    }


def _say_problem(charge: Charge, case: Case) -> str:
    """Why the checkout is not there yet, once that takes longer than it should."""
    if charge.state != ChargeState.ASKED:
        return ""
    call = shown.get_call(charge)
    is_slow = call is not None and case.now - call.made_at > IS_SLOW_AFTER
    return (call.problem or "Our payment provider takes longer than usual.") if is_slow and call else ""


def _can(verb: str, case: Case) -> bool:
    return why_not(ACTIONS[f"payments.account.{verb}"], case) is None


def _step(verb: str, case: Case) -> dict[str, str]:
    address = reverse("actions:dialog", args=["account", case.target.public_id, verb], current_app="own_actions")
    return {"label": ACTIONS[f"payments.account.{verb}"].title, "url": address}

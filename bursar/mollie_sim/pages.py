"""What people see: the checkout, a payment's state for tests, and a desk with the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import escape

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from bursar.core.days import say_day, say_instant
from bursar.core.money import format_money
from bursar.mollie_sim import html
from bursar.mollie_sim.links import open_link, why_not_payable
from bursar.mollie_sim.objects import Payment
from bursar.mollie_sim.outcomes import decide
from bursar.mollie_sim.returned import charge_back
from bursar.mollie_sim.simulator import Simulator
from bursar.mollie_sim.words import BANK_FAILURES, CARD_FAILURES, FIRST, METHODS, list_methods

Show = Callable[[Simulator, Request, str], Response]
SHOWN = 50
STEPS = {"1": "A day on", "7": "A week on", "31": "31 days on", "366": "366 days on"}


def respond(simulator: Simulator, request: Request) -> Response:
    try:
        show, values = _MAP.bind_to_environ(request.environ).match()
        with_what: str = values.get("id", "")
        answer: Response = show(simulator, request, with_what)
        return answer
    except HTTPException as error:
        return _page(error.name, html.paragraph("There is nothing at this address."), status=error.code or 404)
    except KeyError:
        return _page("Not found", html.paragraph("There is nothing with this id."), status=404)
    except ValueError as error:
        return _page("Not possible", html.paragraph(str(error)), status=422)


def _page(title: str, *parts: str, status: int = 200) -> Response:
    return Response(html.page(title, *parts), status=status, content_type="text/html; charset=utf-8")


def _amount(payment: Payment) -> str:
    return f"{format_money(payment.amount.value)} {payment.amount.currency}"


def _checkout(simulator: Simulator, request: Request, id: str) -> Response:
    payment = simulator.world.payments[id]
    if payment.status != "open" or payment.sequence == "recurring":
        back = html.anchor(payment.redirect_url, "Back to the shop") if payment.redirect_url else ""
        return _page("This payment is closed", html.paragraph(f"It is {payment.status}."), back)
    if request.method == "POST":
        return _pay(simulator, payment, request)
    allowed = payment.methods or list_methods(payment.sequence)
    usable = [name for name in allowed if payment.sequence != "first" or name in FIRST]
    return _page(
        f"Pay {_amount(payment)}",
        html.paragraph(payment.description),
        html.form(
            f"/checkout/{id}",
            html.choice("method", "Method", [(name, METHODS[name][0]) for name in usable]),
            html.choice("outcome", "How it ends", _outcomes()),
            button="Continue",
        ),
    )


def _outcomes() -> list[tuple[str, str]]:
    failed = [(f"failed:{code}", f"failed: {words}") for code, words in CARD_FAILURES.items()]
    return [
        ("paid", "paid"),
        ("failed", "failed"),
        ("canceled", "cancelled by the customer"),
        ("expired", "expired"),
        ("pending", "pending: the bank takes its time"),
        ("open", "left open: the customer goes away"),
        *failed,
    ]


def _pay(simulator: Simulator, payment: Payment, request: Request) -> Response:
    outcome, method = request.form.get("outcome", "paid"), request.form.get("method", payment.method)
    with simulator.world.lock:
        if method not in METHODS or (payment.methods and method not in payment.methods):
            raise ValueError(f"this payment cannot be made by {method}")
        payment.method = method
        if outcome != "open":
            decide(simulator.world, payment, outcome)
    where = payment.cancel_url if outcome == "canceled" and payment.cancel_url else payment.redirect_url
    return redirect(where or f"/checkout/{payment.id}", 303)


def _change(simulator: Simulator, request: Request, id: str) -> Response:
    """Of a payment that nobody checks out: a charge by a mandate, one that is pending, one that is paid."""
    payment = simulator.world.payments[id]
    if request.method == "POST":
        outcome = request.form.get("outcome", "")
        with simulator.world.lock:
            if outcome == "chargeback":
                charge_back(simulator.world, payment)
            else:
                decide(simulator.world, payment, outcome)
        return redirect(f"/change/{id}", 303)
    failed = BANK_FAILURES if payment.method == "directdebit" else CARD_FAILURES
    options = [(f"failed:{code}", f"failed: {words}") for code, words in failed.items()]
    if payment.status == "paid":
        options.insert(0, ("chargeback", "charged back"))
    else:
        options = [("paid", "paid"), ("canceled", "cancelled"), ("expired", "expired"), *options]
    return _page(
        f"{_amount(payment)}: {payment.status}",
        html.paragraph(f"{payment.description} ({payment.id}, {payment.method or 'no method yet'})"),
        html.form(f"/change/{id}", html.choice("outcome", "Make it", options), button="Change"),
        html.anchor("/", "The desk"),
    )


def _open_link(simulator: Simulator, request: Request, id: str) -> Response:
    with simulator.world.lock:
        link = {one.token: one for one in simulator.world.links.values()}[id]
        problem = why_not_payable(link, simulator.world)
        if problem:
            return _page("Payment link", html.paragraph(problem))
        payment = open_link(link, simulator.world)
    return redirect(f"/checkout/{payment.id}", 303)


def _desk(simulator: Simulator, request: Request, id: str) -> Response:
    if request.method == "POST":
        simulator.advance(timedelta(days=int(request.form["days"])))
        return redirect("/", 303)
    with simulator.world.lock:
        payments = list(simulator.world.payments.values())[-SHOWN:][::-1]
        subscriptions = list(simulator.world.subscriptions.values())[-SHOWN:][::-1]
        return _page(
            f"It is {say_instant(simulator.clock.now(), is_short=False)}",
            html.buttons("/", "days", STEPS.items()),
            html.heading("Payments"),
            html.table(["When", "Amount", "For", "Status"], [_row(payment) for payment in payments]),
            html.heading("Subscriptions"),
            html.table(
                ["Next", "Amount", "For", "Status"],
                [
                    [say_day(one.next_date) or "–", format_money(one.amount.value), escape(one.description), one.status]
                    for one in subscriptions
                ],
            ),
        )


def _row(payment: Payment) -> list[str]:
    where = "checkout" if payment.status == "open" and payment.sequence != "recurring" else "change"
    status = html.anchor(f"/{where}/{payment.id}", payment.status)
    return [say_instant(payment.created_at), _amount(payment), escape(payment.description), status]


def _customer(simulator: Simulator, request: Request, id: str) -> Response:
    customer = simulator.world.customers[id]
    rows = [_row(payment) for payment in customer.payments[::-1]]
    return _page(
        customer.name or customer.id,
        html.paragraph(customer.email or ""),
        html.table(["When", "Amount", "For", "Status"], rows),
    )


_PAGES: list[tuple[str, Show, list[str]]] = [
    ("/", _desk, ["GET", "POST"]),
    ("/checkout/<id>", _checkout, ["GET", "POST"]),
    ("/change/<id>", _change, ["GET", "POST"]),
    ("/pay/<id>", _open_link, ["GET"]),
    ("/dashboard/payments/<id>", _change, ["GET"]),
    ("/dashboard/customers/<id>", _customer, ["GET"]),
]
_MAP = Map([Rule(path, endpoint=show, methods=methods) for path, show, methods in _PAGES])

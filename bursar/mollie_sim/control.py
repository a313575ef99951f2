"""What only a simulator can: time, causes, faults. JSON under /control; `{"problem": …}` for what cannot be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from bursar.mollie_sim.answers import Json
from bursar.mollie_sim.faults import KINDS
from bursar.mollie_sim.outcomes import decide
from bursar.mollie_sim.posting import Delivery
from bursar.mollie_sim.records import dump, load
from bursar.mollie_sim.returned import charge_back, reverse, set_refund_status
from bursar.mollie_sim.settlements import settle
from bursar.mollie_sim.simulator import Simulator
from bursar.mollie_sim.standing import set_mandate_status
from bursar.mollie_sim.words import BANK_FAILURES, read_outcome

Verb = Callable[[Simulator, dict[str, str], Json], Any]
LOG_SHOWN = 200


def respond(simulator: Simulator, request: Request) -> Response:
    try:
        verb, ids = _MAP.bind_to_environ(request.environ).match()
        body = json.loads(request.get_data() or b"{}")
        if not isinstance(body, dict):
            raise ValueError("the body is no JSON object")
        said = verb(simulator, ids, body)
    except HTTPException as error:
        return _json({"problem": f"{error.name}; there is {', '.join(rule.rule for rule in _MAP.iter_rules())}"}, 404)
    except KeyError as error:
        return _json({"problem": f"there is no {error}"}, 422)
    except (ValueError, TypeError) as error:
        return _json({"problem": str(error)}, 422)
    return _json(said if said is not None else _state(simulator, {}, {}), 200)


def _json(body: Any, status: int) -> Response:
    return Response(json.dumps(body, default=str, indent=1), status=status, content_type="application/json")


def _state(simulator: Simulator, ids: dict[str, str], body: Json) -> Json:
    with simulator.world.lock:
        return {
            "now": simulator.clock.now().isoformat(),
            "config": asdict(simulator.world.config),
            "held": simulator.world.counts(),
            "faults": [asdict(fault) for fault in simulator.faults.standing],
            "webhooks": {"waiting": len(simulator.post.waiting), "lost": len(simulator.post.lost)},
        }


def _clock(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    """{"days": 30}, with hours or minutes too; or {"to": an instant}."""
    if "to" in body:
        to = datetime.fromisoformat(body["to"])
        by = to - simulator.clock.now()
    else:
        by = timedelta(**body)
    if by < timedelta():
        raise ValueError("the clock does not go back")
    simulator.advance(by)


def _config(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    simulator.configure(**body)


def _payment(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    """{"outcome": "failed:card_expired"}; of a debit "failed:AM04", up to five business days after it was paid."""
    with simulator.world.lock:
        payment = simulator.world.payments[ids["id"]]
        if "method" in body:
            payment.method = body["method"]
        decide(simulator.world, payment, body["outcome"])


def _chargeback(simulator: Simulator, ids: dict[str, str], body: Json) -> Json:
    """{"value": "10.00", "reason": "MD06"}; without a value all that is left."""
    try:
        value = Decimal(body["value"]) if "value" in body else None
    except InvalidOperation:
        raise ValueError(f"“{body['value']}” is no amount") from None
    code = body.get("reason", "MD06")
    if code not in BANK_FAILURES:
        raise ValueError(f"there is no reason “{code}”; there are {', '.join(BANK_FAILURES)}")
    with simulator.world.lock:
        return {"id": charge_back(simulator.world, simulator.world.payments[ids["id"]], value, code).id}


def _reverse(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    with simulator.world.lock:
        reverse(simulator.world, simulator.world.chargebacks[ids["id"]])


def _refund(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    """{"status": "failed"}"""
    with simulator.world.lock:
        set_refund_status(simulator.world, simulator.world.refunds[ids["id"]], body["status"])


def _mandate(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    """{"next": ["failed:card_expired", "paid"]}: how its next charges end. {"status": "invalid"}: by its bank."""
    with simulator.world.lock:
        mandate = simulator.world.mandates[ids["id"]]
        for outcome in body.get("next", []):
            read_outcome(outcome)
        mandate.next = list(body.get("next", mandate.next))
        if "status" in body:
            if body["status"] not in ("valid", "pending", "invalid"):
                raise ValueError(f"“{body['status']}” is no status of a mandate")
            set_mandate_status(simulator.world, mandate, body["status"])


def _subscription(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    """{"status": "suspended"}, canceled or active: what Mollie does by itself."""
    simulator.set_subscription_status(simulator.world.subscriptions[ids["id"]], body["status"])


def _fail(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    """{"kind": "down", "times": 3, "path": "/v2/payments", "method": "POST"}"""
    if "kind" not in body:
        raise ValueError(f"name a kind: {', '.join(KINDS)}")
    simulator.fail(**body)


def _heal(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    simulator.heal()


def _webhooks(simulator: Simulator, ids: dict[str, str], body: Json) -> Json:
    with simulator.world.lock:
        post = simulator.post
        parts = {"waiting": post.waiting, "lost": post.lost, "done": list(post.log)}
        return {name: [_shown(one) for one in deliveries[-LOG_SHOWN:]] for name, deliveries in parts.items()}


def _shown(delivery: Delivery) -> Json:
    return {
        "number": delivery.number,
        "payment": delivery.payment_id,
        "about": delivery.about,
        "url": delivery.parcel.url,
        "due": delivery.due_at.isoformat(),
        "answers": delivery.answers,
    }


def _deliver(simulator: Simulator, ids: dict[str, str], body: Json) -> Json:
    return {"sent": simulator.deliver()}


def _dump(simulator: Simulator, ids: dict[str, str], body: Json) -> Json:
    with simulator.world.lock:
        return dump(simulator.world)


def _load(simulator: Simulator, ids: dict[str, str], body: Json) -> None:
    """A history: {"customers": [{"id": "cst_1", …}], "payments": […]}, with the fields that GET gives."""
    with simulator.world.lock:
        load(simulator.world, body)


def _settle(simulator: Simulator, ids: dict[str, str], body: Json) -> Json:
    """{"fee": "0.29"}: what is kept of each payment; nothing without it."""
    try:
        fee = Decimal(body.get("fee", "0"))
    except InvalidOperation:
        raise ValueError(f"“{body['fee']}” is no amount") from None
    with simulator.world.lock:
        return {"id": settle(simulator.world, fee).id}


_VERBS: list[tuple[str, str, Verb]] = [
    ("GET", "/control/", _state),
    ("POST", "/control/clock", _clock),
    ("POST", "/control/config", _config),
    ("POST", "/control/payments/<id>", _payment),
    ("POST", "/control/payments/<id>/chargeback", _chargeback),
    ("POST", "/control/chargebacks/<id>/reverse", _reverse),
    ("POST", "/control/refunds/<id>", _refund),
    ("POST", "/control/mandates/<id>", _mandate),
    ("POST", "/control/subscriptions/<id>", _subscription),
    ("POST", "/control/faults", _fail),
    ("DELETE", "/control/faults", _heal),
    ("GET", "/control/webhooks", _webhooks),
    ("POST", "/control/webhooks/deliver", _deliver),
    ("POST", "/control/settlements", _settle),
    ("GET", "/control/records", _dump),
    ("POST", "/control/records", _load),
]
_MAP = Map([Rule(path, endpoint=verb, methods=[method]) for method, path, verb in _VERBS])

"""The WSGI application: Mollie's v2 API under /v2, the customer's pages, and under /control what Mollie has not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from time import sleep
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from bursar.mollie_sim import control, pages
from bursar.mollie_sim.answers import Answer, ApiError, Json
from bursar.mollie_sim.call import Call
from bursar.mollie_sim.faults import Fault, after, before
from bursar.mollie_sim.routes import API, Endpoint
from bursar.mollie_sim.simulator import Exchange, Simulator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HAL = "application/hal+json"


def _rules() -> Iterable[Rule]:
    for method, path, endpoint in API:
        yield Rule(f"/v2{path}", endpoint=endpoint, methods=[method])


class App:
    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self._map = Map(_rules(), strict_slashes=True, merge_slashes=False)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        self.simulator.catch_up()
        self.simulator.is_changed |= request.method != "GET"
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.headers.get("Origin", request.host_url.rstrip("/")) != request.host_url.rstrip("/"):
            return Response("Another site's pages may not ask here.", status=403)  # one that is open in the browser
        if request.path.startswith("/control/"):
            return control.respond(self.simulator, request)
        if not request.path.startswith("/v2/"):
            return pages.respond(self.simulator, request)
        fault = self.simulator.faults.take(request.method, request.path)
        if fault and fault.kind == "nonsense":
            return Response("<!doctype html><title>It works</title>", content_type="text/html")
        answer = self._guarded(request, fault)
        self._record(request, answer)
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        return Response(body, status=answer.status, headers=answer.headers, content_type=HAL)

    def _guarded(self, request: Request, fault: Fault | None) -> Answer:
        try:
            if fault and (instead := before(fault)):
                return instead
            answer = self._once(request, fault)
            return after(fault, answer) if fault else answer
        except ApiError as error:
            return Answer(error.status, error.body)
        finally:
            if fault and fault.kind == "hanging":
                sleep(fault.seconds)

    def _once(self, request: Request, fault: Fault | None) -> Answer:
        """Does it, or repeats the first answer that this key got."""
        credential = _credential(request)
        key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
        if key:
            asked = (request.full_path, request.get_data())
            with self.simulator.world.lock:
                first = self.simulator.replays.start(credential, key, asked, self.simulator.clock.now())
            if first:
                return first
        answer = None
        try:
            if fault and fault.kind == "slow":
                sleep(fault.seconds)
            answer = self._do(request, credential)
            return answer
        finally:
            if key:
                with self.simulator.world.lock:
                    self.simulator.replays.finish(credential, key, answer)

    def _do(self, request: Request, credential: str) -> Answer:
        try:
            endpoint, ids = self._map.bind_to_environ(request.environ).match()
        except NotFound:
            return _refusal(ApiError(404, "No entity exists here"))
        except HTTPException as error:
            return _refusal(ApiError(405, f"{error.name}: {request.method} {request.path}"))
        try:
            with self.simulator.world.lock:
                return _call(self.simulator, request, credential, endpoint, dict(ids))
        except ApiError as error:
            return _refusal(error)

    def _record(self, request: Request, answer: Answer) -> None:
        if self.simulator.records:
            headers = {**answer.headers, "Content-Type": HAL}
            sent = request.get_json(force=True, silent=True) or {}
            exchange = Exchange(
                request.method, request.path, request.args.to_dict(), sent, answer.status, headers, answer.body
            )
            self.simulator.exchanges.append(exchange)


def _refusal(error: ApiError) -> Answer:
    return Answer(error.status, error.body)


def _credential(request: Request) -> str:
    kind, _, credential = request.headers.get("Authorization", "").partition(" ")
    prefix, _, rest = credential.partition("_")
    if kind != "Bearer" or prefix not in ("test", "live", "access") or not rest:
        raise ApiError(401, "Missing authentication, or failed to authenticate")
    return credential


def _call(simulator: Simulator, request: Request, credential: str, endpoint: Endpoint, ids: dict[str, str]) -> Answer:
    body, query = _body(request), request.args.to_dict()
    prefix = credential.partition("_")[0]
    is_token = prefix == "access"
    if is_token:
        wants_test = "true" in (str(body.pop("testmode", "")).lower(), query.pop("testmode", ""))
        mode = "test" if wants_test else "live"
    else:
        mode = prefix
    base = request.host_url.rstrip("/")
    return endpoint(Call(simulator.world, mode, is_token, base, request.path, ids, query, body))


def _body(request: Request) -> Json:
    """Raises ApiError for what is no JSON object."""
    if not request.get_data():
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ApiError(400, "The request body is no JSON object")
    return dict(body)

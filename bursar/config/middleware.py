"""Who asks, whether they may stand here at all, and how a refusal is answered."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import structlog
from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from bursar.access import confirm
from bursar.access.actor import Actor, ActorKind
from bursar.access.models import User
from bursar.access.request import whom_to_ask
from bursar.access.rights import Right
from bursar.config.actors import actor_for, actor_of_token, why_no_factor
from bursar.config.operator import REQUESTS, SECONDS
from bursar.config.stale import is_own
from bursar.config.unavailable import answer as answer_unavailable
from bursar.core import clock
from bursar.core.addresses import split_address
from bursar.core.api import refusal as refuse_json
from bursar.core.errors import BadRequest, NotFound, Refusal, TooLarge, TooMany, Unavailable
from bursar.core.faults import as_unavailable, sqlstate_of
from bursar.core.limits import is_over
from bursar.staff.models import ApiToken
from bursar.staff.queries import note_seen

Next = Callable[[HttpRequest], HttpResponseBase]
BAD_TOKENS = 30
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}  # RFC 9110 and 5789
WITH_A_PAGE = (403, 404, 429)  # what their headline says better than "Not possible"
FOR_STAFF = ("/panel/", "/handbook/")
QUIET = ("/static/", "/healthz", "/readyz", "/metrics")
log = structlog.get_logger("bursar.web")
_REQUEST_ID = re.compile(r"[\w.-]{8,64}\Z", re.ASCII)


class RequestIdMiddleware:
    """One id for a request's logs and book lines; a proxy's is taken when it is well formed."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.match(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        if not request.path.startswith(QUIET):
            _note(request, response, time.perf_counter() - started)
        return response


def _note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """One line and one measure a request: the route and ids only, never a name, an address or a query."""
    match = request.resolver_match
    route = match.route if match else "(none)"
    actor = getattr(request, "actor", None)
    method = request.method if request.method in METHODS else "other"  # what somebody invents is no label
    REQUESTS.labels(method, route, response.status_code).inc()
    SECONDS.labels(route).observe(seconds)
    log.info(
        "request",
        method=method,
        route=route,
        status=response.status_code,
        ms=round(seconds * 1000),
        actor=actor.id if actor else "",
    )


class ActorMiddleware:
    """Sets `request.actor`: None for a visitor who has not signed in."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path:
            return refuse(request, BadRequest("This address holds a character that means nothing."))
        try:
            request.actor = self._find(request)  # type: ignore[attr-defined]
        except TooMany as refusal:
            return refuse(request, refusal)
        return self.get_response(request)

    def _find(self, request: HttpRequest) -> Actor | None:
        if request.path.startswith((settings.STATIC_URL, "/healthz", "/readyz", "/metrics", "/api/product/")):
            return None
        secret = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if secret and _is_under(request.path, "/api/v1/"):
            request.user = AnonymousUser()  # a token speaks for itself: no session beside it
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # no cookie, no forgery
            return self._of_token(request, secret)
        if not isinstance(request.user, User):
            return None
        actor = actor_for(request.user)
        if actor.staff_id is not None:
            note_seen(actor.staff_id, clock.now())
            actor = replace(actor, confirmed_at=confirm.find_confirmed_at(request))
        return actor

    def _of_token(self, request: HttpRequest, secret: str) -> Actor | None:
        token = ApiToken.find(secret, clock.now())
        if token is not None:
            return actor_of_token(token)
        if is_over("api token", get_client_ip(request) or "", BAD_TOKENS, 60):
            raise TooMany
        return None


class GateMiddleware:
    """Every address of the panel, the handbook and the API, existing or not.

    Strangers: the sign-in page, or 401. Signed in without the right to read: 404, as if there were nothing.
    A part of a page that is fetched by itself gets 401 too: the page says it, and keeps what was typed.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._pass(request)
        is_sent_away = response.status_code == 302 and response.headers["Location"].startswith(settings.LOGIN_URL)
        if is_sent_away and request.headers.get("HX-Request"):
            return HttpResponse("Sign in first.", status=401, content_type="text/plain; charset=utf-8")
        return response

    def _pass(self, request: HttpRequest) -> HttpResponseBase:
        is_api = _is_under(request.path, "/api/") and not _is_under(request.path, "/api/product/")
        is_panel = any(_is_under(request.path, prefix) for prefix in FOR_STAFF)
        if _is_under(request.path, "/actions/") and request.actor is None:  # type: ignore[attr-defined]  # set just above
            return _lead_to_sign_in(request)
        if is_api or is_panel:
            actor = request.actor  # type: ignore[attr-defined]  # set just above
            if actor is None:
                if is_api:
                    return refuse_json(401, "unauthenticated", "Sign in first.")
                return _lead_to_sign_in(request)
            if actor.kind is not ActorKind.STAFF or not actor.can(Right.READ):
                sentence = whom_to_ask(request)
                return refuse(request, NotFound(sentence) if sentence else NotFound())
            missing = why_no_factor(actor)
            if missing:
                if is_api:
                    return refuse_json(403, "second_factor", missing)
                messages.warning(request, missing)
                return HttpResponseRedirect(reverse("mfa_index"))
        return self.get_response(request)


def _lead_to_sign_in(request: HttpRequest) -> HttpResponse:
    """And from there back: to the page that an export or another form was sent from, since that takes no GET."""
    here = request.get_full_path()
    if request.method != "GET" and is_own(request):
        sent_from = split_address(request.headers.get("Referer", ""))
        here = f"{sent_from.path}?{sent_from.query}".rstrip("?") or here
    return redirect_to_login(here, settings.LOGIN_URL)


def _is_under(path: str, prefix: str) -> bool:
    return path.startswith(prefix) or path == prefix.rstrip("/")


class RefusalMiddleware:
    """Expected refusals are quiet 4xx answers with their sentence; everything else stays a loud 500."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RequestDataTooBig):
            exception = TooLarge()
        return refuse(request, exception) if isinstance(exception, Refusal) else self._told(request, exception)

    def _told(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What the database alone is to blame for: one line in the log, without a traceback."""
        unavailable = as_unavailable(exception)
        if unavailable is None:
            return None
        log.warning("database_unavailable", why=str(exception).strip().split("\n")[0], sqlstate=sqlstate_of(exception))
        return answer_unavailable(request, unavailable)


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal as JSON for programs, as a page for people."""
    if isinstance(refusal, Unavailable):
        return answer_unavailable(request, refusal)
    if _is_under(request.path, "/api/"):
        return refuse_json(refusal.status, refusal.code, refusal.sentence, getattr(refusal, "fields", {}))
    template = f"{refusal.status}.html" if refusal.status in WITH_A_PAGE else "refused.html"
    response = render(request, template, {"sentence": refusal.sentence}, status=refusal.status)
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.seconds)
    return response

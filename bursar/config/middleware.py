"""Who asks, whether they may stand here at all, and how a refusal is answered."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render

from bursar.access.actor import ActorKind
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.config.actors import actor_for
from bursar.core.errors import BadRequest, NotFound, Refusal

Next = Callable[[HttpRequest], HttpResponseBase]
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
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ActorMiddleware:
    """Sets `request.actor`: None for a visitor who has not signed in."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", ""):
            return refuse(request, BadRequest("This address holds a character that means nothing."))
        needs_actor = not request.path.startswith((settings.STATIC_URL, "/healthz"))
        signed_in = needs_actor and isinstance(request.user, User)
        request.actor = actor_for(request.user) if signed_in else None  # type: ignore[attr-defined,arg-type]
        return self.get_response(request)


class GateMiddleware:
    """Every panel and API address, existing or not.

    Strangers: the sign-in page, or 401. Signed in without the right to read: 404, as if there were nothing.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        is_api, is_panel = _is_under(request.path, "/api/"), _is_under(request.path, "/panel/")
        if is_api or is_panel:
            actor = request.actor  # type: ignore[attr-defined]  # set just above
            if actor is None:
                if is_api:
                    return refuse_json(401, "unauthenticated", "Sign in first.")
                return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
            if actor.kind is not ActorKind.STAFF or not actor.can(Right.READ):
                return refuse(request, NotFound())
        return self.get_response(request)


def _is_under(path: str, prefix: str) -> bool:
    return path.startswith(prefix) or path == prefix.rstrip("/")


class RefusalMiddleware:
    """Expected refusals are quiet 4xx answers with their sentence; everything else stays a loud 500."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refuse(request, exception) if isinstance(exception, Refusal) else None


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal as JSON for programs, as a page for people."""
    if _is_under(request.path, "/api/"):
        return refuse_json(refusal.status, refusal.code, refusal.sentence, getattr(refusal, "fields", {}))
    template = "404.html" if refusal.status == 404 else "refused.html"
    return render(request, template, {"sentence": refusal.sentence}, status=refusal.status)


def refuse_json(status: int, code: str, sentence: str, fields: dict[str, list[str]] | None = None) -> JsonResponse:
    return JsonResponse({"code": code, "sentence": sentence, "fields": fields or {}}, status=status)

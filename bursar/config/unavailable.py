"""What is answered when the database is busy or away, or something broke: without asking the database anything."""

from __future__ import annotations

import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

from bursar.config.slots import BUSY
from bursar.core.api import refusal as refuse_json
from bursar.core.errors import Unavailable
from bursar.core.faults import as_unavailable

ALL_BUSY = "Bursar is busy: all its page threads have work. Nothing was done; try again in a few seconds."
BROKEN = "Something broke on our side. Nothing was changed. It is in the log."


class BusyMiddleware:
    """Says so to a request that found no slot, before anything asks the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.META.get(BUSY) and request.path != "/readyz":
            return answer(request, Unavailable(ALL_BUSY))
        return self.get_response(request)


def answer(request: HttpRequest, refusal: Unavailable) -> HttpResponse:
    """JSON for programs, the bare sentence for a part of a page, a page that needs nothing else for people."""
    response = _shaped(request, refusal.status, refusal.code, refusal.sentence, "unavailable.html")
    response["Retry-After"] = str(refusal.seconds)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's last resort. What was the database's is said as such, wherever on the way it came up."""
    error = sys.exc_info()[1]
    refusal = as_unavailable(error) if error else None
    return answer(request, refusal) if refusal else _shaped(request, 500, "broken", BROKEN, "500.html")


def _shaped(request: HttpRequest, status: int, code: str, sentence: str, template: str) -> HttpResponse:
    if request.path.startswith("/api/") or not request.accepts("text/html"):
        return refuse_json(status, code, sentence)
    if request.headers.get("HX-Request"):
        return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    again = request.get_full_path() if request.method == "GET" else ""
    return HttpResponse(render_to_string(template, {"sentence": sentence, "again": again}), status=status)

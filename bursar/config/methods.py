"""What HTTP asks of every address alike, and of the APIs' own 404, 405 and 429."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from bursar.core.api import error_body

WAITS = {429: 60, 503: 5}  # seconds: the window of our own limits; what is busy or away is asked again soon
WORDS = {404: ("not_found", "There is nothing at this address."), 405: ("method", "This address takes {allow}.")}


class MethodMiddleware:
    """HEAD is GET without its body; OPTIONS says what an address takes; a 429 or 503 says when to come back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asked = request.method
        if asked == "HEAD":
            request.method = "GET"
        response = self.get_response(request)
        request.method = asked
        if response.status_code == 405:
            response["Allow"] = _allowed(response["Allow"])
        if response.status_code in WAITS:
            response.headers.setdefault("Retry-After", str(WAITS[response.status_code]))
        if isinstance(response, HttpResponse):
            _reshape(request, response)
        if asked == "HEAD":
            _leave_out_body(response)
        return response


def _allowed(methods: str) -> str:
    found = {method.strip() for method in methods.split(",")} | {"OPTIONS"}
    return ", ".join(sorted(found | {"HEAD"} if "GET" in found else found))


def _reshape(request: HttpRequest, response: HttpResponse) -> None:
    """A 405 to OPTIONS is its answer. What the router refuses under /api has the shape that the APIs refuse in."""
    if response.status_code == 405 and request.method == "OPTIONS":
        response.status_code, response.content = 204, b""
        del response["Content-Type"], response["Content-Length"]
    elif request.path.startswith("/api") and response.status_code in WORDS:
        code, words = WORDS[response.status_code]
        if response.headers.get("Content-Type", "").startswith("text/html"):
            sentence = words.format(allow=response.headers.get("Allow", ""))
            response.content = json.dumps(error_body(code, sentence)).encode()
            response["Content-Type"] = "application/json"
            response["Content-Length"] = str(len(response.content))  # that of the page has been counted already


def _leave_out_body(response: HttpResponseBase) -> None:
    if isinstance(response, HttpResponse):
        response["Content-Length"] = str(len(response.content))
        response.content = b""
    else:
        response.streaming_content = []  # type: ignore[attr-defined]  # what streams is no HttpResponse

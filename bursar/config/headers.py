"""What every answer says to the browser: run only our own files, send nothing elsewhere, frame us nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    )
)
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


class SecurityHeadersMiddleware:
    """Pages of a person signed in are kept by no cache on the way, and by no browser's back button."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy())
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if getattr(request, "actor", None) is not None:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def policy(scripts: Iterable[str] = ()) -> str:
    """A form may lead on to the product's sign-in, where there is one.

    `scripts`: hashes of inline scripts that this one answer may run beside our own files.
    """
    server = settings.BURSAR_OIDC_SERVER
    text = POLICY.replace("form-action 'self'", f"form-action 'self' {server}") if server else POLICY
    return text.replace("script-src 'self'", " ".join(["script-src 'self'", *scripts]))

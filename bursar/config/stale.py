"""What came with the keys of a session that is no more: somebody signed in anew, in another tab.

A form that comes from our own page is no forgery then, only old. Nothing was done. What was filled in is kept, and is
sent again with the new keys: by script where a part of a page sent it, by one more click where a whole page did.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from bursar.access.models import User
from bursar.core.addresses import split_address
from bursar.core.api import refusal as refuse_json

STALE = "You signed in anew meanwhile, so nothing was sent yet."
MARK = "Bursar-Stale"  # the pages' script takes the new keys over and sends again
TYPED_ANEW = ("/account/", "/sign-in/", "/sign-out/")  # passwords and codes are never sent back to a page
SECRET = {"confirm", "csrfmiddlewaretoken"}


def refuse(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW. Nothing that comes from elsewhere is ever offered to be sent again."""
    if request.path.startswith("/api/"):
        return refuse_json(403, "csrf", f"CSRF: {reason}")
    if not is_own(request) or reason == REASON_NO_CSRF_COOKIE:
        return render(request, "403_csrf.html", status=403)
    if request.headers.get("HX-Request"):
        return HttpResponse(STALE, status=403, content_type="text/plain", headers={MARK: "yes", "HX-Reswap": "none"})
    if not request.accepts("text/html"):
        return JsonResponse({"code": "stale", "sentence": STALE}, status=403, headers={MARK: "yes"})
    if request.path.startswith(TYPED_ANEW):
        return _lead_back(request)
    kept = [(name, text) for name, texts in request.POST.lists() if name not in SECRET for text in texts]
    return render(request, "stale.html", {"kept": kept, "lost_file": bool(request.FILES)}, status=403)


def is_own(request: HttpRequest) -> bool:
    """Whether a page of this very site sent it. Browsers say so, and no page of another's can."""
    said = split_address(request.headers.get("Origin") or request.headers.get("Referer") or "")
    own = f"{request.scheme}://{request.get_host()}"
    return f"{said.scheme}://{said.netloc}" in (own, *settings.CSRF_TRUSTED_ORIGINS)


def _lead_back(request: HttpRequest) -> HttpResponse:
    """To the same form with new keys; whoever is signed in already goes on to where they wanted."""
    then = request.POST.get("next", "")
    if request.path == "/sign-in/" and isinstance(request.user, User):
        is_ours = url_has_allowed_host_and_scheme(then, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(then if is_ours else "/")
    if not request.path.startswith("/sign-out/"):
        messages.warning(request, "This form was open for long. Fill it in once more.")
    return HttpResponseRedirect(request.get_full_path())

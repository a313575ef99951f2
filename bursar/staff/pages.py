from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bursar.core import clock
from bursar.staff.sign_in import redeem


@never_cache
@require_http_methods(["GET", "POST"])
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET only asks: mail programs open links by themselves. POST signs in, once."""
    if request.method == "GET":
        return render(request, "staff/follow_link.html")
    user = redeem(token, clock.now())
    if user is None:
        return render(request, "staff/link_is_spent.html", status=410)
    login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return HttpResponseRedirect("/")

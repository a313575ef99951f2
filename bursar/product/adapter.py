"""Customers who sign in by the product's OpenID Connect: found by the product's own id, never made here."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base.constants import AuthError
from django.http import HttpRequest
from django.shortcuts import render
from requests import RequestException

from bursar.access.models import User
from bursar.product.sign_in import find_customer
from bursar.tenants.models import Person

log = structlog.get_logger("bursar.sign_in")


class ProductSignInAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """The subject is the product's id of a person. An address alone opens nothing, and nobody becomes staff."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        claims = sociallogin.account.extra_data.get("id_token", {})
        if not claims.get("nonce") or claims["nonce"] != sociallogin.state.get("nonce"):
            self._fail(request, 403, "unproven", "the nonce is not ours")
        person = Person.objects.filter(external_id=sociallogin.account.uid).select_related("user").first()
        user = find_customer(person) if person is not None else None
        if user is None:
            raise ImmediateHttpResponse(render(request, "product/unknown.html", status=403))
        self._connect(request, sociallogin, user)

    def _connect(self, request: HttpRequest, sociallogin: Any, user: User) -> None:
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)
        elif sociallogin.user.pk != user.pk:
            raise ImmediateHttpResponse(render(request, "product/unknown.html", status=403))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Every way to fail, as a page with the way back; why goes to the log."""
        if error == AuthError.CANCELLED:
            self._fail(request, 403, "declined", "the issuer said no")
        if isinstance(exception, RequestException):
            self._fail(request, 503, "away", repr(exception))
        if exception is not None:
            self._fail(request, 403, "unproven", repr(exception))
        if request.GET.get("error"):
            self._fail(request, 403, "declined", request.GET["error"])
        self._fail(request, 400, "lost", "the state is unknown, used, or over ten minutes old")

    def _fail(self, request: HttpRequest, status: int, code: str, why: str) -> None:
        """`code`: which sentence of the page."""
        log.warning("sign-in by the product failed", code=code, why=why[:500])
        raise ImmediateHttpResponse(render(request, "product/not_signed_in.html", {"code": code}, status=status))

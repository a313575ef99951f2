"""Customers who sign in by the product's OpenID Connect: found by the product's own id, never made here."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest
from django.shortcuts import render

from bursar.access.models import User
from bursar.product.sign_in import ensure_user
from bursar.tenants.models import Person


class ProductSignInAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """The subject is the product's id of a person. An address alone opens nothing, and nobody becomes staff."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        person = Person.objects.filter(external_id=sociallogin.account.uid).select_related("user").first()
        user = ensure_user(person) if person is not None else None
        if user is None or not user.is_active:
            raise ImmediateHttpResponse(render(request, "product/unknown.html", status=403))
        self._connect(request, sociallogin, user)

    def _connect(self, request: HttpRequest, sociallogin: Any, user: User) -> None:
        if not sociallogin.is_existing:
            sociallogin.connect(request, user)
        elif sociallogin.user.pk != user.pk:
            raise ImmediateHttpResponse(render(request, "product/unknown.html", status=403))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

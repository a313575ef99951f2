from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest
from django.urls import reverse

from bursar.access.models import User
from bursar.core import cipher
from bursar.staff.queries import get_staff

PURPOSE = "second factor"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by themselves: staff are added by staff, customers come from the product."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where somebody lands who asked for no page: staff at their work, everybody else at what they have."""
        if isinstance(request.user, User) and get_staff(request.user) is not None:
            return reverse("panel:home")
        landing: str = super().get_login_redirect_url(request)
        return landing


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets of authenticators and recovery codes are encrypted with a key derived from the secret key."""

    def encrypt(self, text: str) -> str:
        return cipher.encrypt(PURPOSE, text)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.decrypt(PURPOSE, encrypted_text)

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from bursar.core import cipher
from bursar.core.errors import TooMany

PURPOSE = "second factor"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by themselves: staff are added by staff, customers come from the product."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """The library says no for one reason alone here; as a fault of the form it would look like a wrong password."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            raise TooMany("Too many failed tries to sign in. Wait five minutes, then try again.", 300) from None


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets of authenticators and recovery codes are encrypted with a key derived from the secret key."""

    def encrypt(self, text: str) -> str:
        return cipher.encrypt(PURPOSE, text)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.decrypt(PURPOSE, encrypted_text)

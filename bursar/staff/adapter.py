from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from bursar.core import cipher

PURPOSE = "second factor"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by themselves: staff are added by staff, customers come from the product."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets of authenticators and recovery codes are encrypted with a key derived from the secret key."""

    def encrypt(self, text: str) -> str:
        return cipher.encrypt(PURPOSE, text)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.decrypt(PURPOSE, encrypted_text)

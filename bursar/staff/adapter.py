from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from bursar.access.models import User
from bursar.core import cipher, clock
from bursar.core.addresses import NOTHING, split_address
from bursar.core.errors import TooMany
from bursar.staff.queries import get_staff
from bursar.staff.sign_in import end_links

PURPOSE = "second factor"
HOME, PANEL = "/", "/panel/"
METHODS = {
    "reauthenticate": "Use your password",
    "mfa_reauthenticate": "Use a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by themselves: staff are added by staff, customers come from the product."""

    error_messages: ClassVar = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This e-mail address and this password do not go together.",
        "incorrect_password": "That is not your password.",
        "enter_current_password": "That is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """What is no address at all is not safe either; the library would raise."""
        return split_address(url) != NOTHING and bool(super().is_safe_url(url))

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:
        return [
            method | {"description": METHODS.get(method["id"], method["description"])}
            for method in super().get_reauthentication_methods(user)
        ]

    def post_login(self, request: HttpRequest, user: User, *, redirect_url: str | None, **more: Any) -> Any:
        """Staff who asked for nothing else land in the panel; their customer's hat is one entry away."""
        asked = redirect_url or request.POST.get("next") or request.GET.get("next") or HOME
        if asked == HOME and get_staff(user) is not None:
            redirect_url = PANEL
        return super().post_login(request, user, redirect_url=redirect_url, **more)

    def set_password(self, user: User, password: str) -> None:
        """The other sessions end by themselves, since Django binds them to the password; links would still let in."""
        super().set_password(user, password)
        end_links(user, clock.now())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """The library says no for one reason alone here; as a fault of the form it would look like a wrong password."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            raise TooMany("Too many failed tries to sign in. Wait five minutes, then try again.", 300) from None


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets of authenticators and recovery codes are encrypted with a key derived from the secret key."""

    error_messages: ClassVar = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code does not hold. An app soon shows a new one; a recovery code works once.",
        "cannot_generate_recovery_codes": "Recovery codes need a second factor first.",
    }

    def generate_authenticator_name(self, user: User, type: str) -> str:
        """What a key is called until its owner names it."""
        had = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {had + 1}" if had else "Passkey"

    def encrypt(self, text: str) -> str:
        return cipher.encrypt(PURPOSE, text)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.decrypt(PURPOSE, encrypted_text)

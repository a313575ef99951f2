from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from bursar.access.models import User


class SignInBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """The user of a session comes with both hats in one statement."""

    def get_user(self, user_id: Any) -> User | None:
        user = User.objects.filter(pk=user_id).select_related("staff", "person").first()
        return user if user is not None and user.is_active else None

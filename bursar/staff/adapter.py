from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by themselves: staff are added by staff, customers come from the product."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

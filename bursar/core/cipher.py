"""Secrets that must be readable again: encrypted with a key derived from the secret key, another one a purpose."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class Unreadable(Exception):
    """It was encrypted under another secret key, or was changed."""


def encrypt(purpose: str, text: str) -> str:
    return _cipher(purpose).encrypt(text.encode()).decode()


def decrypt(purpose: str, token: str) -> str:
    """Raises Unreadable."""
    try:
        return _cipher(purpose).decrypt(token.encode()).decode()
    except InvalidToken:
        raise Unreadable(f"The {purpose} cannot be read with the present secret key.") from None


def _cipher(purpose: str) -> Fernet:
    digest = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))

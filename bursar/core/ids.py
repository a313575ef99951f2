"""Bursar's own public ids: a prefix that tells the kind, and 80 random bits in Crockford's base 32."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import models

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def encode(bits: int, length: int = 16) -> str:
    """The last `length` × 5 bits as base 32."""
    return "".join(_ALPHABET[(bits >> (5 * place)) & 31] for place in reversed(range(length)))


def public_id(prefix: str) -> str:
    return f"{prefix}_{encode(secrets.randbits(80))}"


if TYPE_CHECKING:
    TextField = models.CharField[str, str]
else:
    TextField = models.CharField


class PublicIdField(TextField):
    """A unique, never changing id such as `acc_0k3j…`, made when the row is."""

    def __init__(self, *args: Any, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        kwargs.update(max_length=24, unique=True, editable=False, default=partial(public_id, prefix))
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for derived in ("max_length", "unique", "editable", "default"):
            kwargs.pop(derived, None)
        return name, path, args, {**kwargs, "prefix": self.prefix}

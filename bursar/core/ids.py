"""Bursar's own public ids: a prefix that tells the kind, and 80 random bits in Crockford's base 32."""

from __future__ import annotations

import re
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import models

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 24
_ID = re.compile(rf"[a-z0-9_]{{1,{LENGTH}}}", re.ASCII)


def encode(bits: int, length: int = 16) -> str:
    """The last `length` × 5 bits as base 32."""
    return "".join(_ALPHABET[(bits >> (5 * place)) & 31] for place in reversed(range(length)))


def public_id(prefix: str) -> str:
    return f"{prefix}_{encode(secrets.randbits(80))}"


def is_public_id(text: str) -> bool:
    """Whether it has the form of one; asked before it is looked for, kept or shown anywhere."""
    return _ID.fullmatch(text) is not None


if TYPE_CHECKING:
    TextField = models.CharField[str, str]
else:
    TextField = models.CharField


class PublicIdField(TextField):
    """A unique, never changing id such as `acc_0k3j…`, made when the row is."""

    def __init__(self, *args: Any, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        kwargs.update(max_length=LENGTH, unique=True, editable=False, default=partial(public_id, prefix))
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for derived in ("max_length", "unique", "editable", "default"):
            kwargs.pop(derived, None)
        return name, path, args, {**kwargs, "prefix": self.prefix}

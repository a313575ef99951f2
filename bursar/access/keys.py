"""Secrets that programs carry: shown once, kept as a digest, with an end and a last use."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from bursar.core import clock

USE_IS_NOTED_EVERY = timedelta(minutes=1)


def digest_of(secret: str) -> str:
    """Random secrets of 256 bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_secret(prefix: str) -> str:
    return f"{prefix}_{secrets.token_urlsafe(32)}"


class Key(models.Model):
    """`hint`: the secret's last four letters, so that a person can tell which one it is."""

    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"

    def is_live(self, at: datetime) -> bool:
        return not any(end is not None and end <= at for end in (self.revoked_at, self.expires_at))

    @classmethod
    def find(cls, secret: str, now: datetime) -> Self | None:
        """The live key behind `secret`, its use noted at most once a minute."""
        found = cls._default_manager.filter(digest=digest_of(secret)).first()
        if found is None or not found.is_live(now):
            return None
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_IS_NOTED_EVERY)
        if found.last_used_at is None or found.last_used_at < now - USE_IS_NOTED_EVERY:
            cls._default_manager.filter(stale, pk=found.pk).update(last_used_at=now)
        return found

"""What of signing in has run out: sessions and one-time links."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet

from bursar.core.retention import forgets
from bursar.staff.models import SignInLink


@forgets("staff")
def list_old(now: datetime) -> Iterator[QuerySet[Any]]:
    """A link that ran out and one that never was get the same answer, so nobody misses it."""
    yield Session.objects.filter(expire_date__lt=now)
    yield UserSession.objects.filter(~Exists(Session.objects.filter(pk=OuterRef("session_key"))))
    yield SignInLink.objects.filter(expires_at__lt=now)

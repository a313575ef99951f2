"""One-time sign-in links: the token is shown once, only its digest is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from bursar.access.models import User
from bursar.staff.models import SignInLink

LIVES = timedelta(hours=24)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def make_link(user: User, now: datetime, lives: timedelta = LIVES) -> str:
    """Returns the path of a link that signs `user` in once, within 24 hours or as long as it `lives`."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(user=user, digest=digest_of(token), expires_at=now + lives)
    return f"/sign-in/link/{token}"


def end_links(user: User, now: datetime) -> None:
    """Those that nobody followed yet lead nowhere from now on."""
    SignInLink.objects.filter(user=user, used_at=None, expires_at__gt=now).update(expires_at=now)


def shut_out(user: User, now: datetime) -> int:
    """Ends every session and every link. Returns how many sessions there were."""
    end_links(user, now)
    return end_sessions(user)


def end_sessions(user: User) -> int:
    """Signs the user out everywhere. Returns how many sessions there were."""
    count = 0
    for session in UserSession.objects.filter(user=user):
        session.end()
        count += 1
    return count


def remove_factors(user: User) -> list[str]:
    """Authenticator, passkeys and recovery codes. Returns what there was, in words."""
    found = Authenticator.objects.filter(user=user)
    words = sorted({str(one.get_type_display()).lower() for one in found})
    found.delete()
    return words


@transaction.atomic
def redeem(token: str, now: datetime) -> User | None:
    """The user, once; None for a link that is unknown, used, too old, or of somebody deactivated."""
    link = SignInLink.objects.select_for_update(no_key=True).filter(digest=digest_of(token)).first()
    if link is None or link.used_at is not None or link.expires_at <= now or not link.user.is_active:
        return None
    link.used_at = now
    link.save(update_fields=["used_at"])
    return link.user

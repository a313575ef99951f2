"""Whether the person at the browser proved lately who they are: asked before dangerous levers."""

from __future__ import annotations

import time
from datetime import timedelta

from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core import ratelimit
from allauth.mfa.base.forms import AuthenticateForm
from django.http import HttpRequest

from bursar.access.models import User
from bursar.core.errors import Forbidden

LASTS = timedelta(minutes=15)


class Unconfirmed(Forbidden):
    """The lever is theirs, but they must prove first that it is still them."""

    code = "confirm"

    def __init__(self) -> None:
        super().__init__("Confirm first that it is you: sign in afresh, or enter your password or a code.")


def is_needed(request: HttpRequest) -> bool:
    """False for programs with a token, and while the last sign-in or confirmation is under 15 minutes old."""
    user = request.user
    if not isinstance(user, User):
        return False
    records = get_authentication_records(request, user)
    latest = max((record["at"] for record in records), default=0.0)
    return bool(time.time() - latest >= LASTS.total_seconds())


def note_sign_in(request: HttpRequest, method: str) -> None:
    """A sign-in that allauth does not note by itself, such as a one-time link, confirms as well as a password."""
    if isinstance(request.user, User):
        record_authentication(request, request.user, method=method)


def try_confirm(request: HttpRequest, text: str) -> str | None:
    """Takes a password, an authenticator's code or a recovery code. None: confirmed; else the sentence."""
    user = request.user
    if not get_reauthentication_flows(user):
        return "You have no password and no second factor here. Sign in afresh, or add one under “Your sign-in”."
    if not text.strip():
        return "Confirm that it is you: enter your password, or a code of your authenticator."
    if not ratelimit.consume(request, action="reauthenticate", user=user):
        return "Too many tries. Wait a minute, then try again."
    by_password = ReauthenticateForm(user=user, data={"password": text})
    if by_password.is_valid():
        record_authentication(request, user, method="password", reauthenticated=True)
        return None
    by_code = AuthenticateForm(user=user, data={"code": text.replace(" ", "")})
    if by_code.is_valid():
        kind = by_code.authenticator
        record_authentication(request, user, method="mfa", reauthenticated=True, id=kind.pk, type=kind.type)
        kind.record_usage()
        return None
    return "That is neither your password nor a code that holds now."

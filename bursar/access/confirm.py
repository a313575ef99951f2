"""Whether the person at the browser proved lately who they are: asked before dangerous levers."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from allauth.account.forms import ReauthenticateForm
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core import ratelimit
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from bursar.access.actor import Actor, ActorKind
from bursar.access.models import User
from bursar.core import clock
from bursar.core.errors import Forbidden

LASTS = timedelta(minutes=15)


class Unconfirmed(Forbidden):
    """The lever is theirs, but they must prove first that it is still them."""

    code = "confirm"

    def __init__(self) -> None:
        super().__init__("Confirm first that it is you: sign in afresh, or enter your password or a code.")


def is_needed(actor: Actor, now: datetime) -> bool:
    """Only of colleagues in person: not of a program with a token, which was made under a confirmation of its own."""
    if actor.kind is not ActorKind.STAFF or actor.token:
        return False
    return actor.confirmed_at is None or now - actor.confirmed_at >= LASTS


def find_confirmed_at(request: HttpRequest) -> datetime | None:
    """When this browser last gave a proof that is worth something still; None when it is 15 minutes old, or gone.

    What was proven by an authenticator goes with it. A password that changes ends the other sessions anyway.
    """
    user = request.user
    assert isinstance(user, User)
    since = time.time() - LASTS.total_seconds()
    fresh = [record for record in get_authentication_records(request, user) if record["at"] > since]
    factors = {record["id"] for record in fresh if "id" in record}
    held = set(Authenticator.objects.filter(user=user, pk__in=factors).values_list("pk", flat=True)) if factors else ()
    ages = [time.time() - record["at"] for record in fresh if "id" not in record or record["id"] in held]
    return clock.now() - timedelta(seconds=min(ages)) if ages else None


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

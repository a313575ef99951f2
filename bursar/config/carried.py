"""What still holds of an actor that a job carries. One function, asked before each row of what the job does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bursar.access.actor import Actor, ActorKind, Door, operator, system
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.config.actors import actor_for, actor_of_token, why_no_factor
from bursar.core import clock
from bursar.core.errors import Forbidden
from bursar.staff.models import ApiToken


def load_actor(stored: dict[str, Any]) -> Actor:
    """The rights held then and now: never one that came since. Raises Forbidden when they are in no more."""
    door = Door(stored.get("door", Door.JOB))
    if stored["kind"] == ActorKind.SYSTEM:
        return system(stored["id"].removeprefix("system:"), door)
    if stored["kind"] == ActorKind.OPERATOR:
        return operator(stored["id"].removeprefix("operator:"))
    if "rights" not in stored:
        raise Forbidden("This was begun under an earlier release, which did not note with what rights. Begin it anew.")
    present = _present(stored)
    confirmed_at = stored["confirmed_at"] and datetime.fromisoformat(stored["confirmed_at"])
    rights = present.rights & {Right(right) for right in stored["rights"]}
    return replace(present.through(door), rights=rights, confirmed_at=confirmed_at)


def _present(stored: dict[str, Any]) -> Actor:
    """Who they are now. Raises Forbidden."""
    name, user = stored["name"], User.objects.filter(pk=stored["user_id"], is_active=True).first()
    if user is None:
        raise Forbidden(f"{name}, who began this, cannot sign in any more.")
    actor = _of_token(stored["token"]) if stored["token"] else actor_for(user)
    if actor.kind is not ActorKind.STAFF or actor.id != stored["id"]:
        raise Forbidden(f"{name}, who began this, is not staff any more.")
    sentence = why_no_factor(actor)
    if sentence:
        raise Forbidden(sentence)
    return actor


def _of_token(public_id: str) -> Actor:
    token = ApiToken.objects.filter(public_id=public_id).select_related("member__user").first()
    actor = actor_of_token(token) if token is not None and token.is_live(clock.now()) else None
    if actor is None:
        raise Forbidden("The token that began this works no more.")
    return actor

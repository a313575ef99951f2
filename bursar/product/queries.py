"""Reads of the product's door: its keys, and what a workspace is entitled to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from bursar.access.actor import Actor, ActorKind, Door
from bursar.core.errors import NotFound
from bursar.plans.queries import load_catalogue
from bursar.product.models import ApiKey, ImportRun
from bursar.tenants.models import Invitation, Organisation, Person, Workspace
from bursar.usage.queries import TierClock, list_standings
from bursar.usage.rules import calc_entitlement

IMPORTS_SHOWN = 50
M = TypeVar("M")


def get_key(actor: Actor, public_id: str) -> ApiKey:
    found = ApiKey.objects.filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found


def list_keys() -> list[ApiKey]:
    return list(ApiKey.objects.order_by("-created_at", "-id"))


def list_imports() -> list[ImportRun]:
    """Those begun in the panel, newest first."""
    return list(ImportRun.objects.select_related("report").order_by("-created_at", "-id")[:IMPORTS_SHOWN])


def actor_of_key(key: ApiKey) -> Actor:
    """The key is the actor; its scopes say which of the product's doors are open to it."""
    return Actor(
        kind=ActorKind.API_KEY,
        id=key.public_id,
        name=f"{key.name} (API key)",
        door=Door.API,
        all_accounts=True,
        scopes=frozenset(key.scopes),
    )


def get_invitation(external_id: str) -> dict[str, Any]:
    """By the id under which it was pushed or made here. Raises NotFound with a sentence."""
    found = Invitation.objects.select_related("workspace").filter(external_id=external_id).first()
    row = _found(found, "invitation", external_id)
    told = {name: getattr(row, name) for name in ("external_id", "email", "role", "state", "invited_at")}
    return {**told, "workspace": row.workspace.external_id}


def get_workspace(external_id: str) -> Workspace:
    """By the product's id. Raises NotFound with a sentence, as its neighbours do."""
    return _found(Workspace.objects.filter(external_id=external_id).first(), "workspace", external_id)


def get_organisation(external_id: str) -> Organisation:
    return _found(Organisation.objects.filter(external_id=external_id).first(), "organisation", external_id)


def get_person(external_id: str) -> Person:
    return _found(Person.objects.filter(external_id=external_id, erased_at=None).first(), "person", external_id)


def _found(thing: M | None, what: str, external_id: str) -> M:
    if thing is None:
        raise NotFound(f"There is no {what} “{external_id[:100]}”.")
    return thing


def get_entitlement(external_id: str, now: datetime) -> dict[str, Any]:
    """DOMAIN 3: tier, cap, counted, may_record, uploads_locked; and until when that holds by the clock alone.

    Seconds. `valid_until` None: no instant is known. True with the worker stopped.
    """
    workspace = get_workspace(external_id)
    clock = TierClock([workspace.pk])
    tier = clock.at(workspace.pk, now).tier
    standing = list_standings({workspace.pk: tier}, now, is_open=True)[workspace.pk]
    row = load_catalogue().at(tier, now)
    made = calc_entitlement(tier, standing.cap, standing.counted, row.cap_effect)
    changes_at = clock.next_change(workspace.pk, now)
    is_live = workspace.deleted_at is None
    return {
        "workspace": workspace.external_id,
        "tier": made.tier,
        "cap_seconds": made.cap_seconds,
        "counted_seconds": made.counted_seconds,
        "state": standing.state.key,
        "may_record": made.may_record and is_live,
        "uploads_locked": made.uploads_locked or not is_live,
        "is_deleted": not is_live,
        "valid_until": changes_at.isoformat() if changes_at else None,
    }

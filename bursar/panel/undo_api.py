"""What can still be taken back, for programs. Taking it back goes through the inverse's own address."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.access.request import actor_of
from bursar.actions.registry import ACTIONS
from bursar.actions.undo import list_offers
from bursar.core import clock, cursors
from bursar.core.errors import BadRequest
from bursar.panel.undoing import Offer, list_page

router = Router(tags=["undo"])


class OfferOut(Schema):
    """`line`: of the book. `action`: what was done there, to `target`. `take_back`: the address to which `data` and
    `undoes` are posted, with a reason where the action asks for one. `why_not`: empty while it can be taken back.
    """

    line: str
    action: str
    label: str
    target_kind: str
    target: str
    target_id: str
    account: str
    actor: str
    actor_id: str
    at: datetime
    until: datetime
    changes: list[dict[str, Any]]
    take_back: str
    data: dict[str, Any]
    undoes: str
    why_not: str


class OffersOut(Schema):
    offers: list[OfferOut]
    next_cursor: str


def out(offer: Offer) -> dict[str, Any]:
    line, back = offer.line, ACTIONS[offer.made.key]
    return {
        "line": line.public_id,
        "action": line.key,
        "label": line.label,
        "target_kind": line.target_kind,
        "target": offer.told["target"],
        "target_id": line.target_id,
        "account": offer.account,
        "actor": offer.told["actor"],
        "actor_id": line.actor_id,
        "at": line.at,
        "until": offer.until,
        "changes": offer.told["changes"],
        "take_back": f"/api/v1/{back.target_slug}/{line.target_id}/actions/{back.verb_name}",
        "data": offer.data,
        "undoes": "" if back.way_back else line.public_id,
        "why_not": offer.why_not,
    }


@router.get("/undo", operation_id="undo_list", summary="What can still be taken back", response=OffersOut)
def list_undo(
    request: HttpRequest,
    mine: bool = Query(False, description="Only what you did yourself."),  # type: ignore[type-arg]  # ninja types
    cursor: str = "",
    limit: int = Query(50, ge=1, le=200, description="How many; at most 200."),  # type: ignore[type-arg]  # ninja types
) -> dict[str, Any]:
    """Newest first, for 24 hours each. What holds no more is listed with the reason."""
    actor, now = actor_of(request), clock.now()
    before = cursors.decode(cursor, 1)[0] if cursor else None
    if cursor and not isinstance(before, int):
        raise BadRequest(cursors.BROKEN)
    offers, older = list_page(list_offers(now, by=actor.id if mine else "", before=before), actor, now, limit)
    return {"offers": [out(offer) for offer in offers], "next_cursor": cursors.encode([older]) if older else ""}

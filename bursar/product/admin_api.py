"""For staff's programs: the product's keys, never with a secret, and what whoever erases a person may choose from."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.http import HttpRequest
from ninja import Query, Router, Schema

from bursar.access.request import actor_of
from bursar.actions.checks import why_not_permitted
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.core import clock
from bursar.core.errors import Forbidden
from bursar.product import queries, texts
from bursar.product.traces import trace
from bursar.tenants.queries import get_person

router = Router(tags=["keys"])
LIMIT: int = Query(100, ge=1, le=1000, description="How many; at most 1000.")  # type: ignore[type-arg]  # ninja types


class KeyOut(Schema):
    id: str
    name: str
    hint: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    is_live: bool


@router.get("/keys", operation_id="keys_list", summary="The product's API keys", response=list[KeyOut])
def list_keys(request: HttpRequest) -> list[KeyOut]:
    now = clock.now()
    return [
        KeyOut(
            id=key.public_id,
            name=key.name,
            hint=key.hint,
            scopes=key.scopes,
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            is_live=key.is_live(now),
        )
        for key in queries.list_keys()
    ]


class TextOut(Schema):
    id: str
    what: str
    before: str
    word: str
    after: str
    times: int


class TextsOut(Schema):
    texts: list[TextOut]
    has_more: bool


@router.get("/people/{person_id}/texts", operation_id="person_texts", summary="Texts that name them", tags=["accounts"],
            response=TextsOut)  # fmt: skip
def list_texts(request: HttpRequest, person_id: str, limit: int = LIMIT) -> TextsOut:
    """Kept texts of and for others in which the person's name or address stands as plain words, around the first place.

    For whoever may erase them: the ids go into `lines` of that action.
    """
    actor, now = actor_of(request), clock.now()
    person = get_person(actor, person_id)
    if sentence := why_not_permitted(ACTIONS["product.person.erase"], Case(actor, person, now)):
        raise Forbidden(sentence)
    found = texts.find(trace(person), limit)
    return TextsOut(texts=[TextOut(**asdict(line)) for line in found.lines], has_more=not found.is_all)

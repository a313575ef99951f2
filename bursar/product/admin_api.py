"""The product's keys, for staff's programs. A secret is never among them."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from bursar.core import clock
from bursar.product import queries

router = Router(tags=["keys"])


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

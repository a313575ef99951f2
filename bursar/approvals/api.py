"""What waits for a second person, for programs. Deciding goes through the actions' own addresses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from bursar.access.request import actor_of
from bursar.actions.models import Approval
from bursar.approvals import queries
from bursar.core.money import plain

router = Router(tags=["approvals"])


class ApprovalOut(Schema):
    """`action`, `target`, `data`: what is done once it is approved. `amount_eur`: what it moves. `why`: why two."""

    id: str
    action: str
    target: str
    data: dict[str, Any]
    amount_eur: str
    reason: str
    why: str
    asked_by: str
    asked_at: datetime


class ApprovalsOut(Schema):
    approvals: list[ApprovalOut]


@router.get(
    "/approvals",
    operation_id="approvals",
    summary="What waits for a second person, the oldest first",
    response=ApprovalsOut,
)
def list_approvals(request: HttpRequest) -> dict[str, Any]:
    return {"approvals": [_out(row) for row in queries.list_waiting(actor_of(request))]}


def _out(row: Approval) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "action": row.action_key,
        "target": row.target_id,
        "data": row.data,
        "amount_eur": plain(row.amount),
        "reason": row.reason,
        "why": row.why,
        "asked_by": row.asker,
        "asked_at": row.asked_at,
    }

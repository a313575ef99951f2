"""What waits for a second person, and what was decided lately."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bursar.access.actor import Actor
from bursar.actions import second
from bursar.actions.models import Approval, ApprovalState
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.core import naming
from bursar.core.errors import NotFound
from bursar.tenants.models import BillingAccount

AT_MOST = 100


def get_approval(actor: Actor, public_id: str) -> Approval:
    """With what it acts on. For staff; raises NotFound."""
    row = Approval.objects.filter(public_id=public_id).first() if actor.all_accounts else None
    if row is None:
        raise NotFound
    row.target = TARGETS[ACTIONS[row.action_key].target_slug].fetch(actor, row.target_id)
    return row


def list_waiting(actor: Actor) -> list[Approval]:
    """With their targets; who waits longest first. As many as one person decides in a day."""
    return _with_targets(actor, second.list_waiting().order_by("asked_at", "id")[:AT_MOST])


def list_decided(actor: Actor, at_most: int) -> list[Approval]:
    """Newest first; what was withdrawn is not among them."""
    decided = (ApprovalState.APPROVED, ApprovalState.DENIED)
    return _with_targets(actor, Approval.objects.filter(state__in=decided).order_by("-decided_at", "-id")[:at_most])


def list_about(actor: Actor, thing: Any) -> list[Approval]:
    """What waits of an account and of all that is its own, or of one thing; oldest first."""
    which = {"account_id": thing.pk} if isinstance(thing, BillingAccount) else {"target_id": thing.public_id}
    return _with_targets(actor, second.list_waiting().filter(**which).order_by("asked_at", "id"))


def count_waiting() -> int:
    return second.list_waiting().count()


def _with_targets(actor: Actor, rows: Iterable[Approval]) -> list[Approval]:
    """And with the names of today."""
    found = list(rows)
    for row in found:
        row.target = TARGETS[ACTIONS[row.action_key].target_slug].fetch(actor, row.target_id)
    names = naming.read([(row.asker, row.decider) for row in found])
    for row, (asker, decider) in zip(found, names, strict=True):
        row.asker, row.decider = asker, decider
    return found

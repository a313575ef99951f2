"""What waits for a second person: an action as it was sent, and whether it may still be done. The pen of its table."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from bursar.access.actor import Actor
from bursar.actions import checks
from bursar.actions.models import Approval, ApprovalState
from bursar.actions.registry import ACTIONS, target_of
from bursar.actions.request import Request
from bursar.actions.spec import Case, Cleaned, Weighed
from bursar.core import naming
from bursar.core.errors import Invalid, Refusal, Refused
from bursar.core.money import ZERO, euros

PUT_UP = "approvals.approval.put_up"


def weigh(request: Request, case: Case, data: Cleaned) -> Weighed | None:
    """None: it is done at once. Raises Refused where the same waits already."""
    if request.action.second is None or request.is_approved:
        return None
    if find_waiting(request.action.key, request.target_id) is not None:
        raise Refused("The same waits for a second person already. It is decided, or withdrawn, first.")
    weighed = request.action.second(case, data)
    return weighed if weighed.why_second else None


def ask(request: Request, case: Case, weighed: Weighed) -> Approval:
    """Kept as it was sent."""
    row = Approval(
        action_key=request.action.key, target_id=request.target_id, data=dict(request.data),
        account_id=next(iter(target_of(case.target).accounts(case.target)), None), reason=request.reason.strip(),
        message=request.message.strip(), message_for_billing=request.message_for_billing, amount=weighed.amount,
        why=weighed.why_second or "", asker_id=case.actor.id, asker=_name(case.actor), asked_at=case.now,
    )  # fmt: skip
    row.target = case.target
    row.save(force_insert=True)
    return row


def _name(actor: Actor) -> str:
    return naming.keep(naming.say(actor.id, actor.name))


def decide(row: Approval, state: ApprovalState, actor: Actor, now: datetime, note: str = "") -> None:
    row.state, row.decider, row.decided_at, row.note = state.value, _name(actor), now, note
    row.save(update_fields=["state", "decider", "decided_at", "note"])


def request_of(row: Approval, actor: Actor, group: str, *, rehearsed: bool) -> Request:
    """What was asked for, as whoever decides asks for it now."""
    return Request(
        ACTIONS[row.action_key], actor, row.target_id, row.data, row.reason, row.message, group=group,
        message_for_billing=row.message_for_billing, rehearsed=rehearsed, is_approved=True,
    )  # fmt: skip


def why_not_carry_out(row: Approval, actor: Actor, now: datetime) -> str | None:
    """All that the door asks, asked again: what was true when it was asked for may not be any more."""
    request, case = request_of(row, actor, "", rehearsed=True), Case(actor, row.target, now)
    try:
        checks.check_permission(request, case)
        data = checks.ask(request, case, by_itself=False)
    except Invalid as invalid:
        return " ".join(text for texts in invalid.fields.values() for text in texts) or invalid.sentence
    except Refusal as refusal:
        return refusal.sentence
    assert request.action.second is not None
    amount = request.action.second(case, data).amount
    if amount != row.amount:
        return f"It was asked for {euros(row.amount)}, and would be {euros(amount)} now. Deny it, and ask anew."
    return None


def find_waiting(action_key: str, target_id: str) -> Approval | None:
    return list_waiting().filter(action_key=action_key, target_id=target_id).first()


def list_waiting() -> QuerySet[Approval]:
    return Approval.objects.filter(state=ApprovalState.WAITS)


def add_waiting(action_key: str, account_id: int) -> Decimal:
    """EUR that wait by this lever for the account."""
    rows = list_waiting().filter(action_key=action_key, account_id=account_id)
    total: Decimal | None = rows.aggregate(total=Sum("amount"))["total"]
    return total or ZERO


def reword(pk: int, **words: str) -> None:
    """Other texts, for a person who was erased."""
    Approval.objects.filter(pk=pk).update(**words)

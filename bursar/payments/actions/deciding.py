"""The second person: approving a refund that somebody asked for, or denying it."""

from __future__ import annotations

from typing import Any

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Loss, Notice, Outcome, Reason, Topic
from bursar.approvals.actions import Deny
from bursar.approvals.rules import why_not_decide
from bursar.core.money import euros
from bursar.payments.actions.cancelling import AT_ONCE, CANCEL
from bursar.payments.actions.refunds import THEN, send, why_not_then
from bursar.payments.models import Refund
from bursar.payments.queries import refunds as queries
from bursar.payments.rules import refunds as rules
from bursar.payments.states import RefundState, ThenEnd
from bursar.payments.store import refunds


def _why_not_decide(case: Case) -> str | None:
    refund: Refund = case.target
    return why_not_decide(refund.state, RefundState.ASKED, refund.asked_by_id, case.actor.staff_id)


def _why_not_approve(case: Case) -> str | None:
    """What was true when it was asked for may not be any more."""
    refund: Refund = case.target
    left = queries.get_left(refund.payment, but=refund)
    sentence = _why_not_decide(case) or rules.why_not_amount(refund.amount, left)
    return sentence or why_not_then(case, refund.payment.account, refund.then_end)


def _foresee_approval(case: Case, data: Cleaned) -> list[str]:
    refund: Refund = case.target
    said: list[str] = []
    if until := rules.until_taken_back(queries.paid_of(refund.payment), case.now):
        said.append(Loss(rules.warn_of_twice(until)))
    if refund.then_end != ThenEnd.NOTHING:
        said.append(Loss(f"And the subscription: {THEN[ThenEnd(refund.then_end)]}."))
    return said


def _tell(refund: Refund) -> dict[str, Any]:
    asker = refund.asked_by.public_id if refund.asked_by else ""
    return {"refund": refund.public_id, "state": refund.state, "asker": asker}


@action(
    key="payments.refund.approve",
    on=Refund,
    label="Approve…",
    instead="Money that left has left; issue a payment link to ask for it again.",
    group=Group.DECISION,
    done="Refund approved",
    icon="check",
    code="ap",
    formerly=("accept", "confirm"),
    help="Sends the money back, and does with the subscription what was asked for.",
    when="When the money should go back: you looked at the payment and the reason. Nobody approves what they asked for "
    "themselves. Deny with a note when the answer is no.",
    permission=Right.APPROVE_REFUND,
    reason=Reason.OPTIONAL,
    blocked=_why_not_approve,
    preview=_foresee_approval,
    calls=(CANCEL, AT_ONCE),
    tell=(Notice.ASKER,),
    topic=Topic.DECISIONS,
)
def approve(act: Act, refund: Refund, data: Cleaned) -> Outcome:
    refunds.decide(refund, RefundState.SENDING, act.actor.staff_id, act.now)
    send(act, refund)
    change = Change("Refund", "waits", f"{euros(refund.amount)} approved", private=True)
    return Outcome(f"{euros(refund.amount)} go back to the payer.", [change], data=_tell(refund))


@action(
    key="payments.refund.deny",
    on=Refund,
    form=Deny,
    label="Deny…",
    instead="The colleague can ask again.",
    group=Group.DECISION,
    done="Refund denied",
    icon="x",
    code="de",
    formerly=("reject", "decline"),
    help="Says no: nothing leaves. The colleague who asked is told, with your note.",
    when="When the money should stay here. Who asked may ask again, with another amount or a better reason.",
    permission=Right.APPROVE_REFUND,
    reason=Reason.NONE,
    blocked=_why_not_decide,
    tell=(Notice.ASKER,),
    topic=Topic.DECISIONS,
)
def deny(act: Act, refund: Refund, data: Cleaned) -> Outcome:
    refunds.decide(refund, RefundState.DENIED, act.actor.staff_id, act.now, data["note"])
    changes = [
        Change("Refund", "waits", f"{euros(refund.amount)} denied", private=True),
        Change("Why not", "", data["note"], private=True),
    ]
    return Outcome(f"{euros(refund.amount)} stay here.", changes, data=_tell(refund))

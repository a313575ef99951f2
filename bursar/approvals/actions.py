"""The second person: doing what a colleague asked for, or saying no."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions import second
from bursar.actions.models import Approval, ApprovalState
from bursar.actions.registry import ACTIONS, Target, action, register_target, target_of
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Notice, Outcome, Reason, Topic
from bursar.approvals import rules
from bursar.approvals.queries import get_approval
from bursar.core import naming
from bursar.core.money import euros
from bursar.tenants.handoff import PARTS, Part
from bursar.tenants.models import Workspace
from bursar.tenants.store import lock_accounts

register_target(
    Target(
        slug="approval",
        model=Approval,
        label="what waits for a second person",
        fetch=get_approval,
        accounts=lambda row: target_of(row.target).accounts(row.target),
        lock=lock_accounts,
        stream=lambda row: target_of(row.target).stream(row.target),
        touches=lambda row: [row.public_id, *target_of(row.target).touches(row.target)],
        name=lambda row: say_what(row),
        page="approvals:approval",
        leads=True,
    )
)


def say_what(row: Approval) -> str:
    """ "Write off: 2026-000042" """
    return f"{ACTIONS[row.action_key].title}: {row.target}"


def _change(row: Approval, after: str) -> Change:
    return Change(ACTIONS[row.action_key].title, "waits" if after else "", after or euros(row.amount), private=True)


def _asked_by(row: Approval) -> Change:
    """Both names stand in the line of whoever decides."""
    return Change("Asked for by", "", naming.read(row.asker), private=True, after_ref=_person(row))


def _person(row: Approval) -> str:
    """Empty for what is no person, such as the shell."""
    return row.asker_id if row.asker == naming.mark(row.asker_id) else ""


def _tell(row: Approval) -> dict[str, Any]:
    return {"approval": row.public_id, "state": row.state, "asker": row.asker_id}


@action(
    key=second.PUT_UP,
    on=Approval,
    label="Money waits for a second person",
    done="Waits for a second person",
    icon="user-check",
    help="Tells the colleagues who decide that something waits for them.",
    when="It happens by itself when a lever needs a second person; there is nothing to do by hand.",
    reason=Reason.NONE,
    blocked=lambda case: None if case.target.asked_at == case.now else "It is told in the moment of asking.",
    tell=(Notice.APPROVERS,),
    topic=Topic.MONEY,
    in_menu=False,
)
def put_up(act: Act, row: Approval, data: Cleaned) -> Outcome:
    told = {"approval": row.public_id, "state": row.state, "amount": str(row.amount)}
    sentence = f"{say_what(row)}. {euros(row.amount)} wait for a second person to decide. {row.why}"
    return Outcome(sentence, [_change(row, "")], data=told, waits=True)


def _why_not_decide(case: Case) -> str | None:
    row: Approval = case.target
    decides = case.actor.id if case.actor.staff_id is not None else None
    return rules.why_not_decide(row.state, ApprovalState.WAITS, row.asker_id, decides)


def _why_not_approve(case: Case) -> str | None:
    return _why_not_decide(case) or second.why_not_carry_out(case.target, case.actor, case.now)


@action(
    key="approvals.approval.approve",
    on=Approval,
    label="Approve…",
    instead="Take back what was done by its own opposite.",
    group=Group.DECISION,
    done="Approved by a second person",
    icon="check",
    code="ap",
    formerly=("accept", "confirm"),
    help="Does what was asked for, as it was asked for.",
    when="When it is right: you looked at the invoice or the account, and at the reason. Nobody approves what they "
    "asked for themselves. Deny with a note when the answer is no.",
    permission=Right.APPROVE_REFUND,
    reason=Reason.OPTIONAL,
    blocked=_why_not_approve,
    tell=(Notice.ASKER,),
    topic=Topic.DECISIONS,
)
def approve(act: Act, row: Approval, data: Cleaned) -> Outcome:
    second.decide(row, ApprovalState.APPROVED, act.actor, act.now)
    done = act.carry_out(row)
    return Outcome(done.sentence, [_change(row, f"{euros(row.amount)} approved"), _asked_by(row)], data=_tell(row))


class Deny(ActionForm):
    note = forms.CharField(
        label="Why not", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For the colleague who asked. The customer never sees it.",
    )  # fmt: skip


@action(
    key="approvals.approval.deny",
    on=Approval,
    form=Deny,
    label="Deny…",
    instead="The colleague can ask again.",
    group=Group.DECISION,
    done="Denied by a second person",
    icon="x",
    code="de",
    formerly=("reject", "decline"),
    help="Says no: nothing is done. The colleague who asked is told, with your note.",
    when="When it should not be done, or not like this. Who asked may ask again, with another amount or a better "
    "reason.",
    permission=Right.APPROVE_REFUND,
    reason=Reason.NONE,
    blocked=_why_not_decide,
    tell=(Notice.ASKER,),
    topic=Topic.DECISIONS,
)
def deny(act: Act, row: Approval, data: Cleaned) -> Outcome:
    second.decide(row, ApprovalState.DENIED, act.actor, act.now, data["note"])
    changes = [_change(row, "denied"), _asked_by(row), Change("Why not", "", data["note"], private=True)]
    return Outcome(f"{say_what(row)} is not done.", changes, data=_tell(row))


def _why_not_withdraw(case: Case) -> str | None:
    row: Approval = case.target
    if row.state != ApprovalState.WAITS:
        return rules.why_not_decide(row.state, ApprovalState.WAITS, None, None)
    return None if case.actor.id == row.asker_id else "Only whoever asked for it takes it back."


@action(
    key="approvals.approval.withdraw",
    on=Approval,
    label="Withdraw…",
    instead="Ask again by the same lever.",
    group=Group.DECISION,
    done="Withdrawn by whoever asked",
    icon="arrow-back-up",
    code="wd",
    formerly=("cancel",),
    help="Takes back what you asked for yourself. Nothing is done.",
    when="When you asked for the wrong amount, or for the wrong invoice. Then ask anew.",
    reason=Reason.NONE,
    blocked=_why_not_withdraw,
)
def withdraw(act: Act, row: Approval, data: Cleaned) -> Outcome:
    second.decide(row, ApprovalState.WITHDRAWN, act.actor, act.now)
    return Outcome(f"{say_what(row)} is taken back.", [_change(row, "withdrawn")], data=_tell(row))


def _stop_handoff(workspace: Workspace, now: datetime) -> list[str]:
    """Money of the account that pays, on which somebody is still to decide."""
    rows = second.list_waiting().filter(account_id=workspace.account_id).order_by("asked_at", "id")
    return [f"“{ACTIONS[row.action_key].title}”, {euros(row.amount)}, waits for a second person." for row in rows]


PARTS.add("approvals", Part(stop=_stop_handoff))

"""Drafts: what would be issued, kept to be looked at. They have no number, and customers hear nothing of them."""

from __future__ import annotations

from typing import Any

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Outcome, Reason, Topic, Undo
from bursar.billing.actions.invoices import IssueForm, compose, refuse
from bursar.billing.actions.issuing import (
    Composed,
    issue_composed,
    issues,
    show_composed,
    why_not_issue,
)
from bursar.billing.actions.makers import MAKERS, clean, keep
from bursar.billing.differences import list_differences
from bursar.billing.models import Draft
from bursar.billing.store import drafts
from bursar.core.errors import Refused
from bursar.core.money import euros, plain
from bursar.tenants.models import BillingAccount

CHANGE_DRAFT = "billing.draft.change"


def save(act: Act, account: BillingAccount, verb: str, data: Cleaned, composed: Composed) -> Outcome:
    """Keeps what would be issued now."""
    document = composed.document
    row = drafts.add(account, verb, keep(data), document, act.now, act.actor.staff_id)
    gross = document.totals.gross
    sentence = f"A draft of {euros(gross)} to {document.buyer.name} is kept."
    changes = [Change("Draft", "", euros(gross), private=True, concerns_money=True)]
    return Outcome(sentence, changes, data={"draft": row.public_id, "gross": plain(gross)}, touches=[row.public_id])


@action(
    key="billing.account.draft_invoice",
    on=BillingAccount,
    form=IssueForm,
    label="Save as draft…",
    done="Draft saved",
    icon="file-pencil",
    in_menu=False,
    help="Keeps the invoice as it is filled in. It has no number, and the customer sees nothing of it.",
    when="When somebody else is to look at an invoice before it is issued, or a number on it is not known yet.",
    concerns_money=True,
    reason=Reason.NONE,
    blocked=why_not_issue,
    refused=refuse,
    shows=lambda case, data: show_composed(compose(case, data)),
    topic=Topic.MONEY,
)
def draft_invoice(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    return save(act, account, "issue_invoice", data, compose(act.case, data))


def _on_account(case: Case) -> Case:
    """The same case, seen from the draft's account."""
    known: Case = case.once("on account", lambda: Case(case.actor, case.target.account, case.now, held=case.held))
    return known


def _why_gone(case: Case) -> str | None:
    row: Draft = case.target
    return f"It was issued as {row.invoice.number}." if row.invoice else None


def _filled(case: Case) -> Cleaned | str:
    row: Draft = case.target
    found: Cleaned | str = case.once("filled in", lambda: clean(row.verb, _on_account(case), row.data))
    return found


def _compose(case: Case) -> Composed:
    """As it would be issued now, by what was filled in then."""
    data = _filled(case)
    if isinstance(data, str):
        raise Refused(data)
    composed: Composed = case.once("composed", lambda: MAKERS[case.target.verb].compose(_on_account(case), data))
    return composed


def _why_not_issue(case: Case) -> str | None:
    maker = MAKERS[case.target.verb]
    if sentence := _why_gone(case) or maker.why_not(_on_account(case)):
        return sentence
    data = _filled(case)
    return data if isinstance(data, str) else maker.refuse(_on_account(case), data)


def _foresee(case: Case, data: Cleaned) -> list[str]:
    """What is another than when it was drafted."""
    changed = list_differences(case.target.document, _compose(case).document)
    return ["Since it was drafted, this has changed:", *changed] if changed else []


@action(
    key="billing.draft.issue",
    on=Draft,
    label="Issue…",
    done="Invoice issued",
    icon="file-invoice",
    code="is",
    formerly=("send", "finalise"),
    help="Makes the invoice anew, as things stand now, numbers and freezes it. What changed since it was drafted is "
    "said before.",
    when="When a draft is right. What is wrong in it is changed first: nothing of an invoice can be changed.",
    blocked=_why_not_issue,
    preview=_foresee,
    bulk=True,
    **issues(lambda case, data: _compose(case)),
)
def issue(act: Act, row: Draft, data: Cleaned) -> Outcome:
    return issue_composed(act, row.account, _compose(act.case), lambda invoice: drafts.settle(row, invoice))


class ChangeForm(IssueForm):
    """Begins with what is kept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        case: Case = kwargs["case"]
        kept = {**dict.fromkeys(("with_seats", "e_invoice"), False), **case.target.data}
        kwargs["initial"] = {**kept, **(kwargs.get("initial") or {})}
        super().__init__(*args, **{**kwargs, "case": _on_account(case)})


def _why_not_change(case: Case) -> str | None:
    if sentence := _why_gone(case):
        return sentence
    if case.target.verb != "issue_invoice":
        return "It asks for extra seats, which follow from the people that sit there. Delete it, and draft anew."
    return why_not_issue(_on_account(case))


@action(
    key=CHANGE_DRAFT,
    on=Draft,
    form=ChangeForm,
    label="Change draft…",
    inverse=(CHANGE_DRAFT,),
    done="Draft changed",
    icon="file-pencil",
    code="cd",
    formerly=("edit draft",),
    group=Group.MONEY,
    help="Changes what the draft is made from.",
    when="Before it is issued.",
    concerns_money=True,
    reason=Reason.NONE,
    blocked=_why_not_change,
    refused=lambda case, data: refuse(_on_account(case), data),
    shows=lambda case, data: show_composed(compose(_on_account(case), data)),
    topic=Topic.MONEY,
)
def change(act: Act, row: Draft, data: Cleaned) -> Outcome:
    before, document = row.document, compose(_on_account(act.case), data).document
    undo = Undo(CHANGE_DRAFT, row.data)
    drafts.change(row, keep(data), document, act.now, act.actor.staff_id)
    was, now = before.totals.gross, document.totals.gross
    changes = [Change("Draft", euros(was), euros(now), private=True, concerns_money=True)] if was != now else []
    sentence = f"The draft to {document.buyer.name} comes to {euros(now)}."
    return Outcome(sentence, changes, data={"gross": plain(now)}, undo=undo)


@action(
    key="billing.draft.delete",
    on=Draft,
    label="Delete draft…",
    instead="Draft it anew; nobody outside saw it.",
    done="Draft deleted",
    icon="trash",
    code="dd",
    formerly=("discard",),
    group=Group.MONEY,
    help="Takes the draft away. Nobody outside ever saw it.",
    when="When nothing is to be issued.",
    concerns_money=True,
    reason=Reason.NONE,
    takes_away=True,
    blocked=_why_gone,
    topic=Topic.MONEY,
    bulk=True,
)
def delete(act: Act, row: Draft, data: Cleaned) -> Outcome:
    said = row.document
    drafts.discard(row)
    gross = euros(said.totals.gross)
    changes = [Change("Draft", gross, "", private=True, concerns_money=True)]
    return Outcome(f"The draft of {gross} to {said.buyer.name} is gone.", changes)

"""What falls due of an account, issued or drafted as its dialog would begin: one by one, or of many in one go."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Cleaned, Group, Outcome, Reason, Shown, Topic
from bursar.billing.actions.drafts import save
from bursar.billing.actions.issuing import (
    Composed,
    Made,
    issue_composed,
    outcome_of,
    prepare_composed,
    rehearse,
    show_composed,
    why_not_issue,
)
from bursar.billing.actions.makers import MAKERS, VERBS, clean, fill_in, find_due
from bursar.billing.queries.to_issue import list_drafts_of
from bursar.billing.rules.to_issue import Due, Why
from bursar.core.errors import Refused
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.tenants.models import BillingAccount

NOTHING_DUE = "Nothing is to be issued for it."
CHOICES = [
    ("", "what is due first"),
    (Why.RENEWAL.value, "the next service period"),
    (Why.FIRST.value, "the first service period"),
    (Why.PILOT.value, "the pilot"),
    (Why.SEATS.value, "extra seats"),
]


class DueForm(ActionForm):
    what = forms.ChoiceField(
        label="What", choices=CHOICES, required=False, help_text="One document an account: what is due first, or this."
    )


def _why_not(case: Case) -> str | None:
    return why_not_issue(case) or (None if find_due(case) else NOTHING_DUE)


def _find(case: Case, data: Cleaned) -> Due:
    due = find_due(case, data["what"])
    if due is None:
        raise Refused(NOTHING_DUE)
    return due


def _fill(case: Case, due: Due) -> Cleaned:
    filled = clean(VERBS[due.why], case, fill_in(case, due))
    if isinstance(filled, str):
        raise Refused(filled)
    return filled


def _compose(case: Case, data: Cleaned) -> Composed:
    due = _find(case, data)
    return MAKERS[VERBS[due.why]].compose(case, _fill(case, due))


def _refuse(case: Case, data: Cleaned) -> str | None:
    due = find_due(case, data["what"])
    return MAKERS[VERBS[due.why]].refuse(case, _fill(case, due)) if due else NOTHING_DUE


def _refuse_draft(case: Case, data: Cleaned) -> str | None:
    if sentence := _refuse(case, data):
        return sentence
    verb = VERBS[_find(case, data).why]
    waiting = [row for row in list_drafts_of([case.target.pk]).get(case.target.pk, []) if row.verb == verb]
    return "A draft of it waits already." if waiting else None


def _show(case: Case, data: Cleaned) -> Shown:
    return show_composed(_compose(case, data))


def _prepare(case: Case, data: Cleaned) -> Made:
    return prepare_composed(_compose(case, data))


SHARED: dict[str, Any] = {
    "on": BillingAccount, "form": DueForm, "in_menu": False, "concerns_money": True, "topic": Topic.MONEY,
    "blocked": _why_not, "shows": _show, "bulk": True,
}  # fmt: skip


@action(
    key="billing.account.issue_due",
    label="Issue what is due…",
    opposite="billing.invoice.credit",
    done="Invoice issued",
    icon="file-invoice",
    group=Group.MONEY,
    help="Issues what stands in To issue for the account: its next service period, a first one, a pilot or extra "
    "seats, as the dialog would begin. The same days are asked for once.",
    when="For many accounts at once, from To issue. Of one account, look at its own dialog instead.",
    customer_visible=True,
    reason=Reason.OPTIONAL,
    refused=_refuse,
    prepare=_prepare,
    tell=EVERYBODY_CONCERNED,
    **SHARED,
)
def issue_due(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    composed = _compose(act.case, data)
    if act.request.rehearsed:
        return rehearse(composed)
    return outcome_of(issue_composed(act, account, composed))


@action(
    key="billing.account.draft_due",
    label="Draft what is due…",
    opposite="billing.draft.delete",
    done="Draft saved",
    icon="file-pencil",
    group=Group.MONEY,
    help="Drafts what stands in To issue for the account. The customer sees nothing of it.",
    when="For many accounts at once, from To issue, where somebody looks at each before it is issued.",
    reason=Reason.NONE,
    refused=_refuse_draft,
    **SHARED,
)
def draft_due(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    due = _find(act.case, data)
    filled = _fill(act.case, due)
    verb = VERBS[due.why]
    return save(act, account, verb, filled, MAKERS[verb].compose(act.case, filled))

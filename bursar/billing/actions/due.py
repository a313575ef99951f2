"""What falls due of an account, issued or drafted as its dialog would begin: one by one, or of many in one go."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Cleaned, Group, Outcome, Reason, Topic
from bursar.billing.actions.drafts import save
from bursar.billing.actions.issuing import (
    Composed,
    issue_composed,
    issues,
    show_composed,
    why_not_issue,
)
from bursar.billing.actions.makers import MAKERS, VERBS, clean, fill_in, find_due
from bursar.billing.queries.to_issue import list_drafts_of
from bursar.billing.rules.to_issue import Due, Why
from bursar.core.errors import Refused
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


SHARED: dict[str, Any] = {
    "on": BillingAccount, "form": DueForm, "in_menu": False, "blocked": _why_not, "bulk": True,
}  # fmt: skip


@action(
    key="billing.account.issue_due",
    label="Issue what is due…",
    done="Invoice issued",
    icon="file-invoice",
    help="Issues what stands in To issue for the account: its next service period, a first one, a pilot or extra "
    "seats, as the dialog would begin. The same days are asked for once.",
    when="For many accounts at once, from To issue. Of one account, look at its own dialog instead.",
    refused=_refuse,
    **SHARED,
    **issues(_compose),
)
def issue_due(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    return issue_composed(act, account, _compose(act.case, data))


@action(
    key="billing.account.draft_due",
    label="Draft what is due…",
    opposite="billing.draft.delete",
    done="Draft saved",
    icon="file-pencil",
    group=Group.MONEY,
    help="Drafts what stands in To issue for the account. The customer sees nothing of it.",
    when="For many accounts at once, from To issue, where somebody looks at each before it is issued.",
    concerns_money=True,
    reason=Reason.NONE,
    refused=_refuse_draft,
    shows=lambda case, data: show_composed(_compose(case, data)),
    topic=Topic.MONEY,
    **SHARED,
)
def draft_due(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    due = _find(act.case, data)
    filled = _fill(act.case, due)
    verb = VERBS[due.why]
    return save(act, account, verb, filled, MAKERS[verb].compose(act.case, filled))

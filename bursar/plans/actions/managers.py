"""Who looks after an account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Undo
from bursar.core import naming
from bursar.plans import store
from bursar.plans.models import AccountManager
from bursar.staff.models import StaffMember
from bursar.staff.queries import list_managers
from bursar.tenants.models import BillingAccount

ASSIGN, CLEAR = "plans.account.assign_manager", "plans.account.clear_manager"


def _manager(case: Case) -> StaffMember | None:
    def load() -> StaffMember | None:
        row = AccountManager.objects.at(case.now).filter(account=case.target).select_related("staff__user").first()
        return row.staff if row else None

    found: StaffMember | None = case.once("manager", load)
    return found


class AssignManager(ActionForm):
    manager = forms.ChoiceField(label="Account manager", help_text="Active staff at the company's own address.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["manager"]
        assert isinstance(field, forms.ChoiceField)
        able = list_managers(settings.BURSAR_MAIL_DOMAIN)
        field.choices = [(member.public_id, str(member)) for member in able]
        present = _manager(self.case)
        field.initial = next((m.public_id for m in able if m.pk == self.case.actor.staff_id and m != present), None)
        self.leave_open("manager")


def _why_same_manager(case: Case, data: Cleaned) -> str | None:
    present = _manager(case)
    if present is None or present.public_id != data["manager"]:
        return None
    return f"{naming.of(present)} is the account manager already."


@action(
    key=ASSIGN,
    on=BillingAccount,
    form=AssignManager,
    label="Assign account manager…",
    group=Group.PEOPLE,
    done="Account manager assigned",
    icon="user-check",
    code="am",
    formerly=("owner", "success manager", "csm"),
    help="Names the colleague who looks after this account.",
    when=(
        "When a colleague takes an account on, or hands it over: the name is a filter in Usage & billing, and they "
        "hear of a grant that ends when whoever granted it has left. To look after one at-risk row for a while, take "
        "that row."
    ),
    refused=_why_same_manager,
    inverse=(ASSIGN, CLEAR),
)
def assign_manager(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    before = _manager(act.case)
    after = StaffMember.objects.select_related("user").get(public_id=data["manager"])
    store.managers.set_managers([account.pk], after.pk, act.now)
    undo = Undo(ASSIGN, {"manager": before.public_id}) if before else Undo(CLEAR, {})
    return Outcome(
        f"{naming.of(after)} looks after {account} now.", [_change(before, after)], {account.pk: None}, undo=undo
    )


@action(
    key=CLEAR,
    on=BillingAccount,
    label="Clear account manager…",
    group=Group.PEOPLE,
    done="Account manager cleared",
    icon="user-minus",
    code="cm",
    formerly=("unassign", "no owner"),
    help="Leaves the account without anybody who looks after it by name.",
    when=(
        "For an account that nobody looks after by name any more, such as after a colleague has left. When somebody "
        "else takes over at once, assign them instead: the book then shows one step, from one to the other."
    ),
    blocked=lambda case: None if _manager(case) else "The account has no account manager.",
    inverse=(ASSIGN,),
    takes_away=True,
)
def clear_manager(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    before = _manager(act.case)
    assert before is not None
    store.managers.set_managers([account.pk], None, act.now)
    undo = Undo(ASSIGN, {"manager": before.public_id})
    return Outcome(f"{account} has no account manager now.", [_change(before, None)], {account.pk: None}, undo=undo)


def _change(before: StaffMember | None, after: StaffMember | None) -> Change:
    return Change(
        "Account manager",
        str(before or ""),
        str(after or ""),
        private=True,
        before_ref=before.public_id if before else "",
        after_ref=after.public_id if after else "",
    )

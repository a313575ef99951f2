"""Discounts, on the account or on one workspace."""

from __future__ import annotations

from functools import partial
from typing import Any

from django import forms

from bursar.actions.registry import action, target_of
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Outcome, Undo
from bursar.plans import queries, rules, store
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, why_deleted
from bursar.plans.agreed import list_agreed
from bursar.plans.models import Discount, DiscountKind
from bursar.tenants.models import BillingAccount, Workspace


class DiscountForm(ActionForm):
    kind = forms.ChoiceField(label="Kind", choices=DiscountKind.choices)
    percent = forms.IntegerField(label="Per cent off", min_value=0, max_value=100, help_text="Whole, 0 to 100.")
    end_date = forms.DateField(
        label="Last day", required=False, help_text="Inclusive; empty for no end. A trial discount needs one.",
        widget=DayInput(),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = _discount(self.case)
        if present is not None:
            initial = {"kind": present.kind, "percent": present.percent, "end_date": present.end_date}
            for name, value in initial.items():
                self.fields[name].initial = value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            on_account = isinstance(self.case.target, BillingAccount)
            today = self.case.now.date()
            sentence = rules.why_not_discount(
                data["kind"], data["percent"], data["end_date"], today, on_account=on_account
            )
            if sentence:
                self.add_error("percent" if sentence.startswith("0 %") else "end_date", sentence)
        return data


def _subject(case: Case) -> dict[str, int | None]:
    on_account = isinstance(case.target, BillingAccount)
    return {
        "account_id": case.target.pk if on_account else None,
        "workspace_id": None if on_account else case.target.pk,
    }


def _discount(case: Case) -> Discount | None:
    subject = _subject(case)
    load = partial(queries.get_discount, case.now, **subject)
    found: Discount | None = case.once("discount", lambda: case.share(f"discount of {subject}", load))
    return found


def _words(discount: Discount | None) -> str:
    if discount is None:
        return ""
    return rules.describe_discount(discount.get_kind_display(), discount.percent, discount.end_date)


def _why_same_discount(case: Case, data: Cleaned) -> str | None:
    present = _discount(case)
    wanted = (data["kind"], data["percent"], data["end_date"])
    if present and wanted == (present.kind, present.percent, present.end_date):
        return f"{_words(present)} is what holds already."
    return None


def _why_no_discount(case: Case) -> str | None:
    if _discount(case) is not None:
        return None
    if _account_discount(case):
        return "The workspace has no discount of its own; the account's holds here."
    return "There is no discount to remove."


def _account_discount(case: Case) -> Discount | None:
    """What the account has, seen from one of its workspaces."""
    if isinstance(case.target, BillingAccount):
        return None
    subject = {"account_id": case.target.account_id, "workspace_id": None}
    load = partial(queries.get_discount, case.now, **subject)
    found: Discount | None = case.once("account discount", lambda: case.share(f"discount of {subject}", load))
    return found


def _beneath(case: Case) -> str:
    """What holds where a workspace has no discount of its own."""
    shared = _account_discount(case)
    return f"{_words(shared)}, the account's" if shared else ""


def _foresee_discount(case: Case, data: Cleaned) -> list[str]:
    shared = _account_discount(case)
    if data["percent"] == 0 and shared is not None:
        return [f"The account's {shared.percent} % does not hold here any more: the full price does."]
    return _list_agreed(case)


def _list_agreed(case: Case) -> list[str]:
    return list_agreed(case.target, _discount(case)) if isinstance(case.target, BillingAccount) else []


AMOUNTS = frozenset({"mrr", "potential", "next_charge"})


def _why_idle(case: Case, data: Cleaned) -> str | None:
    """A discount that changes no amount is called so."""
    shared, percent = _account_discount(case), data.get("percent")
    if percent == 0 and shared is None:
        return "The full price holds here already; a later discount of the account will not hold here."
    if percent is not None and shared is not None and shared.percent == percent:
        return f"The account's {shared.percent} % holds here already: the price stays the same."
    if case.moved & AMOUNTS:
        return None
    return "No amount changes by it now; it counts once something is charged here."


def _set_discount(act: Act, data: Cleaned) -> Outcome:
    before = _words(_discount(act.case)) or _beneath(act.case)
    values = {name: data[name] for name in ("kind", "percent", "end_date")}
    undo = _undo(act.case)
    (made,) = store.discounts.set_discounts([_subject(act.case)], act.now, values)
    changes = [Change("Discount", before, _words(made), concerns_money=True)]
    verb = "gets" if data["percent"] else "has"
    return Outcome(f"{act.case.target} {verb} {_words(made)}.", changes, data=_told(act.case, made), undo=undo)


def _told(case: Case, discount: Discount | None) -> dict[str, Any]:
    """What programs hear of a change; None: there is none here any more."""
    now = None
    if discount is not None:
        last_day = discount.end_date.isoformat() if discount.end_date else None
        now = {"kind": discount.kind, "percent": discount.percent, "last_day": last_day}
    return {"scope": target_of(case.target).slug, "discount": now, "lapsed_at": None}


def _undo(case: Case) -> Undo:
    """What would bring the present discount back."""
    present, target = _discount(case), target_of(case.target).slug
    if present is None:
        return Undo(f"plans.{target}.remove_discount", {})
    end = present.end_date.isoformat() if present.end_date else ""
    return Undo(f"plans.{target}.set_discount", {"kind": present.kind, "percent": present.percent, "end_date": end})


def _remove_discount(act: Act) -> Outcome:
    before = _words(_discount(act.case))
    undo = _undo(act.case)
    store.discounts.end_discounts([_subject(act.case)], act.now)
    changes = [Change("Discount", before, _beneath(act.case), concerns_money=True)]
    sentence = f"The discount of {act.case.target} ends now: {before}."
    return Outcome(sentence, changes, data=_told(act.case, None), undo=undo)


@action(
    key="plans.account.set_discount",
    on=BillingAccount,
    form=DiscountForm,
    label="Discount…",
    group=Group.MONEY,
    done="Discount set",
    icon="discount",
    code="di",
    formerly=("coupon", "promo code", "rebate", "price cut"),
    help="Sets the account's discount at once; it applies to every amount asked or shown from now on.",
    when=(
        "For a price agreement that holds for the whole customer: a scholarship, a partner's terms, a colleague's own "
        "account. When it concerns one project only, set it on that workspace. A trial of features is a reverse trial, "
        "not a discount."
    ),
    customer_visible=True,
    concerns_money=True,
    refused=_why_same_discount,
    preview=_foresee_discount,
    idle=_why_idle,
    tell=EVERYBODY_CONCERNED,
    event="discount.changed",
    inverse=("plans.account.remove_discount", "plans.account.set_discount"),
    bulk=True,
)
def set_account_discount(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    outcome = _set_discount(act, data)
    outcome.touched = {account.pk: None}
    return outcome


@action(
    key="plans.account.remove_discount",
    on=BillingAccount,
    label="Remove discount…",
    group=Group.MONEY,
    done="Discount removed",
    icon="discount-off",
    code="rd",
    formerly=("remove coupon", "full price"),
    help="Ends the account's discount now; the full price holds from here on.",
    when=(
        "When an agreement ends before its last day, or was never due. A discount with an end date needs nothing: it "
        "ends by itself. To change the per cent or the day, set the discount again."
    ),
    customer_visible=True,
    concerns_money=True,
    blocked=_why_no_discount,
    preview=lambda case, data: _list_agreed(case),
    idle=_why_idle,
    tell=EVERYBODY_CONCERNED,
    event="discount.changed",
    inverse=("plans.account.set_discount",),
    takes_away=True,
)
def remove_account_discount(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    outcome = _remove_discount(act)
    outcome.touched = {account.pk: None}
    return outcome


@action(
    key="plans.workspace.set_discount",
    on=Workspace,
    form=DiscountForm,
    label="Discount…",
    group=Group.MONEY,
    done="Discount set",
    icon="discount",
    code="di",
    formerly=("coupon", "promo code", "rebate", "price cut"),
    help="Sets a discount on this workspace alone; it replaces the account's here. 0 % means the full price here.",
    when=(
        "For one workspace that has other terms than the rest of its account; it replaces the account's discount "
        "there, and 0 % means the full price there. For an agreement with the whole customer, set it on the account."
    ),
    customer_visible=True,
    concerns_money=True,
    blocked=why_deleted,
    refused=_why_same_discount,
    preview=_foresee_discount,
    idle=_why_idle,
    tell=EVERYBODY_CONCERNED,
    event="discount.changed",
    inverse=("plans.workspace.remove_discount", "plans.workspace.set_discount"),
    bulk=True,
)
def set_workspace_discount(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    outcome = _set_discount(act, data)
    outcome.touched = {workspace.account_id: None}
    return outcome


@action(
    key="plans.workspace.remove_discount",
    on=Workspace,
    label="Remove discount…",
    group=Group.MONEY,
    done="Discount removed",
    icon="discount-off",
    code="rd",
    formerly=("remove coupon", "full price"),
    help="Ends this workspace's own discount now; the account's, if any, holds here again.",
    when=(
        "When the exception for this workspace is over and the account's own terms shall hold here again. To charge "
        "the full price here while the account keeps its discount, set 0 % instead."
    ),
    customer_visible=True,
    concerns_money=True,
    blocked=_why_no_discount,
    idle=_why_idle,
    tell=EVERYBODY_CONCERNED,
    event="discount.changed",
    inverse=("plans.workspace.set_discount",),
    takes_away=True,
)
def remove_workspace_discount(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    outcome = _remove_discount(act)
    outcome.touched = {workspace.account_id: None}
    return outcome

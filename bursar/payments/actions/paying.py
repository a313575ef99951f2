"""Trying a failed charge again: by the customer, as often as they like; by staff, as one of the four tries."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import Own, Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason
from bursar.core.money import euros
from bursar.payments import phrases, queries
from bursar.payments.actions.checkout import ask_payment
from bursar.payments.actions.levers import asks, pay_path, say_next_charge, standing_of, tell_charge
from bursar.payments.models import Charge, Mandate
from bursar.payments.queries import asking
from bursar.payments.rules import levers as rules
from bursar.payments.states import ChargeState
from bursar.payments.store import charges, hints
from bursar.tenants.models import BillingAccount

BY_MANDATE, AT_CHECKOUT = "mandate", "checkout"


def _failed(case: Case) -> Charge | None:
    """The oldest that is owed."""
    rows: list[Charge] = case.once("open", lambda: queries.list_open(case.target.pk))
    return next((one for one in rows if one.state == ChargeState.FAILED), None)


def _mandate(case: Case) -> Mandate | None:
    found: Mandate | None = case.once("mandate", lambda: queries.get_usable_mandate(case.target.pk))
    return found


class PayNow(ActionForm):
    how = forms.ChoiceField(label="How", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mandate, field = _mandate(self.case), self.fields["how"]
        assert isinstance(field, forms.ChoiceField)
        by_mandate = [(BY_MANDATE, f"by {phrases.name_mandate(mandate)}, as on file")] if mandate else []
        field.choices = [*by_mandate, (AT_CHECKOUT, "at the checkout, by a method of your choice")]
        field.initial = field.choices[0][0]

    def clean_how(self) -> str:
        return self.cleaned_data["how"] or str(self.fields["how"].initial)


def _foresee_payment(case: Case, data: Cleaned) -> list[str]:
    charge = _failed(case)
    assert charge is not None
    more = len(standing_of(case).list_failed()) - 1
    said = [f"{more} more {'is' if more == 1 else 'are'} open; pay {'it' if more == 1 else 'them'} after this one."]
    how = "It is charged at once." if data["how"] == BY_MANDATE else "The next page leads to the checkout."
    return [*(said if more else []), how, *_say_after(case)]


def _say_after(case: Case) -> list[str]:
    return [say_next_charge(case)] if standing_of(case).has_subscription else []


@action(
    key="payments.account.pay_now",
    on=BillingAccount,
    form=PayNow,
    label="Pay now…",
    instead="Ask us to pay it back.",
    done="Payment tried",
    icon="credit-card-pay",
    help="Pays what failed, the oldest first: by the method on file, or at the checkout.",
    when="For customers whose payment failed. They may do it as often as they like.",
    permission=Own.PAY,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=True,
    blocked=asks(rules.why_not_pay_now),
    preview=_foresee_payment,
    event="payment.tried",
    in_menu=False,
)
def pay_now(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    charge, mandate = _failed(act.case), _mandate(act.case)
    assert charge is not None
    if data["how"] == BY_MANDATE and mandate is not None:
        try_again(act, charge, "recurring", mandate.mollie_id)
    else:
        try_again(act, charge, "oneoff" if mandate is not None else "first")
    change = Change("To pay, with VAT", "", euros(charge.gross), concerns_money=True)
    return Outcome(
        f"{euros(charge.gross)} with VAT are to be paid.", [change], data=tell_charge(charge),
        touches=[charge.public_id], next=pay_path(charge),
    )  # fmt: skip


def try_again(act: Act, charge: Charge, sequence: str, mandate: str = "") -> None:
    """One try at a time: what would have gone by itself later does not."""
    charges.put(charge, state=ChargeState.ASKED.value, checkout="", next_try_at=None)
    ask_payment(act, charge, sequence, mandate)


def _foresee_retry(case: Case, data: Cleaned) -> list[str]:
    charge, mandate = _failed(case), _mandate(case)
    assert charge is not None and mandate is not None
    left = max(0, rules.TRIES_AT_MOST - charge.tries - 1)
    counted = f"It counts as one of {rules.TRIES_AT_MOST} tries; {left} would be left."
    return [f"It is charged by {phrases.name_mandate(mandate)}.", counted, *_say_after(case)]


@action(
    key="payments.account.retry_charge",
    on=BillingAccount,
    label="Retry charge…",
    instead="What is charged is given back by a refund.",
    group=Group.MONEY,
    done="Charge retried",
    icon="refresh-dot",
    code="rc",
    formerly=("collect again", "dunning", "charge now"),
    help="Tries the oldest failed charge again, by the mandate on file. It counts as one of the four tries.",
    when="When you know that it will work now: the customer told you that the account is filled, or the card "
    "unblocked. Tries go by themselves; without news a further one only costs a fee. For a new card or account "
    "send the customer to “New method” on their page.",
    permission=Right.ACT,
    customer_visible=True,
    concerns_money=True,
    blocked=asks(rules.why_not_retry),
    preview=_foresee_retry,
    event="payment.tried",
)
def retry_charge(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    charge, mandate = _failed(act.case), _mandate(act.case)
    assert charge is not None and mandate is not None
    charges.put(charge, tries=charge.tries + 1)
    try_again(act, charge, "recurring", mandate.mollie_id)
    change = Change("Tried again, with VAT", "", euros(charge.gross), concerns_money=True)
    return Outcome(
        f"{euros(charge.gross)} with VAT are tried again.", [change], data=tell_charge(charge),
        touches=[charge.public_id],
    )  # fmt: skip


def _why_not_refresh(case: Case) -> str | None:
    if not standing_of(case).is_set_up:
        return rules.NOT_SET_UP
    return None if asking.list_to_ask(case.target) else "Mollie knows no payment of this account."


@action(
    key="payments.account.refresh",
    on=BillingAccount,
    label="Refresh from Mollie",
    instead="It only asks; what is new is true whether we ask or not.",
    is_harmless=True,
    group=Group.MONEY,
    done="Asked Mollie again",
    icon="cloud-download",
    code="rm",
    formerly=("sync", "reload", "fetch payments"),
    help="Asks Mollie about the account's running and latest payments; what is new is applied by itself.",
    when="When you expect news that have not come: a webhook may be lost. The sync asks by itself as well, so nothing "
    "depends on it.",
    permission=Right.ACT,
    reason=Reason.NONE,
    blocked=_why_not_refresh,
)
def refresh(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    ids = asking.list_to_ask(account)
    for mollie_id in ids:
        hints.hint(mollie_id, act.now, is_awaited=True)
    payments = "1 payment" if len(ids) == 1 else f"{len(ids)} payments"
    return Outcome(f"Mollie is asked about {payments}; what is new shows in a moment.", data={"payments": len(ids)})

"""Another way of paying: proved by a first payment, then the subscription moves to it, then the old one is revoked."""

from __future__ import annotations

from decimal import Decimal

from bursar.access.rights import Own
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Outcome, Reason
from bursar.billing.rules import Treatment, VatDecision
from bursar.core.money import CENT, ZERO
from bursar.payments import queries
from bursar.payments.actions.checkout import ask_payment
from bursar.payments.actions.levers import (
    asks,
    pay_path,
    say_next_charge,
    standing_of,
    tell_charge,
)
from bursar.payments.actions.paying import try_again
from bursar.payments.gateway import get_gateway
from bursar.payments.gateway.payments import Sequence
from bursar.payments.models import Charge
from bursar.payments.rules import levers as rules
from bursar.payments.rules.amounts import Quote
from bursar.payments.states import ChargeKind, ChargeState
from bursar.payments.store import charges
from bursar.tenants.models import BillingAccount

NO_SUPPLY = VatDecision(Treatment.OUTSIDE_SCOPE, ZERO, "", False, ("Nothing is sold: it goes back at once.",), {})


def _failed(case: Case) -> Charge | None:
    rows = queries.list_open(case.target.pk)
    return next((one for one in rows if one.state == ChargeState.FAILED), None)


def _find_proof(case: Case) -> Charge | None:
    """One that was begun and not finished."""
    rows = queries.list_open(case.target.pk)
    return next((one for one in rows if one.kind == ChargeKind.METHOD), None)


def ask_least(case: Case, data: Cleaned) -> Decimal | None:
    """The least that every method takes as a first payment, so that all of them are offered. None: not needed.

    Raises MollieProblem.
    """
    if _failed(case) is not None or _find_proof(case) is not None:
        return None
    methods = get_gateway().methods.list(Sequence.FIRST)
    return max((one.minimum.value for one in methods), default=CENT)


def _foresee(case: Case, data: Cleaned) -> list[str]:
    if _failed(case) is None:
        said = ["It proves the new method by the smallest payment that is possible; that goes back to you at once."]
    else:
        said = ["What is open is paid with it."]
    said.append("The old method is given up once the subscription runs on the new one.")
    return [*said, *([say_next_charge(case)] if standing_of(case).has_subscription else [])]


@action(
    key="payments.account.change_method",
    on=BillingAccount,
    label="New method…",
    instead="Give the former card or account again.",
    done="New way of paying begun",
    icon="credit-card",
    help="Gives another card or bank account: the subscription moves to it, and then the old one is given up.",
    when="For customers whose card runs out, whose bank account changes, or whose payment failed for good.",
    permission=Own.PAY,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=True,
    blocked=asks(rules.why_not_change_method),
    prepare=ask_least,
    preview=_foresee,
    event="method.change_begun",
    in_menu=False,
)
def change_method(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    charge, there = _failed(act.case), _find_proof(act.case)
    if charge is not None:
        try_again(act, charge, "first")
    elif there is not None:
        charge = there
    else:
        amount = act.prepared or CENT
        quote = Quote((), 0, amount, ZERO, amount, NO_SUPPLY)
        charge = charges.make(account, ChargeKind.METHOD, ChargeState.ASKED, quote, act.now)
        ask_payment(act, charge, "first")
    change = Change("New way of paying", "", "at the checkout", concerns_money=True)
    sentence = "The checkout opens next: the new way of paying is chosen there."
    return Outcome(sentence, [change], data=tell_charge(charge), touches=[charge.public_id], next=pay_path(charge))

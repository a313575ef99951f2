"""What was charged back and then paid by another way: a bank line, or a link that collected its invoice."""

from __future__ import annotations

from typing import Any

from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Outcome
from bursar.payments.actions.invoicing import OfCharge
from bursar.payments.actions.planning import foresee_end
from bursar.payments.actions.shared import BY_CLOCK, by_system, say_money, say_status, set_terms, tell_money
from bursar.payments.models import Charge
from bursar.payments.queries.basics import get_meant
from bursar.payments.queries.invoicing import PAID_OTHERWISE, list_paid_otherwise, load_money
from bursar.payments.queries.news import is_newest
from bursar.payments.rules.table import INTERVALS, Stand, stand_of
from bursar.payments.states import ChargeState
from bursar.payments.store import charges
from bursar.plans.actions.shared import terms_of
from bursar.tenants.models import BillingAccount

ENDS_IN = {Stand.PAST_DUE: Stand.ACTIVE, Stand.OWING: Stand.CANCELLED}


def _charge_of(case: Case, data: Cleaned) -> Charge | None:
    def load() -> Charge | None:
        charge = list_paid_otherwise().filter(account=case.target, public_id=data["charge"]).first()
        return charge if charge is not None and load_money(charge).is_booked else None

    found: Charge | None = case.once("paid otherwise", load)
    return found


@by_system(
    PAID_OTHERWISE,
    form=OfCharge,
    label="Charge paid by another way",
    help="The invoice of a charge that was taken back is settled by money: nobody owes the charge any more.",
    when=BY_CLOCK + "It follows a bank line, a payment link or credit that settled the invoice.",
    refused=lambda case, data: None if _charge_of(case, data) else "It is not owed, or its invoice is not settled.",
    event="charge.paid",
)
def settle_by_invoice(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    charge, before = _charge_of(act.case, data), terms_of(act.case)
    assert charge is not None and charge.invoice is not None
    nothing: dict[str, Any] = dict.fromkeys(("failed_at", "next_try_at", "failing_told_at", "method_asked_at"))
    charges.put(charge, state=ChargeState.PAID, **nothing)
    stand, changes = stand_of(before), []
    to = ENDS_IN.get(stand) if charge.kind in INTERVALS and is_newest(charge) else None
    if to is not None:
        changes = [say_status(stand, to)]
        set_terms(act, account, to, past_due_since=None)
        if to is Stand.ACTIVE and before.paid_until:
            foresee_end(account, get_meant(account.pk), before.paid_until, act.now)
    told = {**tell_money(charge), "kind": charge.kind, "tier": charge.tier}
    sentence = f"{say_money(charge)} of {account} are paid: {charge.invoice.number} is settled."
    return Outcome(sentence, changes, {account.pk: None} if to else {}, data=told, touches=[charge.public_id])

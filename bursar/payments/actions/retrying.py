"""Another try at a charge that failed: by the clock, and what staff's and customers' levers share with it."""

from __future__ import annotations

from django.db.models import QuerySet

from bursar.actions.run import Act
from bursar.actions.spec import Case, Cleaned, Outcome
from bursar.payments.actions.noticing import OfCharge
from bursar.payments.actions.shared import BY_CLOCK, KEY, by_system, say_money, tell_money
from bursar.payments.models import Charge, Mandate
from bursar.payments.queries.basics import get_usable_mandate
from bursar.payments.queries.due import list_to_try
from bursar.payments.states import CallOp, ChargeState
from bursar.payments.store import calls, charges
from bursar.plans.actions.shared import terms_of
from bursar.plans.states import Status
from bursar.tenants.models import BillingAccount

ASK_METHOD = KEY.format("ask_for_method")


def send_try(act: Act, account: BillingAccount, charge: Charge, mandate: Mandate, *, is_awaited: bool = False) -> None:
    """Charges the failed amount by the mandate; it counts as one of the tries that go by themselves."""
    charges.put(charge, state=ChargeState.ASKED, tries=charge.tries + 1, next_try_at=None)
    body = {"charge": charge.public_id, "sequence": "recurring", "mandate": mandate.mollie_id}
    calls.put(CallOp.PAYMENT_CREATE, account, body, act.now, is_awaited=is_awaited)


def _due(case: Case, data: Cleaned) -> QuerySet[Charge]:
    return list_to_try(case.now).filter(account_id=case.target.pk, public_id=data["charge"])


def _why_not_try(case: Case, data: Cleaned) -> str | None:
    if not _due(case, data).exists():
        return "It is not due, or it is being paid just now."
    if terms_of(case).status not in (Status.ACTIVE, Status.PAST_DUE):
        return "The plan is not renewed any more: nothing is tried."
    return None


@by_system(
    "try_again",
    form=OfCharge,
    label="Charge tried again",
    help="A charge that failed is tried again by itself, on the days that the settings say, four times at most.",
    when=BY_CLOCK + "To try at once, use Retry charge: it counts as one of them.",
    refused=_why_not_try,
    event="payment.retried",
    calls=(ASK_METHOD,),
)
def try_again(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    charge, mandate = _due(act.case, data).get(), get_usable_mandate(account.pk)
    told = {**tell_money(charge), "kind": charge.kind, "tries": charge.tries}
    if mandate is None:
        charges.put(charge, next_try_at=None)
        act.also(ASK_METHOD, account, {"charge": charge.public_id})
        return Outcome(f"{say_money(charge)} of {account} is not tried again: no valid mandate is on file.", data=told)
    send_try(act, account, charge, mandate)
    told["tries"] = charge.tries
    return Outcome(f"{say_money(charge)} of {account} is tried again.", data=told)

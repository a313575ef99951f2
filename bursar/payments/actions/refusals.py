"""What follows when Mollie refuses for good something that we asked of it."""

from __future__ import annotations

from collections.abc import Callable

from django import forms

from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Cleaned, Notice, Outcome
from bursar.payments.actions.planning import foresee_end
from bursar.payments.actions.shared import BY_ITSELF, KEY, by_system, set_terms
from bursar.payments.models import Call, Charge, PaymentLink, Refund, Subscription
from bursar.payments.queries.calling import say_calls
from bursar.payments.rules.table import Stand
from bursar.payments.states import CallOp, ChargeKind, ChargeState, LinkState, RefundState
from bursar.payments.store import charges, links, refunds, subscriptions
from bursar.plans.actions.shared import terms_of
from bursar.tenants.models import BillingAccount

ASK_METHOD = KEY.format("ask_for_method")


class OfCall(ActionForm):
    call = forms.CharField(label="Call", max_length=30)


def _get_call(case: Case, data: Cleaned) -> Call | None:
    return Call.objects.filter(account=case.target, public_id=data["call"]).first()


@by_system(
    "note_refused_call",
    form=OfCall,
    label="Refused by Mollie",
    help="Mollie refused for good what Bursar asked of it; what depended on it is undone or stands in Drift.",
    when=BY_ITSELF + "Read the sentence: it is Mollie's own. Then do by hand what was meant, or change what is wrong.",
    refused=lambda case, data: None if _get_call(case, data) else "There is no such call of this account.",
    customer_visible=False,
    concerns_money=None,
    tell=(Notice.MANAGER, Notice.LEADS),
    calls=(ASK_METHOD,),
)
def note_refused_call(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    call = _get_call(act.case, data)
    assert call is not None
    follow = FOLLOWS.get(CallOp(call.op))
    if follow is not None:
        follow(act, account, call)
    asked = say_calls([call])[call.public_id]
    sentence = f"Mollie refused “{asked}” for {account}: {call.problem or 'no reason given'}"
    return Outcome(sentence, touched={account.pk: None})


def _lose_payment(act: Act, account: BillingAccount, call: Call) -> None:
    """A checkout ends; what was owed before is owed still, and the customer is asked for a new method."""
    charge = Charge.objects.filter(account=account, public_id=call.body.get("charge", "")).first()
    if charge is None or charge.state != ChargeState.ASKED:
        return
    if charge.failed_at is None and charge.kind != ChargeKind.SEAT:
        charges.end([charge], act.now)
        return
    charges.put(charge, state=ChargeState.FAILED, failed_at=charge.failed_at or act.now, next_try_at=None)
    if charge.method_asked_at is None:
        act.also(ASK_METHOD, account, {"charge": charge.public_id})


def _lose_subscription(act: Act, account: BillingAccount, call: Call) -> None:
    """As one that Mollie ended: what is paid goes on, and then the account is past due."""
    meant = Subscription.objects.filter(account=account, public_id=call.body.get("subscription", "")).first()
    if meant is None or not meant.is_meant or meant.mollie_id:
        return
    subscriptions.put(meant, broken_at=act.now)
    terms = terms_of(act.case)
    if terms.status == Stand.ACTIVE and terms.paid_until and terms.paid_until > act.now:
        set_terms(act, account)
        foresee_end(account, meant, terms.paid_until, act.now)


def _lose_refund(act: Act, account: BillingAccount, call: Call) -> None:
    """It did not leave, and may be asked for again."""
    made = Refund.objects.filter(payment__account=account, public_id=call.body.get("refund", "")).first()
    if made is not None and made.state == RefundState.SENDING:
        refunds.fail(made)


def _lose_link(act: Act, account: BillingAccount, call: Call) -> None:
    """There is no address to send; another link can be made."""
    link = PaymentLink.objects.filter(account=account, public_id=call.body.get("link", "")).first()
    if link is not None and link.state == LinkState.MAKING:
        links.note_refused(link, act.now)


FOLLOWS: dict[CallOp, Callable[[Act, BillingAccount, Call], None]] = {
    CallOp.PAYMENT_CREATE: _lose_payment,
    CallOp.SUBSCRIPTION_CREATE: _lose_subscription,
    CallOp.REFUND_CREATE: _lose_refund,
    CallOp.LINK_CREATE: _lose_link,
}
"""Of the others nothing follows: Drift shows an amount, a subscription or a mandate that is not as we want it."""

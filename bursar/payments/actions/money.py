"""Money that moves no plan: refunds, and what nobody expected."""

from __future__ import annotations

from bursar.actions.run import Act
from bursar.actions.spec import Change, Notice, Outcome
from bursar.core.money import euros, plain
from bursar.payments.actions.shared import BY_ITSELF, TOLD, Found, by_payment, say_money, tell_money
from bursar.payments.rules.table import Verb
from bursar.tenants.models import BillingAccount


@by_payment(
    Verb.NOTE_REFUND,
    label="Money refunded",
    help="Mollie sends money back. That is all: subscription, tiers and MRR stay as they are.",
    when=BY_ITSELF + "To end the plan as well, cancel the subscription.",
    tell=TOLD,
    event="payment.refunded",
)
def note_refund(act: Act, account: BillingAccount, found: Found) -> Outcome:
    payment = found.payment
    more = payment.refunded - payment.applied_refunded
    change = Change("Refunded", euros(payment.applied_refunded), euros(payment.refunded), concerns_money=True)
    told = {**tell_money(payment), "refunded_eur": plain(payment.refunded)}
    words = f"{euros(more)} go back to {account}" if more > 0 else f"A refund to {account} did not go through"
    return Outcome(f"{words}: {euros(payment.refunded)} of {say_money(payment)} in all.", [change], data=told)


@by_payment(
    Verb.NOTE_UNEXPECTED,
    label="Money that nobody expected",
    help="Money arrived that nobody owes: after an end, or twice. It starts nothing; it stands in Drift.",
    when=BY_ITSELF + "Decide in Drift: refund it, or start an interval with it.",
    customer_visible=False,
    tell=(Notice.MANAGER, Notice.LEADS),
    event="payment.unexpected",
)
def note_unexpected(act: Act, account: BillingAccount, found: Found) -> Outcome:
    words = f"{say_money(found.payment)} arrived from {account}, and nobody owes it: look at Drift."
    return Outcome(words, data=tell_money(found.payment))

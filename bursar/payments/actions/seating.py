"""Seats that came within an interval, charged once a day for the rest of it."""

from __future__ import annotations

from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Outcome
from bursar.billing.seller import seller_day
from bursar.core.days import say_end
from bursar.payments.actions.shared import BY_CLOCK, TOLD, by_system, say_money, tell_money, tell_paid_until
from bursar.payments.queries.basics import get_meant, get_usable_mandate
from bursar.payments.queries.seats import quote_seats_of
from bursar.payments.states import CallOp, ChargeKind, ChargeState
from bursar.payments.store import calls, charges, subscriptions
from bursar.plans.actions.shared import state_of, terms_of
from bursar.tenants.models import BillingAccount


def _why_no_seats(case: Case, data: Cleaned) -> str | None:
    meant = get_meant(case.target.pk)
    quote = quote_seats_of(case.target, state_of(case), meant, case.now) if meant else None
    if quote is None:
        return "No seat is to be charged."
    case.cache["seats"] = quote
    return None if get_usable_mandate(case.target.pk) else "There is no valid mandate to charge by."


@by_system(
    "charge_seats",
    label="Seats charged",
    help="Seats above the highest count paid in this interval are charged for the days that are left of it.",
    when=BY_CLOCK + "It looks once a day; nothing under € 1 is charged, and fewer seats are never refunded.",
    refused=_why_no_seats,
    tell=TOLD,
    event="seats.charged",
)
def charge_seats(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    quote, meant, mandate = act.case.cache["seats"], get_meant(account.pk), get_usable_mandate(account.pk)
    assert meant is not None and mandate is not None
    until = terms_of(act.case).paid_until
    charge = charges.make(
        account, ChargeKind.SEAT, ChargeState.ASKED, quote, act.now, subscription=meant, due_on=seller_day(act.now),
        interval_from=act.now, interval_until=until,
    )  # fmt: skip
    subscriptions.put(meant, seats_seen_on=act.now.date())
    body = {"charge": charge.public_id, "sequence": "recurring", "mandate": mandate.mollie_id}
    calls.put(CallOp.PAYMENT_CREATE, account, body, act.now)
    added = f"{quote.seats} more seat{'' if quote.seats == 1 else 's'}"
    sentence = f"{say_money(charge)} for {added} of {account}, until {say_end(until)}, VAT included."
    told = {**tell_money(charge), "seats": quote.seats, **tell_paid_until(until)}
    return Outcome(sentence, [Change("Seats charged", "", added, concerns_money=True)], data=told)

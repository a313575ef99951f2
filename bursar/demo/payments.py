"""The demo company's year of payments: what its terms and paid intervals mean at Mollie, told from them.

What the import brought stays as it is, so that no figure changes: each interval paid through Mollie gets its charge and
its payments, each account what it has there. `oddities` adds what happens beside.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bursar.billing.queries import decide_all
from bursar.billing.rules import VatDecision
from bursar.billing.seller import seller_day
from bursar.core.calendar import midnight
from bursar.demo import oddities
from bursar.demo.till import Amount, Client, Till, charged_at
from bursar.payments.models import MollieCustomer
from bursar.payments.queries import foresee
from bursar.payments.rules.intervals import end_of_interval, start_of_next
from bursar.payments.store.history import History, write
from bursar.payments.words import CARD, DIRECT_DEBIT
from bursar.plans.models import PaidPeriod, PaymentStatus, PeriodSource
from bursar.plans.queries import load_accounts
from bursar.plans.rules import AccountState, terms_at
from bursar.tenants.models import BillingAccount

METHODS = (("ideal", DIRECT_DEBIT), (CARD, CARD), ("bancontact", DIRECT_DEBIT), ("paypal", "paypal"))
"""How an account paid first, and by what it is charged since."""
RETRIES = (timedelta(days=3), timedelta(days=7), timedelta(days=14))


def make_payments(now: datetime) -> History:
    """Writes it, and says what was written; nothing when it is there already."""
    till = Till(now)
    if MollieCustomer.objects.exists():
        return till.history
    clients = [_open(till, number, *found) for number, found in enumerate(_list_accounts(now))]
    for client in clients:
        _tell(till, client)
    _tell_checkouts(till)
    oddities.tell_all(till, [one for one in clients if one.subscription.status == "active"])
    write(till.history)
    return till.history


def _list_accounts(now: datetime) -> list[tuple[BillingAccount, list[PaidPeriod], AccountState, VatDecision]]:
    periods: dict[int, list[PaidPeriod]] = {}
    for period in PaidPeriod.objects.filter(source=PeriodSource.MOLLIE).order_by("account_id", "service_from"):
        periods.setdefault(period.account_id, []).append(period)
    accounts = BillingAccount.objects.in_bulk(list(periods))
    states = load_accounts(list(periods))
    decisions = decide_all(list(periods), seller_day(now))
    return [(accounts[pk], found, states[pk], decisions[pk]) for pk, found in periods.items()]


def _open(
    till: Till,
    number: int,
    account: BillingAccount,
    periods: list[PaidPeriod],
    state: AccountState,
    decision: VatDecision,
) -> Client:
    """Its customer, mandate and subscription, as they stand now."""
    first_method, method = METHODS[number % len(METHODS)]
    bought = periods[0].booked_at
    customer = till.customer(account, bought)
    mandate = till.mandate(customer, method, bought)
    terms = terms_at(state, till.now)
    found = foresee(account, state, till.now)
    quote = Amount(found.net, found.gross, found.lines[0]["tier"] if found.lines else "", found.seats)
    start = start_of_next(bought.date(), terms.cadence)
    subscription = till.subscription(customer, mandate, terms.cadence, quote.gross, bought, start_date=start)
    subscription.wanted_net, subscription.wanted_lines = found.net, list(found.lines)
    subscription.wanted_decision = found.decision.as_json()
    return Client(
        number, account, terms, periods, quote, decision, customer, mandate, subscription, first_method
    )  # fmt: skip


def _tell(till: Till, one: Client) -> None:
    if one.number % 5 == 0:
        _tell_abandoned(till, one)
    for place, period in enumerate(one.periods):
        _tell_paid(till, one, period, is_first=place == 0)
    paid_until = one.periods[-1].service_until
    if one.terms.status == PaymentStatus.CANCELLED or not one.quote.gross:
        asked = one.terms.start if one.terms.status == PaymentStatus.CANCELLED else till.now - timedelta(days=1)
        _end(one, asked, end_asked_at=asked, ends_at_paid_end=True)
    elif one.terms.status == PaymentStatus.PAST_DUE:
        _tell_failing(till, one, paid_until)
    else:
        _plan_next(till, one, paid_until)


def _tell_abandoned(till: Till, one: Client) -> None:
    """A checkout before the one that was paid, which the customer left, or let run out."""
    period, at = one.periods[0], one.periods[0].booked_at - timedelta(hours=5)
    amount = Amount(period.net, period.gross)
    charge = till.charge(one.account, "first", "ended", amount, at, one.decision, due_on=None)
    till.payment(one.customer, charge, one.first_method, "canceled" if one.number % 2 else "expired", at)


def _seats_of(period: PaidPeriod, today: Amount) -> int:
    """As many as its amount pays at today's price a seat."""
    return max(1, round(today.seats * period.net / today.net)) if today.net else today.seats


def _tell_paid(till: Till, one: Client, period: PaidPeriod, *, is_first: bool) -> None:
    at = period.booked_at.replace(microsecond=0) if is_first else charged_at(period.service_from.date())
    amount = Amount(period.net, period.gross, one.quote.tier, _seats_of(period, one.quote))
    charge = till.charge(
        one.account, "first" if is_first else "renewal", "paid", amount, at, one.decision,
        interval_from=period.service_from, interval_until=period.service_until, cadence=one.terms.cadence,
        subscription=None if is_first else one.subscription,
    )  # fmt: skip
    if is_first:
        till.payment(one.customer, charge, one.first_method, "paid", at, paid_at=at)
        return
    by: dict[str, Any] = {"mollie_mandate_id": one.mandate.mollie_id}
    if len(till.history.charges) % 2 and at + timedelta(days=5) < till.now:
        till.payment(one.customer, charge, one.method, "failed", at, subscription=one.subscription, **by)
        at += RETRIES[0]
        till.payment(one.customer, charge, one.method, "paid", at, kind="retry", **by)
        charge.tries, charge.settled_at = 1, at
        return
    if at + timedelta(days=2) > till.now:  # a debit that was quick
        by["paid_at"] = min(at + timedelta(hours=1), till.now)
    till.payment(one.customer, charge, one.method, "paid", at, subscription=one.subscription, **by)


def _tell_failing(till: Till, one: Client, since: datetime) -> None:
    """Tries in vain. Of a monthly one, the later months failed as well, until Mollie gave it up."""
    start, failed = since, 0
    while start < till.now:
        until = end_of_interval(start, one.terms.cadence)
        at = charged_at(start.date())
        charge = till.charge(
            one.account, "renewal", "failed", one.quote, at, one.decision, interval_from=start, interval_until=until,
            cadence=one.terms.cadence, subscription=one.subscription, failing_told_at=at,
        )  # fmt: skip
        tries = [at] + [at + wait for wait in RETRIES if at + wait + timedelta(days=2) < till.now and not failed]
        for place, tried_at in enumerate(tries):
            more: dict[str, Any] = {"kind": "retry"} if place else {"subscription": one.subscription}
            tried = till.payment(
                one.customer, charge, one.method, "failed", tried_at, mollie_mandate_id=one.mandate.mollie_id, **more
            )
            tried.failed_at = min(tried.failed_at or till.now, till.now)
        charge.tries, start, failed = len(tries), until, failed + 1
    if failed > 1:
        _end(one, charged_at(since.date()) + timedelta(days=33))
        return
    _plan_next(till, one, start)


def _plan_next(till: Till, one: Client, start: datetime) -> None:
    day = start.date()
    one.subscription.next_date = day
    till.charge(
        one.account, "renewal", "planned", one.quote, till.now, one.decision, due_on=day, interval_from=start,
        interval_until=end_of_interval(midnight(day), one.terms.cadence), cadence=one.terms.cadence,
        subscription=one.subscription,
    )  # fmt: skip


def _end(one: Client, at: datetime, **more: Any) -> None:
    one.subscription.status, one.subscription.canceled_at, one.subscription.next_date = "canceled", at, None
    for name, value in more.items():
        setattr(one.subscription, name, value)


def _tell_checkouts(till: Till) -> None:
    """Those who are at the checkout now."""
    accounts = BillingAccount.objects.filter(
        payment_terms__status=PaymentStatus.PENDING, payment_terms__valid_until=None
    ).order_by("pk")
    ids = [account.pk for account in accounts]
    states, decisions = load_accounts(ids), decide_all(ids, seller_day(till.now))
    for account in accounts:
        at = till.now - timedelta(hours=5)
        found = foresee(account, states[account.pk], till.now, tier="changemaker")
        amount = Amount(found.net, found.gross, "changemaker", found.seats)
        customer = till.customer(account, at)
        charge = till.charge(
            account, "first", "open", amount, at, decisions[account.pk],
            due_on=None, tier="changemaker", cadence="yearly", expires_at=till.now + timedelta(days=11),
        )  # fmt: skip
        till.payment(customer, charge, "banktransfer", "open", at, expires_at=charge.expires_at)

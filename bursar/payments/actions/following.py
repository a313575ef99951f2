"""The subscription's amount follows the seats, discounts and VAT of the day on which Mollie charges next."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Outcome
from bursar.core.days import say_day, say_end
from bursar.core.money import euros, plain
from bursar.payments.actions.planning import end_planned, foresee_end, is_going_on, plan_next, plan_subscription
from bursar.payments.actions.shared import BY_CLOCK, TOLD, by_system, set_terms
from bursar.payments.models import Subscription
from bursar.payments.queries.basics import foresee, get_meant, get_planned, get_usable_mandate
from bursar.payments.rules.amounts import Quote
from bursar.payments.states import CallOp
from bursar.payments.store import calls, subscriptions
from bursar.plans import rules
from bursar.plans.actions.shared import state_of, terms_of
from bursar.tenants.models import BillingAccount


class Course(StrEnum):
    """What the next interval's amount asks for. END: it costs nothing. GO_ON: it costs something again after all."""

    STAY = "stay"
    CHANGE = "change"
    END = "end"
    GO_ON = "go_on"


def quote_next(account: BillingAccount, state: rules.AccountState, meant: Subscription, now: datetime) -> Quote:
    """What the next interval costs, with what was agreed for it."""
    return foresee(account, state, now, cadence=meant.then_cadence or meant.cadence, most=meant.then_tier)


def find_course(meant: Subscription, quote: Quote, state: rules.AccountState, now: datetime) -> Course:
    """Where every workspace is gone nothing is ended by itself: it stands in Drift, and a person decides."""
    terms = rules.terms_at(state, now)
    if not any(workspace.is_live(now) for workspace in state.workspaces):
        return Course.STAY
    if meant.ends_at_paid_end and not meant.end_asked_at:
        is_ahead = terms.paid_until is not None and terms.paid_until > now
        return Course.GO_ON if quote.gross > 0 and is_ahead else Course.STAY
    if not is_going_on(meant):
        return Course.STAY
    if quote.gross <= 0:
        return Course.END
    return Course.CHANGE if is_other(meant, quote) else Course.STAY


def is_other(meant: Subscription, quote: Quote) -> bool:
    """Another amount, or the same for other reasons: other lines, or another decision on VAT."""
    return (meant.wanted, meant.wanted_net) != (quote.gross, quote.net) or _vat_of(meant) != _vat_of(quote)


def _vat_of(of: Subscription | Quote) -> tuple[Any, ...]:
    kept = of.decision.as_json() if isinstance(of, Quote) else of.wanted_decision
    return tuple(kept.get(name) for name in ("treatment", "rate", "state"))


def is_to_tell(meant: Subscription, quote: Quote, account_id: int) -> bool:
    """VAT changed the amount, or another amount was announced already."""
    planned = get_planned(account_id)
    return _vat_of(meant) != _vat_of(quote) or (planned is not None and planned.notice_sent_at is not None)


def _why_it_stays(case: Case, data: Cleaned) -> str | None:
    meant = get_meant(case.target.pk)
    if meant is None:
        return "The account has no subscription."
    quote = quote_next(case.target, state_of(case), meant, case.now)
    course = find_course(meant, quote, state_of(case), case.now)
    if course is Course.GO_ON and get_usable_mandate(case.target.pk) is None:
        return "There is no valid mandate to charge by."
    case.cache["course"] = (meant, quote, course)
    return "The amount is right as it stands." if course is Course.STAY else None


def _follow(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    meant, quote, course = act.case.cache["course"]
    until = terms_of(act.case).paid_until
    if course is Course.END:
        sentence = _end(act, account, meant, until)
    elif course is Course.GO_ON:
        sentence = _go_on(act, account, meant, until)
    else:
        sentence = _change(act, account, meant, quote)
    changes = [Change("Next charge", euros(meant.wanted), euros(quote.gross), concerns_money=True)]
    told = {
        "amount_before_eur": plain(meant.wanted),
        "amount_eur": plain(quote.gross),
        "seats": quote.seats,
        "charged_on": meant.next_date.isoformat() if meant.next_date else None,
    }
    subscriptions.put(meant, **subscriptions.wanted_of(quote), followed_at=act.now)
    if course is Course.CHANGE and not meant.mollie_id:
        subscriptions.put(meant, amount=quote.gross)
        plan_next(meant, act.now)
    return Outcome(sentence, changes, {account.pk: None}, data=told)


def _change(act: Act, account: BillingAccount, meant: Subscription, quote: Quote) -> str:
    calls.put(CallOp.SUBSCRIPTION_UPDATE, account, {"subscription": meant.public_id}, act.now)
    day = f" on {say_day(meant.next_date)}" if meant.next_date else ""
    vat = f" VAT: {quote.decision.rate.normalize():f} %." if quote.decision.rate else " Without VAT."
    return f"The next charge of {account}{day} will be {euros(quote.gross)} for {quote.seats} seats.{vat}"


def _end(act: Act, account: BillingAccount, meant: Subscription, until: datetime | None) -> str:
    calls.put(CallOp.SUBSCRIPTION_CANCEL, account, {"subscription": meant.public_id}, act.now)
    subscriptions.put(meant, ends_at_paid_end=True)
    end_planned(meant, act.now)
    if until and until > act.now:
        set_terms(act, account)
        foresee_end(account, meant, until, act.now)
    return f"The next interval of {account} costs nothing: the subscription ends with what is paid, {say_end(until)}."


def _go_on(act: Act, account: BillingAccount, meant: Subscription, until: datetime | None) -> str:
    mandate = get_usable_mandate(account.pk)
    assert mandate is not None and until is not None
    set_terms(act, account)
    plan_subscription(act, account, state_of(act.case), meant.cadence, until.date(), mandate.mollie_id)
    return f"The next interval of {account} costs something again: the subscription goes on."


def _declare(verb: str, **declaration: Any) -> None:
    by_system(
        verb,
        label="Next charge changed",
        refused=_why_it_stays,
        event="subscription.amount_changed",
        **declaration,
    )(_follow)


_declare(
    "follow_amount",
    help="Seats, discounts or prices changed: the next charge follows them. Nothing is charged now.",
    when=BY_CLOCK + "To see the next charge, read the account's payments.",
)
_declare(
    "tell_new_amount",
    help="The next charge changes after it was announced, or because the VAT does: billing people are told before.",
    when=BY_CLOCK + "To see which VAT applies and why, read the billing details.",
    tell=TOLD,
)

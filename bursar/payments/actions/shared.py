"""What the system's actions on accounts that pay by Mollie share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django import forms

from bursar.access.rights import By
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Outcome, Reason, Topic
from bursar.core.days import say_end, tell_end
from bursar.core.money import euros, plain
from bursar.payments.models import Charge, Payment
from bursar.payments.queries.news import describe_owed, find_charge, get_payment
from bursar.payments.rules.table import Move, News, Stand, Verb, find_move, read_news, role_of, stand_of, status_of
from bursar.payments.store import charges
from bursar.payments.store.applied import applied_of, mark, says_of
from bursar.plans import rules, store
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_after, state_of, terms_of
from bursar.plans.models import PaymentMode, Tier
from bursar.tenants.models import BillingAccount

TOLD = EVERYBODY_CONCERNED
BY_ITSELF = "Nobody reaches for this one: Bursar does it by itself when Mollie tells of it. "
BY_CLOCK = "Nobody reaches for this one: the clock does it. "
KEY = "payments.account.{}"
Verbal = Callable[[Act, BillingAccount, Cleaned], Outcome]
OF_THE_SYSTEM: dict[str, Any] = {
    "on": BillingAccount,
    "reason": Reason.NONE,
    "customer_visible": True,
    "concerns_money": True,
    "permission": By.CLOCK,
    "topic": Topic.MONEY,
    "in_menu": False,
    "icon": "credit-card",
}


def by_system(verb: str, **declaration: Any) -> Callable[[Verbal], Verbal]:
    """Declares an action of the system on an account; `payments.account.<verb>`."""
    register = action(key=KEY.format(verb), **{**OF_THE_SYSTEM, **declaration})

    def declare(do: Verbal) -> Verbal:
        def perform(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
            """People who are told read what changed: the sentence is the first of it."""
            outcome = do(act, account, data)
            if declaration.get("tell"):
                outcome.changes.insert(0, Change("", "", str(outcome.sentence), concerns_money=True))
            return outcome

        register(perform)
        return do

    return declare


class OfPayment(ActionForm):
    payment = forms.CharField(label="Payment", max_length=30)


class Found:
    """The payment that an action is about, its charge, and what the table says of its news, as things stand."""

    def __init__(self, payment: Payment, account: BillingAccount, terms: rules.Terms) -> None:
        """`payment`: as `get_payment` reads it."""
        self.payment = payment
        self.charge: Charge | None = find_charge(payment)
        applied, says = applied_of(payment), says_of(payment)
        self.news: News | None = read_news(applied, says)
        self.move: Move | None = None
        if self.news is not None and payment.account_id == account.pk:
            role = role_of(self.news, describe_owed(self.charge, payment, self.news), applied)
            self.move = find_move(role, self.news, stand_of(terms))


def find(case: Case, data: Cleaned) -> Found:
    found: Found = case.once("found", lambda: Found(get_payment(data["payment"]), case.target, terms_of(case)))
    return found


def by_payment(verb: Verb, **declaration: Any) -> Callable[[Any], Any]:
    """Declares what one row of the table does: `(act, account, found) -> Outcome`. Marks the news as applied."""

    def declare(do: Callable[[Act, BillingAccount, Found], Outcome]) -> Any:
        def perform(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
            found = find(act.case, data)
            assert found.news is not None
            if found.charge is not None and found.payment.charge_id is None:
                found.payment.charge = found.charge if found.charge.pk else charges.add(found.charge)
            outcome = do(act, account, found)
            mark(found.payment, found.news)
            outcome.touches = [*outcome.touches, found.payment.public_id]
            return outcome

        by_system(verb, form=OfPayment, refused=partial(_why_overtaken, verb), **declaration)(perform)
        return do

    return declare


def _why_overtaken(verb: Verb, case: Case, data: Cleaned) -> str | None:
    move = find(case, data).move
    return None if move and move.verb is verb else "Something newer is known of this payment by now."


def charge_of(found: Found) -> Charge:
    assert found.charge is not None, "the table gives this verb to payments of a charge alone"
    return found.charge


def set_terms(act: Act, account: BillingAccount, to: Stand | None = None, **values: Any) -> None:
    """The account's payment terms from now on: as they are, but for what is said here."""
    present = terms_of(act.case)
    kept = {name: getattr(present, name) for name in ("cadence", "paid_until", "past_due_since", "lapses_at")}
    status = status_of(to) if to else present.status
    mode = present.mode if to is None else PaymentMode.SELF_SERVE
    store.set_payment_terms(account, state_of(act.case), act.now, **{"mode": mode, "status": status, **kept, **values})


def state_now(act: Act) -> rules.AccountState:
    """Read again as far as the verb has written."""
    state_of(act.case)
    state = state_after(act.case, act.case.target.pk)
    assert state is not None
    return state


def tell_money(charge: Charge | Payment) -> dict[str, Any]:
    """What programs hear of an amount: EUR, VAT included."""
    return {"amount_eur": plain(charge.gross if isinstance(charge, Charge) else charge.amount)}


def tell_paid_until(at: datetime | None) -> dict[str, Any]:
    told = tell_end(at)
    return {"paid_until": told["until"], "last_day": told["last_day"]}


def say_money(charge: Charge | Payment) -> str:
    return euros(charge.gross if isinstance(charge, Charge) else charge.amount)


def say_status(before: str, after: str) -> Change:
    return Change("Payment", before.replace("_", " "), after.replace("_", " "), concerns_money=True)


def say_paid_until(before: datetime | None, after: datetime | None) -> Change:
    return Change("Paid until", say_end(before), say_end(after), concerns_money=True)


def name_tier(tier: str) -> str:
    return str(Tier(tier).label)

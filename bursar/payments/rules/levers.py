"""Which levers of paying an account has: None, or the sentence that says why not. Pure. DOMAIN 6."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from bursar.core.days import say_day, say_end
from bursar.core.money import euros
from bursar.payments.states import ChargeKind, ChargeState
from bursar.plans.rules import RANK, Terms, is_managed
from bursar.plans.states import Status

LIVES = frozenset({Status.ACTIVE, Status.PAST_DUE})
TRIES_AT_MOST = 4
OWED_KINDS = (ChargeKind.RENEWAL, ChargeKind.SEAT, ChargeKind.LINK, ChargeKind.INVOICE)
WAITS = frozenset({ChargeState.ASKED, ChargeState.OPEN, ChargeState.UNDER_WAY})
NOT_SET_UP = "Payments are not set up here yet."
MANAGED = "The account is billed by invoice."
ELSEWHERE = "What this account pays is told from elsewhere: there is no subscription at Mollie to change."


class Owed(NamedTuple):
    """A charge, as far as levers ask. `is_disputed`: the payer's bank took it back. `tries`: payments that failed.

    `was_paid`: the money came once, and was taken back.
    """

    kind: str
    state: str
    gross: Decimal
    tries: int = 0
    is_disputed: bool = False
    made_at: datetime | None = None
    was_paid: bool = False


class Standing(NamedTuple):
    """How an account stands. `has_subscription`: one is meant and was not ended here; `is_alive_there`: nor at Mollie.

    `then`: whether a change is agreed for the next interval.
    `owed`: what is asked for and neither paid nor ended, oldest first; what is only planned is not in it.
    """

    terms: Terms
    is_set_up: bool
    has_workspace: bool
    has_details: bool
    has_mandate: bool
    has_subscription: bool
    is_alive_there: bool
    then: bool
    owed: tuple[Owed, ...]
    now: datetime

    @property
    def paid_until(self) -> datetime | None:
        """What is paid ahead of now."""
        end = self.terms.paid_until
        return end if end and end > self.now else None

    @property
    def is_closed(self) -> bool:
        return not self.has_workspace

    def list_failed(self) -> list[Owed]:
        return [one for one in self.owed if one.state == ChargeState.FAILED]

    def find_first_under_way(self) -> Owed | None:
        """A checkout whose money is with the bank."""
        first = (one for one in self.owed if one.kind == ChargeKind.FIRST and not one.was_paid)
        return next((one for one in first if one.state == ChargeState.UNDER_WAY), None)

    def find_waiting(self, *kinds: ChargeKind) -> Owed | None:
        return next((one for one in self.owed if one.kind in kinds and one.state in WAITS), None)


def _why_not_here(standing: Standing) -> str | None:
    if not standing.is_set_up:
        return NOT_SET_UP
    return MANAGED if is_managed(standing.terms) else None


def why_not_check_out(standing: Standing) -> str | None:
    sentence = _why_not_here(standing)
    if sentence:
        return sentence
    if standing.is_closed:
        return "There is no workspace that could be paid for."
    if standing.terms.status == Status.PAST_DUE:
        return "A payment is open: pay that first. Nothing is bought twice."
    if standing.terms.status == Status.ACTIVE or standing.has_subscription:
        return "A subscription runs already. Change the plan instead: only the difference is paid."
    if standing.terms.status == Status.CANCELLED and standing.paid_until:
        return f"It is paid until {say_end(standing.paid_until)}: resume the subscription instead, nothing is paid now."
    first = standing.find_first_under_way()
    if first is not None:
        return f"A first payment is under way since {say_day(first.made_at)}. It can take some days; nothing is to do."
    if not standing.has_details:
        return "Fill in the billing details first: who pays, and where. VAT follows from them."
    return None


def why_not_offer(standing: Standing) -> str | None:
    """For staff, who send the plan to the customer: billing details are the customer's to fill in."""
    return why_not_check_out(standing._replace(has_details=True)) and why_not_change_plan(standing)


def why_not_pay_now(standing: Standing) -> str | None:
    """Never for the number of tries: who wants to pay may."""
    if not standing.is_set_up:
        return NOT_SET_UP
    if not standing.list_failed():
        waiting = next((one for one in standing.owed if one.state == ChargeState.UNDER_WAY), None)
        if waiting is not None:
            return f"{euros(waiting.gross)} is with the bank since {say_day(waiting.made_at)}. Nothing is to do."
        if standing.find_waiting(*OWED_KINDS):
            return "A checkout is open for it already. Go on there."
        return "Nothing is open: there is nothing to pay now."
    return None


def why_not_retry(standing: Standing) -> str | None:
    """For staff: counts as one of the tries that go by themselves."""
    failed = standing.list_failed()
    if not standing.is_set_up or not failed:
        return why_not_pay_now(standing)
    if standing.is_closed:
        return "Every workspace is gone: nothing is asked of a closed account."
    if standing.terms.status == Status.CANCELLED:
        return "The subscription was cancelled: nothing is tried any more. The customer can still pay by themselves."
    if failed[0].is_disputed:
        return "The payer's bank took this money back: it is not tried again. Ask the customer for a new method."
    if not standing.has_mandate:
        return "There is no valid mandate to charge by. Ask the customer for a new method."
    if failed[0].tries >= TRIES_AT_MOST:
        return f"It was tried {failed[0].tries} times. Now the customer pays by themselves, or gives a new method."
    return None


def why_not_cancel(standing: Standing) -> str | None:
    return why_nothing_to_cancel(standing) or why_out_of_reach(standing)


def why_out_of_reach(standing: Standing) -> str | None:
    """What runs at Mollie can be ended there alone."""
    return None if standing.is_set_up else NOT_SET_UP


def why_nothing_to_cancel(standing: Standing) -> str | None:
    if is_managed(standing.terms):
        return MANAGED
    if standing.terms.status == Status.CANCELLED:
        end = standing.paid_until
        return f"It is cancelled already; the plan stays until {say_end(end)}." if end else "It is cancelled already."
    if standing.has_subscription:
        return None
    return ELSEWHERE if standing.terms.status in LIVES else "There is no subscription."


def why_not_resume(standing: Standing) -> str | None:
    sentence = _why_not_here(standing)
    if sentence:
        return sentence
    if standing.terms.status != Status.CANCELLED or standing.paid_until is None:
        return "Only a cancelled plan that is still paid for can be resumed. Otherwise buy it anew at the checkout."
    if standing.is_closed:
        return "There is no workspace that could be paid for."
    if not standing.has_mandate:
        return "There is no valid way of paying on file. Give a new method first, then resume."
    return None


def why_not_change_method(standing: Standing) -> str | None:
    sentence = _why_not_here(standing)
    if sentence:
        return sentence
    is_kept = standing.terms.status == Status.CANCELLED and standing.paid_until
    if not (standing.terms.status in LIVES or is_kept):
        return "There is no plan to pay for. The method is chosen at the checkout."
    waiting = standing.find_waiting(ChargeKind.METHOD)
    if waiting is not None and waiting.state == ChargeState.UNDER_WAY:
        return f"A new method is being proved since {say_day(waiting.made_at)}. It can take some days."
    if standing.find_waiting(*OWED_KINDS):
        return "What is open is being paid just now. Finish that first."
    return None


def why_not_change_plan(standing: Standing) -> str | None:
    sentence = _why_not_here(standing)
    if sentence:
        return sentence
    if standing.terms.status == Status.PAST_DUE:
        return "A payment is open: pay that first, then change the plan."
    if standing.terms.status == Status.CANCELLED:
        return "The plan is cancelled. Resume it first."
    if standing.terms.status != Status.ACTIVE:
        return "There is no subscription to change. Buy a plan at the checkout."
    if not standing.has_subscription:
        return ELSEWHERE
    if not standing.is_alive_there:
        return "Mollie ended the subscription by itself. Give a new method first: that makes a new one."
    if standing.paid_until is None:
        return "The renewal is under way. Change the plan once it has arrived."
    upgrade = standing.find_waiting(ChargeKind.UPGRADE)
    if upgrade is not None and upgrade.state == ChargeState.UNDER_WAY:
        return f"{euros(upgrade.gross)} for a dearer plan is under way since {say_day(upgrade.made_at)}."
    return None


def why_not_withdraw(standing: Standing) -> str | None:
    upgrade = standing.find_waiting(ChargeKind.UPGRADE)
    if upgrade is not None and upgrade.state == ChargeState.UNDER_WAY:
        return "It is being paid already: once that has arrived, the plan can be changed back for the next interval."
    if standing.then or upgrade is not None:
        return why_out_of_reach(standing)
    return "No change is planned."


class Plan(NamedTuple):
    """What an account has, or would have. `low`, `high`: the lowest and the highest tier of its workspaces."""

    low: str
    high: str
    cadence: str


def why_not_this_plan(tier: str, cadence: str, present: Plan, then: tuple[str, str]) -> str | None:
    """`then`: the tier and cadence that are agreed for later; empty ones stay as they are."""
    if (tier, cadence) == (present.high, present.cadence) and present.low == present.high:
        if any(then):
            return "This is the present plan. Withdraw the planned change to keep it."
        return "This is the present plan already."
    if any(then) and (tier, cadence) == (then[0] or present.high, then[1] or present.cadence):
        return "This is what comes at the end of the interval already."
    return None


def is_at_once(tier: str, cadence: str, present: Plan) -> bool:
    """Whether a change of plan holds as soon as its difference is paid; else from the next interval on."""
    return cadence == present.cadence and RANK[tier] >= RANK[present.high] and RANK[tier] > RANK[present.low]

"""Why a lever cannot be pulled, and what the customer would lose by it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from bursar.core.days import say_day, say_end
from bursar.plans.rules.account import RANK, EffectiveTier, Terms
from bursar.plans.rules.paid import is_charging, is_managed


def why_not_change_tier(terms: Terms) -> str | None:
    """Whatever the tier: a live subscription charges for the present one, so nobody changes it behind its back."""
    if is_charging(terms):
        return (
            "A Mollie subscription is live. The customer changes plan at checkout, "
            "or staff set the account managed first."
        )
    return None


def why_not_set_managed(terms: Terms) -> str | None:
    return "The account is managed already." if is_managed(terms) else None


def why_not_managed_beside(terms: Terms, cancels: bool) -> str | None:
    """Nobody pays twice. `cancels`: the subscription is ended with it."""
    if is_charging(terms) and not cancels:
        return (
            "A Mollie subscription is live. It has to be cancelled before the account can be managed: tick that it "
            "ends with what is paid."
        )
    return None


def why_not_this_tier(tier: str, present: EffectiveTier) -> str | None:
    if tier == present.base and present.grant is None:
        return f"The workspace is on {tier.capitalize()} already."
    return None


def why_not_grant_tier(tier: str, present: EffectiveTier, end: datetime) -> str | None:
    """A time-limited approval lifts above the base tier and above a trial that runs, and says something new.

    It takes the place of an earlier approval, so it may be lower than that one.
    """
    running = present.grant
    if running and running.kind == "reverse_trial" and RANK[tier] < RANK[running.tier]:
        return (
            f"A reverse trial of {running.tier.capitalize()} runs until {say_end(running.end)}, and "
            f"{tier.capitalize()} would be less. End the trial first, or wait for its end."
        )
    if RANK[tier] <= RANK[present.base]:
        return f"The workspace is on {present.base.capitalize()} for good; a time-limited tier has to be above that."
    if present.grant and (present.grant.tier, present.grant.end) == (tier, end):
        return f"{tier.capitalize()} until that day is what holds already."
    return None


def list_losses(before: str, after: str, before_cap: Decimal | None, after_cap: Decimal | None) -> list[str]:
    """What the customer loses by going from one tier down to another, in sentences."""
    if RANK[after] >= RANK[before]:
        return []
    losses = [f"This is a step down, from {before.capitalize()} to {after.capitalize()}."]
    if after_cap is not None and before_cap is None:
        losses.append(f"Recording is unlimited now; it will count towards a cap of {after_cap.normalize():f} h.")
    if after == "free":
        losses.append("What exists stays readable; creating more is gated, and uploads lock at the cap.")
    return losses


def why_not_end_on(day: date, today: date) -> str | None:
    return f"The end date {say_day(day)} is past. Choose today or later." if day < today else None


def why_not_discount(kind: str, percent: int, end_date: date | None, today: date, *, on_account: bool) -> str | None:
    if kind == "trial" and end_date is None:
        return "A trial discount needs an end date."
    late = why_not_end_on(end_date, today) if end_date is not None else None
    if late:
        return late
    if percent == 0 and on_account:
        return "0 % is no discount. Use “Remove discount” to go back to the full price."
    return None


def describe_discount(kind_label: str, percent: int, end_date: date | None) -> str:
    """ "50 % scholarship, until 31 December 2026"; 0 %, on a workspace, is none: the account's does not hold there."""
    until = f", until {say_day(end_date)}" if end_date else ""
    return f"{percent} % {kind_label}{until}" if percent else f"no discount here, the full price{until}"

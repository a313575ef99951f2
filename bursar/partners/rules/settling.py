"""Who may be in the ledger, what an edit may change, and when a partner is settled with. Pure. DOMAIN 9."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.partners.rules.quarters import Quarter


class Way(StrEnum):
    """How a partner was settled with."""

    PARTNER_INVOICE = "partner_invoice"
    CREDIT_NOTE = "credit_note"
    SELF_BILLING = "self_billing"


def why_not_refer(*, partner_id: int, organisation_id: int, is_partner: bool, partner: str) -> str | None:
    """For a new entry. organisation_id: whose account the client's is."""
    if not is_partner:
        return f"{partner} is no partner. “Partner toggle” on the organisation says that it is one."
    if partner_id == organisation_id:
        return f"{partner} would get a share of what it pays itself."
    return None


def why_overlap(partner: str, starts_on: date, expires_on: date | None) -> str:
    until = f"through {say_day(expires_on)}" if expires_on else "without an end"
    says = f"{partner} has an entry for this client from {say_day(starts_on)} {until}."
    return f"{says} Entries of one client never overlap."


def why_not_run(starts_on: date, expires_on: date | None, today: date) -> str | None:
    """For the days of an entry that is made."""
    if expires_on is not None and expires_on < max(starts_on, today):
        return "It would be over already: its last day is today or later, and not before its first."
    return None


def why_not_cap(cap: Decimal | None, accrued: Decimal) -> str | None:
    """For another cap. accrued: what the entry came to so far."""
    if cap is not None and cap < accrued:
        return f"The entry came to {euros(accrued)} already: the cap cannot lie below that."
    return None


def why_over(expires_on: date | None, today: date) -> str | None:
    if expires_on is not None and expires_on < today:
        return f"The entry ended on {say_day(expires_on)}. What follows is an entry of its own."
    return None


def why_not_settle(quarter: Quarter, today: date, settled_through: date | None, owed: Decimal) -> str | None:
    """owed: through the quarter's last day, since the settlement before."""
    if quarter.last >= today:
        return f"{quarter.label} is not over. It can be settled from {say_day(quarter.next().first)} on."
    if settled_through is not None and quarter.last <= settled_through:
        return f"{quarter.label} is settled, and a settled quarter never changes."
    if owed <= 0:
        return f"Nothing is owed for {quarter.label}: {euros(owed)}. It goes over into the next."
    return None

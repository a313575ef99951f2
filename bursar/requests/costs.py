"""What an upgrade costs, for people with billing rights: before it is asked for, and when it is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bursar.actions.spec import Case
from bursar.core.money import euros
from bursar.payments.actions.checkout import say_offer
from bursar.payments.actions.levers import list_words
from bursar.payments.queries import foresee
from bursar.payments.rules.amounts import Quote
from bursar.plans import rules as plans
from bursar.plans.models import Tier
from bursar.plans.queries import load_catalogue
from bursar.requests import queries
from bursar.tenants.models import Workspace

PER = {"yearly": "year", "monthly": "month"}


def say_upgrade(case: Case, tier: str, cadence: str) -> list[str]:
    """Of the whole account, were this workspace on `tier`. On a live subscription: what accepting the offer costs."""
    workspace: Workspace = case.target
    state = queries.load_state(workspace)
    terms = plans.terms_at(state, case.now)
    if plans.is_charging(terms):
        return say_offer(
            Case(case.actor, workspace.account, case.now), {"tier": tier, "cadence": terms.cadence or cadence}
        )
    billed = (terms.cadence if plans.is_managed(terms) else "") or cadence
    quote = quote_account(workspace, _with_tier(state, workspace.pk, tier, case.now), billed, case.now)
    return [f"{workspace.account} would then cost, a {PER[billed]}:", *list_words(quote, billed)]


def quote_account(workspace: Workspace, state: plans.AccountState, cadence: str, now: datetime) -> Quote:
    """An interval of the account that pays for it, as `state` has it."""
    return foresee(workspace.account, state, now, cadence=cadence)


def _with_tier(state: plans.AccountState, workspace_id: int, tier: str, now: datetime) -> plans.AccountState:
    """The same with one workspace on this tier for good."""
    bases = [plans.Base(tier, now, None)]
    moved = [replace(one, bases=bases, grants=[]) if one.id == workspace_id else one for one in state.workspaces]
    return replace(state, workspaces=moved)


def say_seat(tier: str, cadence: str, now: datetime) -> list[str]:
    """What one seat of a workspace that is not made yet costs; nothing is said of what is free."""
    catalogue = load_catalogue()
    row = catalogue.at(tier, now)
    rate = row.yearly if cadence == "yearly" else row.monthly
    if not rate:
        return []
    return [f"Each seat on {Tier(tier).label} costs {euros(rate)} a month without VAT, billed {cadence}."]


def say_given(workspace: Workspace, cadence: str, now: datetime) -> str:
    """After it was given: what the account costs from now on; empty where that is nothing."""
    state = queries.load_state(workspace)
    billed = plans.terms_at(state, now).cadence or cadence
    quote = quote_account(workspace, state, billed, now)
    return f"{euros(quote.gross)} with VAT a {PER[billed]} for {workspace.account}" if quote.gross else ""

"""What the verbs of plans share."""

from __future__ import annotations

from bursar.access.actor import ActorKind
from bursar.actions.spec import Case, Notice
from bursar.plans import queries, rules
from bursar.tenants.models import Workspace

EVERYBODY_CONCERNED = (Notice.WORKSPACE_ADMINS, Notice.BILLING)


def why_deleted(case: Case) -> str | None:
    return "The workspace was deleted." if case.target.deleted_at is not None else None


def why_not_by_hand(case: Case) -> str | None:
    return None if case.actor.kind is ActorKind.SYSTEM else "Bursar tells of it by itself, when the clock does it."


def state_of(case: Case) -> rules.AccountState:
    """The dated state of the account that the case's target belongs to."""
    account_id = case.target.account_id if isinstance(case.target, Workspace) else case.target.pk
    state: rules.AccountState = case.once("state", lambda: queries.load_account(account_id))
    return state


def terms_of(case: Case) -> rules.Terms:
    return rules.terms_at(state_of(case), case.now)

"""What the verbs of plans share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bursar.actions.spec import Case, Notice
from bursar.core.days import tell_end
from bursar.plans import queries, rules
from bursar.tenants.models import Workspace

EVERYBODY_CONCERNED = (Notice.WORKSPACE_ADMINS, Notice.BILLING)


def why_deleted(case: Case) -> str | None:
    return "The workspace was deleted." if case.target.deleted_at is not None else None


def tell_tier_end(end: datetime | None) -> dict[str, str | None]:
    """What programs hear of the end of a tier: the instant and the last day."""
    told = tell_end(end)
    return {"ends_at": told["until"], "last_day": told["last_day"]}


def tell_falls(falls: Iterable[tuple[int, str, str]]) -> list[dict[str, str]]:
    """What programs hear of workspaces (by key) that go from one tier to another."""
    found = list(falls)
    names = dict(Workspace.objects.filter(pk__in=[key for key, _, _ in found]).values_list("pk", "external_id"))
    return [{"workspace": names[key], "tier_before": before, "tier": tier} for key, before, tier in found]


def state_of(case: Case) -> rules.AccountState:
    """The dated state of the account that the case's target belongs to."""
    account_id = case.target.account_id if isinstance(case.target, Workspace) else case.target.pk
    return state_of_account(case, account_id)


def state_of_account(case: Case, account_id: int) -> rules.AccountState:
    """The same of a target of another kind, whose account it is."""
    name = held_as(account_id)
    state: rules.AccountState = case.once(
        "state", lambda: case.held.get(name) or case.share(name, lambda: queries.load_account(account_id))
    )
    return state


def held_as(account_id: int) -> str:
    """Under which name a loaded state is held for the cases that follow."""
    return f"state of account {account_id}"


def state_after(case: Case, account_id: int) -> rules.AccountState | None:
    """The same as it stands now, read again as far as the verb wrote; None: the case holds no state of this account."""
    state: rules.AccountState | None = case.cache.get("state")
    if state is None or state.id != account_id:
        return None
    tables = set(case.unread)
    case.unread.clear()
    fresh = case.cache["state"] = queries.read_again(state, tables)
    return fresh


def terms_of(case: Case) -> rules.Terms:
    return rules.terms_at(state_of(case), case.now)

"""Tells what the clock did to accounts: each lapse once, oldest first, before anything that was done after it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from bursar.actions.registry import Tell, herald
from bursar.plans import lapses, queries, store
from bursar.plans.actions.shared import held_as
from bursar.plans.ends import EndKind, foresee
from bursar.plans.models import ByClock, Told
from bursar.plans.queries import LapseDue
from bursar.plans.rules import AccountState, Catalogue
from bursar.tenants.models import BillingAccount, Workspace


class Word(NamedTuple):
    """The action that tells something of a lapse. `workspace_id`: of which workspace; None: of the account itself.

    `end`: a mark that says whether people were told of this already.
    """

    key: str
    due: LapseDue
    data: dict[str, Any]
    workspace_id: int | None = None
    end: str = ""


@herald("plans")
def tell_lapses(account_ids: list[int], now: datetime, tell: Tell, held: dict[str, Any]) -> None:
    """One statement when nothing is due. The marks come first: what turns out to need no word is not asked of again."""
    due = queries.list_lapses_due(now, account_ids)
    if not due:
        return
    store.mark_told(ByClock.LAPSED, [(one.account_id, one.at) for one in due], now)
    states = queries.load_accounts({one.account_id for one in due})
    held |= {held_as(pk): state for pk, state in states.items()}
    catalogue = queries.load_catalogue()
    words = [word for one in due for word in _list_words(states[one.account_id], one, catalogue, now)]
    if words:
        _tell(words, now, tell)


def _tell(words: list[Word], now: datetime, tell: Tell) -> None:
    concerned = {word.due.account_id for word in words}
    accounts = BillingAccount.objects.select_related("organisation").in_bulk(concerned)
    living = Workspace.objects.select_related("account__organisation", "organisation").filter(
        account_id__in=concerned, deleted_at=None
    )
    workspaces = {workspace.pk: workspace for workspace in living}
    told = queries.list_told_ends(now, concerned)
    for word in words:
        account_id, at = word.due.account_id, word.due.at
        target = accounts[account_id] if word.workspace_id is None else workspaces.get(word.workspace_id)
        if target is not None and (account_id, word.end, at) not in told:
            tell(word.key, target, word.data)


def _list_words(state: AccountState, due: LapseDue, catalogue: Catalogue, now: datetime) -> Iterable[Word]:
    at = due.at
    for tier in lapses.list_tier_lapses(state, at, now):
        ends_at = tier.ends_at.isoformat() if tier.ends_at else ""
        tiers = {"tier_before": tier.before, "tier": tier.after, "ends_at": ends_at, "lapsed_at": at.isoformat()}
        yield Word("plans.workspace.tell_tier_lapse", due, tiers, tier.workspace_id)
    for ended in lapses.list_discount_lapses(state, at, now):
        said = {"kind": ended.discount.kind, "percent": ended.discount.percent, "lapsed_at": at.isoformat()}
        slug = "account" if ended.workspace_id is None else "workspace"
        yield Word(f"plans.{slug}.tell_discount_lapse", due, said, ended.workspace_id)
    for kind in EndKind:
        if foresee(kind, state, catalogue, at, now):
            end = {"what": Told.ENDED.value, "ends_at": at.isoformat()}
            yield Word(f"plans.account.tell_{kind}_end", due, end, end=queries.ENDED[kind].value)

"""The customer's own reading of the book: what, of which they may know, at which of their things."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Notice
from bursar.audit.models import AuditLine
from bursar.audit.queries import list_customer_history, without_money
from bursar.tenants.scope import Scope

PAGE_SIZE = 25


@dataclass(frozen=True)
class Reach:
    """Public ids by what may be read there. `plain`: without anything about money. `names`: for the filter."""

    full: frozenset[str]
    plain: frozenset[str]
    names: dict[str, str]

    def only(self, public_id: str) -> Reach:
        wanted = frozenset({public_id})
        return Reach(self.full & wanted, self.plain & wanted, self.names)


def reach_of(scope: Scope) -> Reach:
    """Their workspaces, except where they are guests; accounts they pay for; organisations they govern."""
    full: set[str] = set()
    plain: set[str] = set()
    names: dict[str, str] = {}
    for workspace in scope.workspaces:
        sight = scope.sight(workspace)
        if not sight.is_outside:
            (full if scope.may_bill(workspace.account) else plain).add(workspace.public_id)
            names[workspace.public_id] = f"{workspace.name}{' (deleted)' if workspace.deleted_at else ''}"
    for account in scope.list_billed():
        full.add(account.public_id)
        names[account.public_id] = f"Billing of {account}"
    for organisation in scope.organisations.values():
        if scope.governs(organisation):
            full.add(organisation.public_id)
            names[organisation.public_id] = organisation.name
    return Reach(frozenset(full), frozenset(plain), names)


def list_lines(reach: Reach) -> QuerySet[AuditLine]:
    """Newest first. Whoever has no billing rights is not told of a line that is about money at all."""
    leaving = [action.key for action in ACTIONS.values() if Notice.FORMER in action.tell]
    found = list_customer_history(sorted(reach.full | reach.plain), leaving)
    return without_money(found, sorted(reach.plain))

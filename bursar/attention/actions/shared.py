"""What the verbs of attention share."""

from __future__ import annotations

from typing import Any

from bursar.actions.registry import target_of
from bursar.actions.spec import Case
from bursar.attention import queries
from bursar.attention.models import Triage
from bursar.attention.needs import NEEDS, Need
from bursar.attention.queries import Line
from bursar.tenants.models import BillingAccount, Workspace

TARGETS = (("workspace", Workspace), ("account", BillingAccount))
"""Of the at-risk lists. Triage is of these, and of whatever `needs.NEEDS` names."""


def line_of(case: Case) -> Line | None:
    """The at-risk row of the case's target; None when nothing asks for attention there."""
    line: Line | None = case.once("at_risk", lambda: queries.get_line(case.actor, case.target, case.now))
    return line


def need_of(case: Case) -> Need | None:
    """As `line_of`, for any target that can be taken in hand."""
    if find := NEEDS.get(slug_of(case.target)):
        found: Need | None = case.once("need", lambda: find(case.target, case.now))
        return found
    line = line_of(case)
    return Need(line.reason.key, line.row.since) if line else None


def slug_of(target: Any) -> str:
    return target_of(target).slug


def triage_of(case: Case) -> Triage | None:
    """What the row has of it, where the row was read."""

    def load() -> Triage | None:
        line: Line | None = case.cache.get("at_risk")
        return line.triage if line else queries.get_triage(case.target)

    found: Triage | None = case.once("triage", load)
    return found


def why_not_at_risk(case: Case) -> str | None:
    return None if need_of(case) else "Nothing asks for attention here now."


def write_triage(case: Case, **values: Any) -> None:
    """Writes the given columns of the target's row, which is made when it is first needed."""
    Triage.objects.update_or_create(**{slug_of(case.target): case.target}, defaults=values)

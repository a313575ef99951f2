"""What the verbs of attention share."""

from __future__ import annotations

from typing import Any

from bursar.actions.spec import Case
from bursar.attention import queries
from bursar.attention.models import Triage
from bursar.attention.queries import Line
from bursar.tenants.models import BillingAccount, Workspace

TARGETS = (("workspace", Workspace), ("account", BillingAccount))


def line_of(case: Case) -> Line | None:
    """The at-risk row of the case's target; None when nothing asks for attention there."""
    line: Line | None = case.once("at_risk", lambda: queries.get_line(case.actor, case.target, case.now))
    return line


def triage_of(case: Case) -> Triage | None:
    found: Triage | None = case.once("triage", lambda: queries.get_triage(case.target))
    return found


def why_not_at_risk(case: Case) -> str | None:
    return None if line_of(case) else "Nothing asks for attention here now."


def write_triage(case: Case, **values: Any) -> None:
    """Writes the given columns of the target's row, which is made when it is first needed."""
    field = "workspace" if isinstance(case.target, Workspace) else "account"
    Triage.objects.update_or_create(**{field: case.target}, defaults=values)

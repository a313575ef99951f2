"""Support access as pages show it: the levers that can be pulled, and every step with who and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.audit.pages import customer_version
from bursar.support import queries

STEPS_SHOWN = 8


@dataclass(frozen=True)
class Lever:
    label: str
    url: str
    takes_away: bool


def list_levers(case: Case, *verbs: str, is_own: bool = False, **data: str) -> list[Lever]:
    """Those of the workspace that can be pulled now. `is_own`: on the customer's pages; `data`: filled in already."""
    found = []
    for verb in verbs:
        action = ACTIONS[f"{queries.KEYS}{verb}"]
        if why_not(action, case) is None:
            app = "own_actions" if is_own else None
            url = reverse("actions:dialog", args=["workspace", case.target.public_id, verb], current_app=app)
            found.append(Lever(action.label, f"{url}?{urlencode(data)}" if data else url, action.takes_away))
    return found


def list_steps(case: Case, page: int) -> dict[str, Any]:
    """As the customer reads them: a colleague is the company's team. `older`, `newer`: pages, 0 for none."""
    start = (page - 1) * STEPS_SHOWN
    lines = list(queries.list_steps(case.target)[start : start + STEPS_SHOWN + 1])
    return {
        "steps": [customer_version(line, case.actor.id) for line in lines[:STEPS_SHOWN]],
        "older": page + 1 if len(lines) > STEPS_SHOWN else 0,
        "newer": page - 1,
    }

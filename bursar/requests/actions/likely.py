"""A pending request is decided from the kebab of its workspace as well."""

from __future__ import annotations

from bursar.actions.registry import Hint, likely
from bursar.actions.spec import Case
from bursar.core.days import say_day
from bursar.requests import queries


@likely("requests", "workspace")
def hint_at_request(case: Case) -> list[Hint]:
    pending = queries.get_pending(case.target)
    if pending is None:
        return []
    why = f"asked for {pending.get_tier_display()} on {say_day(pending.requested_at, is_short=True, now=case.now)}"
    return [Hint(f"requests.request.{verb}", why, on=pending, waits=True) for verb in ("approve", "deny")]


@likely("requests", "request")
def hint_at_answer(case: Case) -> list[Hint]:
    return [Hint(f"requests.request.{verb}", "waits for an answer", waits=True) for verb in ("approve", "deny")]

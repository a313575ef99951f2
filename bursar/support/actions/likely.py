"""Who is in a workspace leaves it; who was let in goes in."""

from __future__ import annotations

from bursar.actions.registry import Hint, likely
from bursar.actions.spec import Case
from bursar.core.days import say_end
from bursar.support.actions.shared import standing_of


@likely("support", "workspace")
def hint_at_visit(case: Case) -> list[Hint]:
    standing, mine = standing_of(case), case.actor.staff_id
    session = standing.session_of(mine)
    if session is not None:
        return [Hint("support.workspace.leave", f"you are in until {say_end(session.until, now=case.now)}", waits=True)]
    return [Hint("support.workspace.join", "you were let in", waits=True)] if standing.approved_of(mine) else []

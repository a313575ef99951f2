"""Every lever of sessions pulled once, for tests that want each of their events or lines."""

from __future__ import annotations

from bursar.actions.run import run
from bursar.training.jobs import announce_ends
from tests.cast import NOW, Cast
from tests.training.desk import PLAN, asked, pull, training
from tests.training.held import licensed


def pull_levers_of_sessions(cast: Cast) -> None:
    session = asked(cast)
    pull(cast, "schedule", session, **PLAN)
    pull(cast, "reschedule", session, **{**PLAN, "at": "16:00"})
    pull(cast, "cancel", session)
    pull(cast, "reopen", session)
    asked_for = {"training": training().public_id}
    run("training.organisation.ask_training", cast.maud.as_customer(), cast.haarlem.organisation.public_id, asked_for)


def pull_levers_of_licences(cast: Cast) -> None:
    """Of one whose end is moved so near that it is announced."""
    made = licensed(cast.haarlem.organisation, "ali", cast.ties)
    pull(cast, "revoke", made, "licence")
    pull(cast, "reinstate", made, "licence")
    pull(cast, "edit", made, "licence", valid_from=NOW.date().isoformat(), last_day=NOW.date().isoformat())
    announce_ends(NOW)

"""Every lever of sessions pulled once, for tests that want each of their events or lines."""

from __future__ import annotations

from bursar.actions.run import run
from tests.cast import Cast
from tests.training.desk import PLAN, asked, pull, training


def pull_levers_of_sessions(cast: Cast) -> None:
    session = asked(cast)
    pull(cast, "schedule", session, **PLAN)
    pull(cast, "reschedule", session, **{**PLAN, "at": "16:00"})
    pull(cast, "cancel", session)
    pull(cast, "reopen", session)
    asked_for = {"training": training().public_id}
    run("training.organisation.ask_training", cast.maud.as_customer(), cast.haarlem.organisation.public_id, asked_for)

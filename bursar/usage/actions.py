"""Verbs of usage."""

from __future__ import annotations

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Notice, Outcome, Topic
from bursar.core.hours import clock_hours
from bursar.tenants.models import Workspace
from bursar.usage import queries, rules, store
from bursar.usage.ingest import hold_batches


def _standing(case: Case) -> queries.Standing:
    standing: queries.Standing = case.once("standing", lambda: queries.get_standing(case.target, case.now))
    return standing


def _why_not_reset(case: Case) -> str | None:
    if case.target.deleted_at is not None:
        return "The workspace was deleted."
    standing = _standing(case)
    return rules.why_not_reset(standing.cap, standing.counted)


@action(
    key="usage.workspace.reset_usage",
    on=Workspace,
    label="Reset usage…",
    group=Group.PLAN,
    done="Usage reset",
    icon="rotate",
    help="Counting starts at zero; the customer can go on at once. What was recorded stays.",
    when=(
        "When a customer on a capped tier is stopped in the middle of something that matters, and more hours are a "
        "courtesy: they can go on at once. Not a habit: a second time is the moment to talk about a tier. Recorded "
        "hours are not erased."
    ),
    customer_visible=True,
    concerns_money=False,
    blocked=_why_not_reset,
    tell=(Notice.WORKSPACE_ADMINS, Notice.BILLING),
    topic=Topic.USAGE,
    event="usage.reset",
    bulk=True,
)
def reset_usage(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    hold_batches(exclusive=True)
    standing = queries.get_standing(workspace, act.now)
    store.reset([workspace], act.actor, act.reason.strip(), act.now)
    assert standing.cap is not None
    changes = [Change("Counted hours", clock_hours(standing.counted), clock_hours(0))]
    if standing.state.key in ("at_cap", "hard_blocked"):
        changes.append(Change("At the cap", "yes", "no"))
    sentence = f"Counting starts anew for {workspace.name}: {clock_hours(0)} of {clock_hours(standing.cap)}."
    return Outcome(sentence, changes, data={"counted_seconds_before": standing.counted})

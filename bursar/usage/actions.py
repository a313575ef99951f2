"""Verbs of usage."""

from __future__ import annotations

from bursar.actions.registry import action, projection
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Group, Notice, Outcome, Topic, Touched
from bursar.core.hours import clock_hours
from bursar.plans.actions.shared import state_of, terms_of
from bursar.plans.rules import effective_tier
from bursar.tenants.models import Workspace
from bursar.usage import queries, rules, store
from bursar.usage.ingest import hold_batches, recount_ahead

_SAY_THE_TIER = {"plans_basetier", "plans_tiergrant", "plans_paymentterms"}


@projection("usage")
def recount_what_is_ahead(touched: Touched, case: Case, later: bool) -> list[Change]:
    """What came before a change of tier and is dated after it counts on the new one. Files have all counted anew."""
    if not later and not _SAY_THE_TIER.isdisjoint(case.written):
        recount_ahead(touched, case.now)
    return []


def _standing(case: Case) -> queries.Standing:
    def load() -> queries.Standing:
        state = state_of(case)
        own = next(one for one in state.workspaces if one.id == case.target.pk)
        return queries.get_standing(case.target, case.now, effective_tier(own, terms_of(case), case.now).tier)

    standing: queries.Standing = case.once("usage standing", load)
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
    instead="What was recorded stays, and counting goes on from zero.",
    group=Group.PLAN,
    done="Usage reset",
    icon="rotate",
    code="ru",
    formerly=("clear counter", "more hours", "quota", "top up"),
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
    after = queries.get_standing(workspace, act.now)
    assert standing.cap is not None
    changes = [Change("Counted hours", clock_hours(standing.counted), clock_hours(after.counted))]
    if standing.state.is_full and not after.state.is_full:
        changes.append(Change("At the cap", "yes", "no"))
    sentence = (
        f"Counting starts anew for {workspace.name}: {clock_hours(after.counted)} of {clock_hours(standing.cap)}."
    )
    if after.counted:
        sentence += " What is dated later than this stays counted."
    return Outcome(sentence, changes, data={"counted_seconds_before": standing.counted})

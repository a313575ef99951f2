"""The one target that is no row, the company itself; and bulk runs, which are gone on with or stopped."""

from __future__ import annotations

from django import forms
from django.urls import reverse

from bursar.access.actor import Actor
from bursar.access.rights import By, Right
from bursar.actions import runs
from bursar.actions.models import BulkRun, BulkState
from bursar.actions.registry import ACTIONS, Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Group, Notice, Outcome, Reason, Topic
from bursar.actions.undo import OFFERED_FOR
from bursar.core.errors import NotFound


def _fetch(actor: Actor, public_id: str) -> Company:
    if public_id != Company.public_id or not actor.all_accounts:
        raise NotFound
    return Company()


register_target(
    Target(
        slug="company",
        model=Company,
        label="company",
        fetch=_fetch,
        accounts=lambda company: [],
        stream=lambda company: "staff",
        touches=lambda company: [],
    )
)


def _name(bulk: BulkRun) -> str:
    title = ACTIONS[bulk.action_key].title if bulk.action_key in ACTIONS else bulk.action_key
    title = f"Undo {title}" if bulk.undoes else title
    return f"{title}, {len(bulk.target_ids):,} at once"


register_target(
    Target(
        slug="bulk_run",
        model=BulkRun,
        label="bulk run",
        fetch=runs.fetch,
        accounts=lambda bulk: [],
        stream=lambda bulk: "staff",
        touches=lambda bulk: [bulk.public_id],
        name=_name,
        page="actions:bulk_run",
    )
)


def _count_left(bulk: BulkRun) -> int:
    return len(bulk.target_ids) - bulk.results.count()


def _why_not_go_on(case: Case) -> str | None:
    return None if case.target.state == BulkState.HALTED else f"It is {case.target.get_state_display()}."


@action(
    key="actions.bulk_run.go_on",
    on=BulkRun,
    label="Go on…",
    opposite="actions.bulk_run.stop",
    group=Group.DECISION,
    done="Bulk run gone on with",
    icon="player-play",
    code="go",
    formerly=("resume", "continue"),
    help="Lets the worker go on where it halted, row by row. What is done already is not done again.",
    when="When a bulk run could not go on by itself, and you know why: a restart that took long, a row that is mended. "
    "Look first whether what is left is still wanted.",
    permission=Right.ACT,
    reason=Reason.NONE,
    blocked=_why_not_go_on,
)
def go_on(act: Act, bulk: BulkRun, data: Cleaned) -> Outcome:
    left = _count_left(bulk)
    runs.go_on(bulk, act.now)
    return Outcome(f"The worker goes on: {left:,} left.", [Change("State", "halted", "running")])


def _why_not_stop(case: Case) -> str | None:
    may = case.target.state in (BulkState.RUNNING, BulkState.HALTED)
    return None if may else f"It is {case.target.get_state_display()}."


@action(
    key="actions.bulk_run.stop",
    on=BulkRun,
    label="Stop…",
    instead="Rows that are done stay done; pick the rest again to go on.",
    group=Group.DECISION,
    done="Bulk run stopped",
    icon="player-stop",
    code="st",
    formerly=("cancel", "abort"),
    help="Ends it; a row that is in hand at this moment may still be done. What is done stays.",
    when="When a bulk run turns out to be a mistake, or what is left of it is no longer wanted. What was done is taken "
    "back row by row, where the action has a way back.",
    permission=Right.ACT,
    reason=Reason.NONE,
    blocked=_why_not_stop,
    takes_away=True,
)
def stop(act: Act, bulk: BulkRun, data: Cleaned) -> Outcome:
    left, before = _count_left(bulk), bulk.get_state_display()
    runs.stop(bulk)
    return Outcome(
        f"Stopped: {left:,} of {len(bulk.target_ids):,} left as they were.", [Change("State", before, "stopped")]
    )


def _why_not_take_back(case: Case) -> str | None:
    bulk: BulkRun = case.target
    if bulk.state not in (BulkState.DONE, BulkState.STOPPED):
        return f"It is {bulk.get_state_display()}. Stop it first, or wait until it is done."
    if bulk.undoes or bulk.action_key not in ACTIONS or not ACTIONS[bulk.action_key].inverse:
        return "What it did has no way back: do the opposite, row by row."
    if runs.is_taken_back(bulk):
        return "It is taken back already; the run that did it says row by row what came of it."
    if case.now - bulk.worked_at > OFFERED_FOR:
        return "An action can be undone for 24 hours."
    return None if bulk.results.filter(status=200).exists() else "It did nothing."


@action(
    key="actions.bulk_run.take_back",
    on=BulkRun,
    label="Undo this run…",
    instead="Do it anew for the same rows.",
    code="un",
    formerly=("revert", "roll back"),
    group=Group.DECISION,
    done="Bulk run taken back",
    icon="arrow-back-up",
    help="Takes back what the run did, row by row, and says of each what came of it. A row at which something was done "
    "since stays as it is.",
    when="When an action was done to the wrong rows, or with the wrong values: within 24 hours. What went out to "
    "customers stays sent, and they are told of this too.",
    permission=Right.ACT,
    reason=Reason.REQUIRED,
    blocked=_why_not_take_back,
)
def take_back(act: Act, bulk: BulkRun, data: Cleaned) -> Outcome:
    made = runs.take_back(bulk, act.actor, act.reason.strip(), act.now)
    count = len(made.target_ids)
    return Outcome(
        f"The worker takes {count:,} row{'' if count == 1 else 's'} back.",
        [Change("State", "done", "being taken back")],
        data={"run": made.public_id},
        touches=[made.public_id],
        next=reverse("actions:bulk_run", args=[made.public_id]),
    )


class Halt(ActionForm):
    why = forms.CharField(label="Why", max_length=300)


def _why_not_halt(case: Case, data: Cleaned) -> str | None:
    """It may have got further since somebody looked."""
    is_so = case.target.state == BulkState.RUNNING and runs.why_halt(case.target, case.now)
    return None if is_so else "It goes on."


@action(
    key="actions.bulk_run.halt",
    on=BulkRun,
    form=Halt,
    label="Halted",
    icon="alert-triangle",
    help="A bulk run that was begun often without getting further, or that nobody went on with for a day, halts.",
    when="Never by hand. Bursar does it by itself and tells the leads; go on with the run, or stop it.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    refused=_why_not_halt,
    tell=(Notice.LEADS,),
    topic=Topic.DECISIONS,
    in_menu=False,
)
def halt(act: Act, bulk: BulkRun, data: Cleaned) -> Outcome:
    runs.halt(bulk, data["why"])
    changes = [Change("State", "running", "halted"), Change("Why", "", data["why"])]
    return Outcome(f"{_name(bulk)}: halted with {_count_left(bulk):,} left. {data['why']}", changes)

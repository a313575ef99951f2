"""Why somebody needs a human, what their logins say, and how a prepared mail is filled. Pure. Rules: DOMAIN 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from bursar.core.calendar import TICK
from bursar.core.fills import why_not_fill
from bursar.plans.rules import NO_TERMS, RANK, Spanned, Terms, WorkspaceState, effective_tier, live
from bursar.plans.trials import TRIAL_KIND

DROP_WINDOW = timedelta(days=15)  # the last 14 days: less than 15 × 24 h
RESET_IS_LATE_FOR = timedelta(days=30)


class Drop(NamedTuple):
    """A step down of the effective tier, from `former`, at `at`. `by_lapse`: the clock did it, nobody's lever."""

    at: datetime
    former: str
    by_lapse: bool


def find_drop(workspace: WorkspaceState, terms: Sequence[Terms], at: datetime) -> Drop | None:
    """The newest drop of the last 14 days that a return to the former tier or higher has not cleared since.

    What a reverse trial adds is left out on both sides: its end is no drop, and a tier changed during a trial is one
    only when it is lower than what the workspace had without the trial.
    """
    instants = sorted(set(_instants(workspace, terms, at)))
    for instant in reversed(instants):
        former = _own_tier(workspace, terms, instant - TICK)
        if RANK[_own_tier(workspace, terms, instant)] >= RANK[former]:
            continue
        since = [instant, *(later for later in instants if later > instant)]
        if all(RANK[_tier(workspace, terms, moment)] < RANK[former] for moment in since):
            return Drop(instant, former, _is_lapse(workspace, terms, instant))
    return None


def _instants(workspace: WorkspaceState, terms: Sequence[Terms], at: datetime) -> Iterator[datetime]:
    """When the tier may have changed, in the window."""
    found: list[datetime | None] = []
    rows: list[Spanned] = [*workspace.bases, *workspace.grants]
    for row in rows:
        found += [row.start, row.end]
    for one in terms:
        found += [one.start, one.end, one.lapses_at]
    return (instant for instant in found if instant is not None and at - DROP_WINDOW < instant <= at)


def _tier(workspace: WorkspaceState, terms: Sequence[Terms], at: datetime) -> str:
    return effective_tier(workspace, live(terms, at) or NO_TERMS, at).tier


def _own_tier(workspace: WorkspaceState, terms: Sequence[Terms], at: datetime) -> str:
    """As the effective tier, without reverse trials."""
    grants = [grant for grant in workspace.grants if grant.kind != TRIAL_KIND]
    own = WorkspaceState(workspace.id, workspace.created_at, workspace.deleted_at, bases=workspace.bases, grants=grants)
    return _tier(own, terms, at)


def _is_lapse(workspace: WorkspaceState, terms: Sequence[Terms], at: datetime) -> bool:
    """Whether the end of payment terms, or the planned end of an approval, brought it about."""
    lapsed = any(one.lapses_at == at for one in terms)
    return lapsed or any(grant.end == at == grant.planned_until for grant in workspace.grants)


def rests(
    snoozed_at: datetime | None, until: datetime | None, since: datetime | None, now: datetime, *, is_worse: bool
) -> bool:
    """Of a row whose first reason is read here: unless the day has come, a worse reason appeared, or the same one began
    anew. The lists' statement says the same (`candidates.Kind.hidden`).
    """
    if snoozed_at is None or is_worse or (since is not None and since > snoozed_at):
        return False
    return until is None or until > now


class LoginSignal(NamedTuple):
    """Of an account's admin contacts: the last day, and logins in the last 30 days and in the 30 before them."""

    last_day: date | None
    recent: int
    before: int


LEFT_AFTER_DAYS = 14
ENGAGED_FROM = 4


def read_signal(signal: LoginSignal, today: date, *, is_full: bool, full_day: date | None, dropped: bool) -> str:
    """The login signal in words. Days are UTC days; thresholds are in docs/decisions/0008.

    Left: no login for 14 days, or none since the day the cap was reached when that is two days or more ago.
    Engaged: at least 4 logins in 30 days; growing: more than in the 30 days before.
    """
    if signal.last_day is None:
        return "no admin ever signed in"
    quiet_for = (today - signal.last_day).days
    left_at_wall = full_day is not None and signal.last_day < full_day and (today - full_day).days >= 2
    if is_full and (quiet_for >= LEFT_AFTER_DAYS or left_at_wall):
        return "hit the wall and left"
    if quiet_for >= LEFT_AFTER_DAYS:
        return "gone quiet"
    if dropped:
        return "staying, spending less"
    if signal.recent >= ENGAGED_FROM:
        return "engaged and growing" if signal.recent > signal.before else "engaged, steady"
    return "here now and then"


def why_not_text(fills: Sequence[str], text: str, *, is_subject: bool = False) -> str | None:
    """None, or what is wrong with a template's text; `fills`: the names that it may hold.

    A subject names no person: it stands in the book, where it could not be erased.
    """
    return why_not_fill([name for name in fills if not (is_subject and name == "contact")], text)

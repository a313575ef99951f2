"""When support may come in, and for how long. Pure. Rules: DOMAIN 11, decision 46."""

from __future__ import annotations

from datetime import datetime, timedelta

from bursar.core.calendar import end_of
from bursar.core.days import say_day, say_end, say_instant

SOON = timedelta(hours=1)
SWITCH_SOON = timedelta(days=3)
NOBODY = "Only a colleague by name goes in, signed in or with their token."
NOT_IN = "You are not in this workspace now."


def switch_end(now: datetime, days: int) -> datetime | None:
    """The end of a whole UTC day; None: it stays on until somebody turns it off."""
    return end_of(now.date() + timedelta(days=days)) if days else None


def session_end(now: datetime, hours: int, switch_until: datetime | None) -> datetime:
    """`switch_until`: what a session that rests on the switch does not outlast; None: no such end."""
    end = now + timedelta(hours=hours)
    return end if switch_until is None else min(end, switch_until)


def switch_soon(days: int) -> timedelta:
    """How long before the switch turns itself off people are told."""
    return min(SWITCH_SOON, timedelta(days=days) / 2)


def why_not_turn_on(*, is_on: bool, until: datetime | None) -> str | None:
    if not is_on:
        return None
    return f"Support access is on already, {say_until(until)}."


def say_until(until: datetime | None) -> str:
    return f"until {say_end(until)}" if until else "until somebody turns it off"


def why_not_turn_off(*, is_on: bool, sessions: int, approved: int) -> str | None:
    if is_on or sessions or approved:
        return None
    return "Support access is off, and nobody from support is in."


def why_not_ask(*, is_on: bool, pending_since: datetime | None, use_until: datetime | None) -> str | None:
    """Of one colleague. `pending_since`: when they asked, while that waits; `use_until`: of their unused approval."""
    if is_on:
        return "Support access is on here: go in, there is nothing to ask for."
    if use_until is not None:
        return f"You were let in, and can go in once until {say_end(use_until)}."
    if pending_since is not None:
        return f"You asked on {say_day(pending_since)}, and that waits for an answer."
    return None


def why_not_join(*, is_on: bool, is_let_in: bool, in_until: datetime | None) -> str | None:
    """Of one colleague. `in_until`: of the session in which they are."""
    if in_until is not None:
        return f"You are in until {say_end(in_until)}."
    if is_on or is_let_in:
        return None
    return "Support access is off here. Ask to be let in; an admin of the workspace answers."


def why_not_extend(*, is_on: bool, in_until: datetime | None, later: datetime) -> str | None:
    """`later`: the end that an extension would give."""
    if in_until is None:
        return NOT_IN
    if not is_on:
        return "You were let in once, for this session. Ask again to stay longer."
    if later <= in_until:
        return f"The customer lets support in until {say_end(in_until)}; the session ends with that."
    return None


def why_answered(state: str, at: datetime) -> str:
    """`state`: in words."""
    return f"This request is answered: {state}, on {say_instant(at, is_short=False)}."

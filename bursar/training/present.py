"""Sessions as pages show them: words and links, no queries."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from bursar.billing.seller import seller_day, seller_zone
from bursar.core.calendar import Month
from bursar.training.filters import SORTS, TABS, Shown, View
from bursar.training.models import Attendee, Mode, SessionState, TrainingSession
from bursar.training.queries.sessions import estimate
from bursar.ui import lists
from bursar.ui.lists import Column

HEADINGS = (
    Column("organisation", "Organisation"),
    Column("training", "Training"),
    Column("when", "When"),
    Column("participants", "Roster", is_numeric=True),
    Column("trainer", "Trainer"),
    Column("estimate", "Estimate €", is_numeric=True),
    Column("requested", "Asked for"),
)
TONES = {SessionState.COMPLETED: "good", SessionState.CANCELLED: "bad", SessionState.REQUESTED: "warn"}
WEEKDAYS = tuple(calendar.day_name)


def row(session: TrainingSession, on_roster: int) -> dict[str, Any]:
    """`clock`: when it begins, by the seller's clock."""
    begins = session.starts_at.astimezone(seller_zone()) if session.starts_at else None
    return {
        "row": session,
        "state": session.get_state_display(),
        "tone": TONES.get(SessionState(session.state), ""),
        "on_roster": on_roster,
        "announced": session.participants if not on_roster else None,
        "estimate": estimate(session, on_roster),
        "clock": f"{begins:%H:%M}" if begins else "",
        "url": reverse("training:session", args=[session.public_id]),
        "menu_url": reverse("actions:menu", args=["session", session.public_id]),
    }


def tabs(view: View, counts: dict[Shown, int], given: QueryDict) -> list[dict[str, Any]]:
    """Each with its count under the present filters."""
    return [
        {
            "label": tab.label,
            "count": counts[shown],
            "is_here": shown is view.shown,
            "url": "?" + lists.query(given, show=shown.value, sort=None, page=None),
        }
        for shown, tab in TABS.items()
    ]


def menus(
    view: View, trainings: list[tuple[str, str]], trainers: list[tuple[str, str]], given: QueryDict
) -> list[dict[str, Any]]:
    return [
        lists.menu("training", "Training", trainings, view.trainings, given),
        lists.menu("trainer", "Trainer", trainers, view.trainers, given),
        lists.menu("mode", "Held", Mode.choices, view.modes, given),
    ]


def headers(view: View, given: QueryDict) -> list[dict[str, Any]]:
    return lists.headers(HEADINGS, SORTS, view.sort, TABS[view.shown].sort, given)


def attendee(one: Attendee) -> dict[str, Any]:
    return {
        "row": one,
        "name": one.shown_name or "an erased person",
        "email": one.person.email if one.person else one.email,
        "url": reverse("panel:person", args=[one.person.public_id]) if one.person else "",
        "menu_url": reverse("actions:menu", args=["attendee", one.public_id]),
    }


def weeks(month: Month, sessions: Sequence[TrainingSession], today: date) -> list[list[dict[str, Any]]]:
    """The month from Monday on, whole weeks; what lies outside of it has no sessions here."""
    on_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for one in sessions:
        assert one.starts_at is not None
        on_day[seller_day(one.starts_at)].append(row(one, one.on_roster))  # type: ignore[attr-defined]  # annotated
    first = month.first - timedelta(days=month.first.weekday())
    after = month.next().first
    days = [first + timedelta(days=place) for place in range(7 * -(-(after - first).days // 7))]
    cells = [_day(day, month, on_day, today) for day in days]
    return [cells[place : place + 7] for place in range(0, len(cells), 7)]


def _day(day: date, month: Month, on_day: dict[date, list[dict[str, Any]]], today: date) -> dict[str, Any]:
    return {
        "day": day,
        "name": WEEKDAYS[day.weekday()],
        "is_outside": Month.of(day) != month,
        "is_today": day == today,
        "sessions": on_day.get(day, []),
    }

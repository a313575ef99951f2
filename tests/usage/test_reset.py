"""Counted is what comes after the reset, exactly: whoever waits for whom, and whichever clock is ahead."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from bursar.actions.run import run
from bursar.core import clock
from bursar.rollup.project import add_usage
from bursar.tenants.models import Workspace
from bursar.usage.ingest import Event, ingest
from bursar.usage.models import Meter, UsageReset
from bursar.usage.queries import get_recorded, get_standing
from tests.cast import NOW, Cast, bring_all, prove, usage
from tests.waiting import Beside, count_deadlocks, wait_for_waiters


def counted(workspace: Workspace, at: datetime | None = None) -> int:
    """As the page says it, with those who recorded it beside."""
    standing = get_standing(workspace, at or clock.now())
    assert get_recorded(workspace, standing, at or clock.now()).total == standing.counted
    return standing.counted


def take(events: list[Event], now: datetime) -> int:
    """As the product's door does. Returns how many were taken."""
    with transaction.atomic():
        done = ingest(events, now)
        add_usage(done.months, now)
    return done.taken


def event(cast: Cast, name: str, at: datetime, seconds: int = 600) -> Event:
    return Event("recorder", name, cast.panel.pk, at, seconds)


@pytest.mark.parametrize("ahead", [timedelta(microseconds=1), timedelta(seconds=2), timedelta(hours=2)])
def test_what_is_dated_ahead_stays_counted(cast: Cast, ahead: timedelta) -> None:
    """The product's clock is ahead of ours."""
    bring_all(usage("panel", "ahead", NOW + ahead, 3000), usage("panel", "at that instant", NOW, 600))
    outcome = cast.reset_panel()
    assert counted(cast.panel) == 3000
    assert next((c.before, c.after) for c in outcome.changes) == ("2 h 02", "0 h 50")
    assert "0 h 50 of 1 h" in outcome.sentence and "stays counted" in outcome.sentence
    prove()
    with clock.frozen(NOW + timedelta(hours=3)):
        bring_all(usage("panel", "late", NOW - timedelta(minutes=1), 600), usage("panel", "new", clock.now(), 700))
        assert counted(cast.panel) == 3700
        prove()


def test_a_cap_that_is_full_of_what_is_ahead_stays_full(cast: Cast) -> None:
    later = NOW + timedelta(hours=1)
    bring_all(usage("panel", "ahead", later, 3600))
    outcome = cast.reset_panel()
    assert Meter.objects.get(workspace=cast.panel).full_since == later
    assert not [c for c in outcome.changes if c.label == "At the cap"]
    prove()


def test_one_machine_s_clock_behind_another_s(cast: Cast) -> None:
    """The reset is stored, so it holds for whoever reads and counts a moment earlier by their own clock."""
    cast.reset_panel()
    with clock.frozen(NOW - timedelta(seconds=2)):
        bring_all(usage("panel", "before", NOW - timedelta(seconds=3), 600))
        assert counted(cast.panel) == 0
        bring_all(usage("panel", "after", NOW + timedelta(seconds=1), 60))
        assert counted(cast.panel) == 60
        prove()


def test_a_tier_that_changes_before_what_is_dated_ahead(cast: Cast) -> None:
    """The event has the tier in force at its instant, although another was in force when it was taken."""
    bring_all(usage("panel", "ahead", NOW + timedelta(hours=2), 3000))
    run("plans.workspace.change_tier", cast.iris, cast.panel.public_id, {"tier": "pilot"}, reason="x")
    assert counted(cast.panel) == 3000
    prove()


@pytest.mark.django_db(transaction=True)
def test_a_reset_that_waits_for_a_batch_lets_it_commit(committed: Cast) -> None:
    """At its commit the batch looks at the workspace and at the account, which the reset holds."""
    before = count_deadlocks()
    with transaction.atomic():
        take([event(committed, "in flight", clock.now() - timedelta(hours=1))], clock.now())
        reset = Beside(committed.reset_panel)
        wait_for_waiters()
    reset.finish()
    assert count_deadlocks() == before
    assert UsageReset.objects.count() == 1 and counted(committed.panel) == 0
    prove()


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_waits_for_a_reset_counts_from_it(committed: Cast) -> None:
    """Its own instant is the earlier one: it came first, and is counted second."""
    came = clock.now()
    with transaction.atomic():
        committed.reset_panel()
        at = UsageReset.objects.get().at
        assert came < at
        late = event(committed, "before", at - timedelta(seconds=1))
        after = event(committed, "after", at + timedelta(seconds=1), 60)
        batch = Beside(lambda: take([late, after], came))
        wait_for_waiters()
    assert batch.finish() == 2
    assert counted(committed.panel) == 60
    prove()

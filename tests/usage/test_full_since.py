"""Since when a meter is full: kept by batches, recounts and resets as if it were worked out from the events each time."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions.run import run
from bursar.core import clock
from bursar.rollup.verify import list_differences
from bursar.usage.models import Meter, UsageEvent
from tests.cast import NOW, Cast, bring_all, prove, usage


def full_since(cast: Cast, tier: str = "free") -> datetime | None:
    return Meter.objects.get(workspace=cast.panel, tier=tier).full_since


def send(*events: tuple[str, datetime, int]) -> None:
    bring_all(*[usage("panel", name, at, seconds) for name, at, seconds in events])


def test_the_event_that_reached_the_cap_says_since_when(cast: Cast) -> None:
    first = NOW - timedelta(days=3)
    assert full_since(cast) == first
    send(("later", NOW - timedelta(days=1), 600))
    assert full_since(cast) == first
    send(("early", NOW - timedelta(days=9), 3599))
    assert full_since(cast) == first, "3,599 seconds before it are not yet an hour"
    send(("last second", NOW - timedelta(days=8), 1))
    assert full_since(cast) == NOW - timedelta(days=8)


def test_a_reset_empties_it_and_old_events_do_not_count(cast: Cast) -> None:
    cast.reset_panel()
    assert not Meter.objects.filter(workspace=cast.panel).exists()
    with clock.frozen(NOW + timedelta(hours=2)):
        send(("before the reset", NOW - timedelta(hours=1), 9000), ("after", NOW + timedelta(hours=1), 3600))
        assert full_since(cast) == NOW + timedelta(hours=1)
        prove()


def test_history_of_tiers_counts_again(cast: Cast) -> None:
    bring_all({"kind": "tier", "workspace": "panel", "tier": "pilot", "from": NOW - timedelta(days=5)})
    meter = Meter.objects.get(workspace=cast.panel, tier="pilot")
    assert (meter.full_since, meter.is_near) == (None, False)
    send(("a", NOW - timedelta(days=4), 24_000 - 3720))
    assert Meter.objects.get(workspace=cast.panel, tier="pilot").is_near
    send(("b", NOW - timedelta(days=4), 12_000))
    assert full_since(cast, "pilot") == NOW - timedelta(days=3)
    prove()


def test_a_batch_that_crosses_nothing_asks_no_more(cast: Cast) -> None:
    def statements(name: str, at: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            send((name, at, 60))
        return len(queries)

    plain = statements("x", NOW)
    assert statements("y", NOW - timedelta(days=10)) == plain + 1


def test_verify_finds_a_wrong_instant(cast: Cast) -> None:
    Meter.objects.filter(workspace=cast.panel).update(full_since=NOW, is_near=False)
    found = {difference.what for difference in list_differences(NOW)}
    assert found == {"since when a meter is full", "whether a meter is near its cap"}


@pytest.mark.parametrize("seed", range(8))
def test_any_order_of_batches_agrees_with_the_events(cast: Cast, seed: int) -> None:
    dice: Any = random.Random(seed)
    for batch in range(12):
        events = [
            (f"{batch}-{n}", NOW - timedelta(minutes=dice.randrange(60 * 24 * 20)), dice.choice([0, 60, 300, 900]))
            for n in range(dice.randint(1, 4))
        ]
        send(*events)
        if dice.random() < 0.15 and Meter.objects.filter(workspace=cast.panel, seconds__gt=0).exists():
            run("usage.workspace.reset_usage", cast.ties, cast.panel.public_id, reason="again")
    prove()
    meter = Meter.objects.filter(workspace=cast.panel, tier="free").first()
    if meter is not None and meter.full_since is not None:
        assert UsageEvent.objects.filter(workspace=cast.panel, at=meter.full_since).exists()

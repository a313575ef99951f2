"""Marks at the roll: whoever looks when, and whether a worker runs, the months end the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import Refusal
from bursar.rollup.models import AccountMonth, MonthRestatement, Unprojected, WorkspaceMonth
from bursar.rollup.refresh import refresh
from bursar.rollup.roll import prepare
from tests.cast import NOW, Cast, bring, bring_all, prove, seat, usage
from tests.rollup.test_ended import push_panel

LAST = Month.of(NOW).last_instant


def manager(org: str, since: datetime) -> dict[str, Any]:
    return {"kind": "manager", "account": {"organisation": org}, "staff": "noor@agora.example", "from": since}


def ali_leaves(at: datetime) -> dict[str, Any]:
    """Ali's seat in Klimaat ends by the clock alone."""
    return {**seat("klimaat", "ali", "member", NOW - timedelta(days=200)), "until": at}


def test_an_import_before_the_first_look_of_a_month_keeps_the_older_mark(cast: Cast) -> None:
    leave = NOW + timedelta(days=3)
    bring_all(ali_leaves(leave), {**seat("noord", "ali", "admin", NOW - timedelta(days=199)), "until": leave})
    refresh(NOW)
    with clock.frozen(datetime(2026, 12, 2, tzinfo=UTC)):
        bring_all(manager("haarlem", datetime(2026, 12, 1, tzinfo=UTC)))
        november = AccountMonth.objects.get(account=cast.haarlem, month="2026-11-01")
        assert (november.seats, november.mrr) == (1, 75)
        prove()


def test_a_month_that_closed_unseen_is_not_restated_by_its_last_change(cast: Cast) -> None:
    refresh(NOW)
    run("plans.workspace.grant_tier", cast.iris, cast.panel.public_id, {"tier": "guardian", "end_date": "2026-11-27"},
        reason="x")  # fmt: skip
    with clock.frozen(datetime(2027, 1, 2, tzinfo=UTC)):
        refresh(clock.now())
        rows = WorkspaceMonth.objects.filter(workspace=cast.panel, month__in=["2026-11-01", "2026-12-01"])
        assert [row.tier for row in rows] == ["free", "free"]
        assert not MonthRestatement.objects.exists()
        prove()


def test_what_begins_in_a_later_month_is_known_before_it_does(cast: Cast) -> None:
    with clock.frozen(LAST):
        bring_all(manager("oost", LAST + timedelta(hours=10)))
    with clock.frozen(datetime(2026, 12, 11, tzinfo=UTC)):
        refresh(clock.now())
        assert AccountMonth.objects.get(account=cast.oost, month="2026-12-01").manager is not None
        prove()


def test_an_account_that_begins_with_the_month_gets_its_row(cast: Cast) -> None:
    soon = LAST + timedelta(hours=1)
    with clock.frozen(LAST):
        bring_all(
            {"kind": "organisation", "external_id": "new", "name": "New", "created_at": soon},
            {"kind": "workspace", "external_id": "n", "organisation": "new", "name": "N", "created_at": soon},
        )
        prove()
    with clock.frozen(soon):
        prove()
        assert AccountMonth.objects.get(account__organisation__external_id="new").is_listed


class _Back(Exception):
    pass


@contextmanager
def undone() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise _Back
    except _Back:
        pass


def one_step(cast: Cast, random: Random, n: int) -> None:
    """Something that staff, the product or an operator does; a refusal is fine, it is the same in every run."""
    now = clock.now()
    day = (now + timedelta(days=random.randint(0, 25))).date().isoformat()
    ago = now - timedelta(days=random.choice([0, 0, 1, 40]))
    ahead = now + timedelta(days=random.randint(1, 40))
    kind = random.choice([0, 0, 0, 1, 2, 2, 3, 4, 5, 6, 7])  # often what changes by the clock, and an import after
    account = random.choice([cast.haarlem, cast.samen, cast.oost])
    try:
        if kind == 0:
            bring(manager(account.organisation.external_id, ago))
        elif kind == 1:
            bring(ali_leaves(ahead))
        elif kind == 2:
            data = {"kind": "scholarship", "percent": str(random.randint(1, 99)), "end_date": day}
            run("plans.account.set_discount", cast.iris, account.public_id, data, reason="x")
        elif kind == 3:
            data = {"tier": random.choice(["changemaker", "guardian"]), "end_date": day}
            run("plans.workspace.grant_tier", cast.iris, cast.panel.public_id, data, reason="x")
        elif kind == 4:
            bring(usage(random.choice(["panel", "lab", "noord"]), f"r{n}", ago, random.randint(1, 9000)))
        elif kind == 5:
            push_panel(now, deleted=random.random() < 0.5)
        elif kind == 6:
            run("plans.account.grant_trial", cast.iris, account.public_id, reason="x")
        else:
            tier = random.choice(["free", "changemaker", "guardian"])
            run("plans.workspace.change_tier", cast.iris, cast.lab.public_id, {"tier": tier}, reason="x")
    except (Refusal, AssertionError):
        pass


def play(cast: Cast, seed: int, *, is_watched: bool) -> tuple[list[Any], list[Any]]:
    """Watched: a worker looks each hour or so. Else only who acts looks, and what they bring in."""
    random, now = Random(seed), NOW
    for n in range(10):
        with clock.frozen(now):
            one_step(cast, random, n)
        until = now + timedelta(days=random.choice([3, 9, 20, 30]), hours=random.randint(0, 23))
        while is_watched and now + timedelta(hours=12) < until:
            now += timedelta(hours=12)
            refresh(now)
            if Month.of(now + timedelta(hours=12)) != Month.of(now):
                refresh(Month.of(now).last_instant)
                prepare(Month.of(now).last_instant)
        now = until
    with clock.frozen(now):
        prove()
        assert not Unprojected.objects.exists()
    return stored_months(skipped={"settled_at", "restated_at"})


def stored_months(skipped: set[str]) -> tuple[list[Any], list[Any]]:
    """Every row of both tables, whatever its id is."""
    return tuple(
        [
            {name: value for name, value in row.items() if name not in {"id", *skipped}}
            for row in model.objects.order_by(key, "month").values()
        ]
        for model, key in ((AccountMonth, "account_id"), (WorkspaceMonth, "workspace_id"))
    )  # type: ignore[return-value]  # two of them


@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_ends_in_the_months_of_one_that_was_always_looked_at(cast: Cast, seed: int) -> None:
    found = []
    for is_watched in (True, False):
        with undone():
            found.append(play(cast, seed, is_watched=is_watched))
    assert found[0] == found[1]

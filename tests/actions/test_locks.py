"""One order of locks (decision 23): read from pg_locks at every kind of door; and no deadlock when all come at once."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, transaction

from bursar.actions import bulk
from bursar.actions.run import run
from bursar.audit.store import SEAL_LOCK, seal
from bursar.core import clock, locks
from bursar.core.calendar import Month
from bursar.core.errors import Refusal
from bursar.product.actions.pushes import Batch
from bursar.product.models import ApiKey
from bursar.product.queries import actor_of_key
from bursar.rollup.refresh import refresh
from bursar.rollup.store import mark
from bursar.tenants.store import accounts
from bursar.usage.ingest import Event
from tests.cast import Cast, bring, bring_all, organisation, prove, usage, workspace
from tests.lock_order import read_order, watched
from tests.requests.helpers import ask, decide
from tests.waiting import Beside, count_deadlocks, until

ROOT = Path(settings.ROOT)
RESET = "usage.workspace.reset_usage"
DELETES = {"bursar/core/retention.py", "bursar/rollup/carry.py"}
FREE_ONLY = {"bursar/audit/store.py"}  # a seal
EXPLAINED = {  # on the page: the refresh, and an import with all or nothing, which holds all that others would wait for
    "rollup_unsettled → rollup_workspacemonth",
    "rollup_unsettled → rollup_accountmonth",
    "audit_audithead → rollup_unsettled",
}
_LOCK = re.compile(r"select_for_update\(([^)]*)\)|FOR (?:NO KEY )?UPDATE")


def test_row_locks_leave_the_key_alone() -> None:
    """But for rows that are about to go."""
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("bursar/**/*.py")
        for match in _LOCK.finditer(path.read_text())
        if "no_key=True" not in match[0] and "NO KEY" not in match[0]
    }
    assert DELETES <= found <= DELETES | FREE_ONLY


def test_the_page_names_what_there_is() -> None:
    tables = {model._meta.db_table for model in apps.get_models()}
    named = {name for name in read_order() if "_" in name}
    assert all(name in tables or any(table.startswith(name.removesuffix("*")) for table in tables) for name in named)
    assert sorted(set(read_order().values())) == list(range(1, 14))


def product() -> Any:
    made, _ = ApiKey.objects.get_or_create(
        name="locks", digest="locks", defaults={"hint": "hint", "scopes": ["push", "usage"], "created_by": "t"}
    )
    return actor_of_key(made)


def push(*items: dict[str, Any]) -> None:
    stamped = [{"changed_at": clock.now().isoformat(), **item} for item in items]
    run("product.company.push", product(), "company", {"batch": Batch(stamped, "locks")})


def record(cast: Cast, name: str) -> None:
    spaces = (cast.panel, cast.klimaat, cast.lab)
    events = [Event("recorder", f"{name}-{one.pk}", one.pk, clock.now(), 60) for one in spaces]
    run("product.company.take_usage", product(), "company", {"batch": Batch(events, "locks")})


def walk(cast: Cast) -> None:
    """Every kind of door, once or twice."""
    tier = {"tier": "pilot"}
    run("plans.workspace.change_tier", cast.iris, cast.panel.public_id, tier, reason="x", idempotency_key="one")
    percent = {"kind": "partner", "percent": "10", "end_date": ""}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, percent, reason="x")
    run("tenants.organisation.set_partner", cast.iris, cast.oost.organisation.public_id, {"partner": "yes"}, reason="x")
    run("staff.staff.set_roles", cast.iris, cast.noor.id, {"roles": ["lead"]}, reason="x")
    run("staff.staff.set_roles", cast.iris, cast.noor.id, {"roles": ["success"]}, reason="x")
    decide("approve", cast.noor, ask("lotte", cast.panel, cadence="yearly"))
    bulk.start("plans.account.set_discount", cast.ties, [cast.oost.public_id], percent, "x")
    record(cast, "first")
    bring_all(usage("panel", "hours", clock.now() - timedelta(days=40), 90_000))
    bring_all({"kind": "tier", "workspace": "panel", "tier": "free", "from": clock.now() - timedelta(days=50)})
    run("plans.workspace.change_tier", cast.iris, cast.panel.public_id, {"tier": "free"}, reason="x")
    record(cast, "second")
    cast.reset_panel()
    since = clock.now() - timedelta(days=70)
    bring(*organisation("new", "New", since), *workspace("new", "new", "W", since), strict=True)
    push(
        {"kind": "person", "external_id": "jan", "name": "Jan", "email": "jan@client.example"},
        {"kind": "workspace", "external_id": "fresh", "organisation": "samen", "name": "Fresh"},
        {"kind": "organisation", "external_id": "haarlem", "name": "Haarlem"},
        {"kind": "workspace_member", "workspace": "panel", "person": "maud", "role": "member"},
    )
    mark({cast.haarlem.pk: Month.of(clock.now()).previous()})
    refresh(clock.now())
    seal(clock.now())


@pytest.mark.django_db(transaction=True)
def test_every_door_takes_its_locks_in_one_order(committed: Cast) -> None:
    with watched() as watch:
        walk(committed)
    named = {name for name in read_order() if "*" not in name}
    assert named <= watch.seen, "the walk went past some door"
    assert watch.faults <= EXPLAINED
    assert {lock for lock in watch.seen if lock.startswith("unknown")} <= {f"unknown {SEAL_LOCK}"}, "not on the page"
    prove()


@pytest.mark.django_db(transaction=True)
def test_the_wrong_order_is_seen(committed: Cast) -> None:
    with watched() as watch, transaction.atomic():
        locks.hold("usage-batches")
        accounts.hold([committed.samen.pk])
    assert watch.faults == {"usage-batches → tenants_billingaccount"}


PEOPLE = ("jan", "maud", "ali")


def crowd(cast: Cast, rounds: int) -> None:
    """All doors at once, each on a connection of its own, in orders that cross."""

    def act(key: str, target: str, data: dict[str, Any] | None = None, who: Any = None) -> None:
        """Refusals are right answers: another was quicker."""
        with contextlib.suppress(Refusal):
            run(key, who or cast.iris, target, data or {}, reason="at once")

    def move(number: int) -> None:
        tier = {"tier": ("pilot", "free", "changemaker")[number % 3]}
        act("plans.workspace.change_tier", (cast.panel, cast.klimaat)[number % 2].public_id, tier)

    def say(number: int, *, backwards: bool) -> None:
        names = PEOPLE[::-1] if backwards else PEOPLE
        people = [{"kind": "person", "external_id": f"{who}-{number}", "name": who, "email": ""} for who in names]
        named = {"kind": "organisation", "external_id": "samen", "name": f"Samen {number}"}
        space = {"kind": "workspace", "external_id": f"new-{number}", "organisation": "samen", "name": "New"}
        push(*([named, *people, space] if backwards else [*people, space, named]))

    def demote(number: int) -> None:
        """Each the other: who comes second is refused."""
        act("staff.staff.set_roles", cast.noor.id, {"roles": ["staff"]})
        act("staff.staff.set_roles", cast.noor.id, {"roles": ["lead"]})

    def renew(number: int) -> None:
        mark({cast.haarlem.pk: Month.of(clock.now()).previous(), cast.samen.pk: Month.of(clock.now())})
        refresh(clock.now())

    def history(number: int) -> None:
        at = clock.now() - timedelta(days=30, minutes=number)
        bring(
            {"kind": "tier", "workspace": "panel", "tier": "free", "from": at}, usage("klimaat", f"h{number}", at, 60)
        )

    works: list[Callable[[int], object]] = [
        lambda n: record(cast, f"a{n}"), lambda n: record(cast, f"b{n}"), lambda n: act(RESET, cast.panel.public_id),
        lambda n: act(RESET, cast.klimaat.public_id), move, lambda n: say(n, backwards=True),
        lambda n: say(n, backwards=False), demote, renew, history, lambda n: seal(clock.now()),
    ]  # fmt: skip

    def again(work: Callable[[int], object]) -> None:
        for number in range(rounds):
            work(number)

    threads = [Beside(partial(again, work)) for work in works]
    for thread in threads:
        thread.finish()


@pytest.mark.django_db(transaction=True)
def test_all_at_once_and_no_deadlock(committed: Cast) -> None:
    before = count_deadlocks()
    crowd(committed, 4)
    assert count_deadlocks() == before
    prove()


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_would_be_counted(committed: Cast) -> None:
    """Two sessions, each of which holds what the other wants."""
    before = count_deadlocks()

    def cross(first: int, second: int) -> str:
        met.wait()
        try:
            with transaction.atomic():
                accounts.hold([first])
                met.wait()
                accounts.hold([second])
        except OperationalError as error:
            return str(error)
        return ""

    met = threading.Barrier(2)
    one, other = committed.samen.pk, committed.oost.pk
    both = [Beside(lambda: cross(one, other)), Beside(lambda: cross(other, one))]
    ended = [thread.finish() for thread in both]
    assert sum("deadlock" in text for text in ended) == 1
    until(lambda: count_deadlocks() == before + 1, "the server does not count it")


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_all_at_once_for_long(committed: Cast) -> None:
    before = count_deadlocks()
    crowd(committed, 150)
    assert count_deadlocks() == before
    prove()

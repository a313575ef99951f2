"""Midnight on the 1st, with pages, actions and usage running through it: nobody waits, and every event is counted.

`SOAK_ACCOUNTS` says how large the company is. The clock runs; it is moved so that midnight comes in a while.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import secrets
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client

from bursar.access.keys import digest_of
from bursar.access.models import User
from bursar.actions.run import run
from bursar.config.actors import actor_for
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import Refusal
from bursar.demo import scale
from bursar.product.models import ApiKey
from bursar.rollup import jobs
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.refresh import refresh
from bursar.rollup.verify import list_differences
from bursar.tenants.models import BillingAccount
from bursar.usage.models import UsageEvent, UsageMonth

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]
ACCOUNTS = int(os.environ.get("SOAK_ACCOUNTS", "2000"))
BEFORE = timedelta(seconds=60 + ACCOUNTS / 400)  # for the worker to make the rows in
AFTER = timedelta(seconds=60)
EVENTS = 200  # a batch
PAUSES = {
    "page": 1.0,
    "act": 0.2,
    "use": 0.4,
}  # seconds between what one user asks: people read, programs send by turns
WAIT, ANSWER = 0.2, 1.0  # seconds
SHOWN = 10
ADDRESSES = (
    "/panel/usage/", "/panel/usage/?q=haarlem", "/panel/usage/movements/", "/panel/at-risk/", "/panel/accounts/{account}",
)  # fmt: skip
WAITS = (
    "SELECT EXTRACT(epoch FROM clock_timestamp() - l.waitstart), left(a.query, 100), left(b.query, 100) FROM pg_locks l "
    "JOIN pg_stat_activity a USING (pid) JOIN pg_stat_activity b ON b.pid = ANY(pg_blocking_pids(l.pid)) "
    "WHERE l.waitstart IS NOT NULL ORDER BY 1 DESC LIMIT 1"
)
SECRET = "a secret that only this test knows"
HEADERS = {"Authorization": f"Bearer {SECRET}"}


FORK = multiprocessing.get_context("fork")


@dataclass
class Seen:
    """What one process saw. `answers`: seconds of each answer, by what was asked; `sent`: seconds of use by month."""

    answers: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    slowest: list[tuple[float, str, timedelta]] = field(default_factory=list)  # seconds, what, how long after midnight
    faults: list[str] = field(default_factory=list)
    longest_wait: tuple[float, str, str] = (0.0, "", "")  # seconds, what waits, what holds

    def add(self, other: Seen) -> None:
        for what, spent in other.answers.items():
            self.answers[what] += spent
        for month, seconds in other.sent.items():
            self.sent[month] += seconds
        self.slowest = sorted([*self.slowest, *other.slowest])[-SHOWN:]
        self.faults += other.faults
        self.longest_wait = max(self.longest_wait, other.longest_wait)


class Company:
    """Who uses it: a process each, as web and worker are, so that none holds a lock while another has the interpreter."""

    def __init__(self, midnight: datetime) -> None:
        self.midnight, self.stop, self.failed = midnight, FORK.Event(), FORK.Event()
        self.told: Any = FORK.Queue()
        self.seen = Seen()
        self.ids = list(BillingAccount.objects.order_by("id").values_list("public_id", flat=True)[:ACCOUNTS])

    def timed(self, what: str, call: Callable[..., Any], *values: Any, **more: Any) -> Any:
        started = time.perf_counter()
        try:
            return call(*values, **more)
        finally:
            spent = time.perf_counter() - started
            self.seen.answers[what].append(spent)
            self.seen.slowest = sorted([*self.seen.slowest, (spent, what, clock.now() - self.midnight)])[-SHOWN:]

    def page(self, random: Random) -> None:
        client = Client()
        client.force_login(User.objects.get(email="lead@agora.example"), "bursar.staff.backend.SignInBackend")
        while not self.stop.is_set():
            address = random.choice(ADDRESSES)
            answer = self.timed(address, client.get, address.format(account=random.choice(self.ids)))
            if answer.status_code not in (200, 302):
                self.seen.faults.append(f"{address}: {answer.status_code}")
            self.stop.wait(PAUSES["page"])

    def warm(self) -> None:
        """What a process does once, at its first answer, is not what is measured."""
        client = Client()
        client.force_login(User.objects.get(email="lead@agora.example"), "bursar.staff.backend.SignInBackend")
        for address in ADDRESSES:
            client.get(address.format(account=self.ids[0]))
        Client().post("/api/product/v1/usage", [], content_type="application/json", headers=HEADERS)

    def act(self, random: Random) -> None:
        lead = actor_for(User.objects.get(email="lead@agora.example"))
        while not self.stop.is_set():
            data = {"kind": "partner", "percent": random.randint(5, 90), "end_date": ""}
            target = random.choice(self.ids)
            with contextlib.suppress(Refusal):
                self.timed("action", run, "plans.account.set_discount", lead, target, data, reason="soak")
            self.stop.wait(PAUSES["act"])

    def use(self, random: Random) -> None:
        client = Client()
        while not self.stop.is_set():
            at = clock.now()
            batch = [
                {"specversion": "1.0", "id": secrets.token_hex(8), "source": "soak", "type": "recorded",
                 "subject": f"ws-{random.randint(1, ACCOUNTS * 3)}", "time": at.isoformat(), "data": {"seconds": 30}}
                for _ in range(EVENTS)
            ]  # fmt: skip
            more = {"content_type": "application/json", "headers": HEADERS}
            answer = self.timed("usage", client.post, "/api/product/v1/usage", batch, **more)
            if answer.status_code == 200 and answer.json()["taken"] == EVENTS:
                self.seen.sent[Month.of(at).first] += EVENTS * 30
            else:
                self.seen.faults.append(f"usage: {answer.status_code} {answer.content[:200]!r}")
            self.stop.wait(PAUSES["use"])

    def tick(self, _: Random) -> None:
        """The worker's part of it, more often than each minute."""
        while not self.stop.wait(5):
            jobs.refresh_when_due(clock.now())
            jobs.prepare_the_coming_month(clock.now())

    def watch(self, _: Random) -> None:
        """The server says who waits for a lock, since when, and who holds it; often enough that no long wait is missed,
        and no oftener, since the asking itself keeps a core busy.
        """
        while not self.stop.wait(WAIT / 4):
            with connection.cursor() as cursor:
                cursor.execute(WAITS)
                for seconds, waiting, holding in cursor.fetchall():
                    self.seen.longest_wait = max(self.seen.longest_wait, (float(seconds), waiting, holding))

    def start(self) -> list[Any]:
        connection.close()  # each process has its own
        parts = [self.page, self.page, self.act, self.use, self.tick, self.watch]
        processes = [FORK.Process(target=self._whole, args=(part, n), daemon=True) for n, part in enumerate(parts)]
        for process in processes:
            process.start()
        return processes

    def _whole(self, part: Callable[[Random], None], seed: int) -> None:
        self.seen = Seen()
        try:
            part(Random(seed))
        except BaseException as error:
            self.seen.faults.append(f"{part.__name__}: {error!r}")
        if self.seen.faults:
            self.failed.set()
        self.told.put(self.seen)

    def end(self, processes: list[Any]) -> Seen:
        self.stop.set()
        for _ in processes:
            self.seen.add(self.told.get(timeout=120))
        for process in processes:
            process.join()
        return self.seen


def test_midnight_on_the_first(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real = datetime.now(UTC)
    midnight = Month.of(real).end
    scale.load(midnight - timedelta(hours=1), ACCOUNTS, 2, lambda what, done, total: None, big=False)
    ApiKey.objects.create(name="soak", digest=digest_of(SECRET), hint="h", scopes=["usage"], created_by="t")
    company = Company(midnight)
    company.warm()
    ahead = midnight - BEFORE - datetime.now(UTC)
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + ahead)
    refresh(clock.now())
    before = dict(UsageMonth.objects.values_list("month").annotate(seconds=Sum("seconds")))
    processes = company.start()
    prepared = False
    while clock.now() < midnight + AFTER and not company.failed.is_set():
        prepared |= clock.now() < midnight and AccountMonth.objects.filter(month=midnight.date()).exists()
        time.sleep(1)
    seen = company.end(processes)
    assert not seen.faults, seen.faults[:5]
    assert prepared, "the rows were made before midnight"
    report(seen)
    count_all(company.ids, seen.sent, before)
    answers = sorted(seconds for some in seen.answers.values() for seconds in some)
    assert seen.longest_wait[0] <= WAIT, seen.longest_wait
    assert answers[int(len(answers) * 0.999)] <= ANSWER, answers[-10:]


def report(seen: Seen) -> None:
    seconds, waiting, holding = seen.longest_wait
    lines = [f"{ACCOUNTS:,} accounts; the longest wait for a lock: {seconds * 1000:.0f} ms: {waiting} | {holding}"]
    for what, spent in sorted(seen.answers.items()):
        ordered = sorted(spent)
        shown = [ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000 for part in (0.5, 0.99, 0.999)]
        within = ", ".join(f"{ms:.0f} ms" for ms in shown)
        lines.append(f"{what}: {len(ordered)} answers; half, 99 % and 99.9 % within {within}")
    lines += [f"{spent * 1000:.0f} ms: {what}, {at.total_seconds():+.0f} s" for spent, what, at in seen.slowest]
    sys.stderr.write("\n".join(["", *lines, ""]))


def count_all(ids: list[str], sent: dict[date, int], before: dict[date, int]) -> None:
    """Each event that was acknowledged, in its month: in events, month, and facts. And all else is as it should be."""
    now = clock.now()
    refresh(now, try_again=True)
    for model in (UsageMonth, WorkspaceMonth, AccountMonth):
        column = "seconds" if model is UsageMonth else "recorded_seconds"
        after = dict(model.objects.values_list("month").annotate(total=Sum(column)))  # type: ignore[attr-defined]  # each
        for month, seconds in sent.items():
            assert after[month] == before.get(month, 0) + seconds, (model.__name__, month)
    assert len(sent) == 2 and UsageEvent.objects.filter(source="soak").exists()
    touched = Random(1).sample(ids, min(len(ids), 200))
    differences = list(list_differences(now)) if ACCOUNTS <= 10_000 else []
    differences += [one for pk in touched for one in list_differences(now, account=pk)] if not differences else []
    assert not differences, differences[:5]

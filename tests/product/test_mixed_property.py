"""Imports, pushes and levers in any mixture, under a clock that moves, worker on or off: as an independent model ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.calendar import Month, end_of, months_between
from bursar.core.errors import Refusal
from bursar.product.actions.pushes import Batch
from bursar.product.models import ApiKey
from bursar.product.queries import actor_of_key
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.refresh import refresh
from bursar.tenants.models import BillingAccount
from bursar.tenants.models import Workspace as Stored
from tests.cast import bring, prove
from tests.product.histories import Figures, in_an_empty_database
from tests.product.model import NO_TERMS, ORDER, Company, Timeline, Workspace

BEGINNING = datetime(2026, 6, 3, 10, tzinfo=UTC)
WORKSPACES = {"w-1": "o-1", "w-2": "o-1", "w-own": "w-own"}
PEOPLE = ["p-0", "p-1"]
CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]

names = st.sampled_from(["w-1", "w-1", "w-1", "w-2", "w-own"])  # so that much is said of one
accounts = st.sampled_from(["o-1", "o-1", "w-own"])
tiers = st.sampled_from(ORDER)
people = st.sampled_from(["p-0", "p-0", "p-1"])
ages = st.integers(0, 90)
lengths = st.sampled_from([None, None, None, 20, 90])
STEPS: dict[str, st.SearchStrategy[Any]] = {
    "tell_workspace": st.tuples(names, ages),
    "tell_tier": st.tuples(names, tiers, ages, lengths),
    "tell_seat": st.tuples(names, people, ages, lengths),
    "tell_terms": st.tuples(accounts, st.sampled_from(["none", "active", "cancelled", "managed"]), ages, lengths),
    "tell_again": st.tuples(st.integers(0, 99)),
    "push_workspace": st.tuples(st.sampled_from(["w-1", "w-2"]), st.booleans()),
    "push_seat": st.tuples(names, people, st.booleans()),
    "change_tier": st.tuples(names, tiers),
    "set_managed": st.tuples(accounts),
    "set_self_serve": st.tuples(accounts, st.sampled_from([None, 3, 40])),
}
OFTEN = ["tell_again", "tell_again", "tell_tier", "tell_seat", "push_seat", "change_tier", "tell_seat", "push_seat"]
steps = st.sampled_from([*STEPS, *OFTEN]).flatmap(lambda name: st.tuples(st.just(name), STEPS[name]))
stories = st.lists(st.tuples(st.integers(1, 25), steps), min_size=12, max_size=30)


class Both:
    """Says everything twice: to Bursar, and to the model."""

    def __init__(self) -> None:
        self.now = BEGINNING
        self.told: list[tuple[dict[str, Any], Timeline, tuple[Any, ...]]] = []
        self.model = Company(
            {name: Workspace(account) for name, account in WORKSPACES.items()},
            {account: Timeline() for account in ("o-1", "w-own")},
        )
        scopes = ["push"]
        key = ApiKey.objects.create(name="k", digest="k", hint="hint", scopes=scopes, created_by="t")
        self.product = actor_of_key(key)
        self._bring({"kind": "staff", "email": "lead@agora.example", "name": "Lead", "role": "lead"})
        self._bring({"kind": "organisation", "external_id": "o-1", "name": "One", "created_at": BEGINNING})
        self._bring(*[{"kind": "person", "external_id": who, "name": who} for who in PEOPLE])
        from bursar.access.models import User
        from bursar.config.actors import actor_for

        self.lead = actor_for(User.objects.get(email="lead@agora.example"))
        for name in WORKSPACES:
            self.tell_workspace(name, 0)

    def _bring(self, *lines: dict[str, Any]) -> None:
        report = bring(*lines)
        assert not report.bad, report.bad

    def _ago(self, days: int) -> datetime:
        return self.now - timedelta(days=days, minutes=days + 1)

    def _span(self, days: int, length: int | None) -> tuple[datetime, datetime | None]:
        start = self._ago(days)
        return start, None if length is None else start + timedelta(days=length)

    def _account(self, name: str) -> dict[str, str]:
        return {"organisation" if name == "o-1" else "workspace": name}

    def tell_workspace(self, name: str, days: int) -> None:
        workspace, start = self.model.workspaces[name], self._ago(days)
        if workspace.away and start >= workspace.away[0][0]:
            return  # nobody says that it began after it had gone
        line = {"kind": "workspace", "external_id": name, "organisation": "o-1", "name": name, "created_at": start}
        self._bring({**line, "own_account": name == "w-own"})
        workspace.told = start

    def _tell(self, line: dict[str, Any], timeline: Timeline, *mark: Any) -> None:
        self.told.append((line, timeline, mark))
        self._bring(line)
        timeline.tell(*mark)

    def tell_again(self, place: int) -> None:
        """A file that came before comes once more."""
        if self.told:
            line, timeline, mark = self.told[place % len(self.told)]
            self._bring(line)
            timeline.tell(*mark)

    def tell_tier(self, name: str, tier: str, days: int, length: int | None) -> None:
        start, until = self._span(days, length)
        line = {"kind": "tier", "workspace": name, "tier": tier, "from": start, "until": until}
        self._tell(line, self.model.workspaces[name].tiers, start, until, tier)

    def tell_seat(self, name: str, who: str, days: int, length: int | None) -> None:
        start, until = self._span(days, length)
        line = {"kind": "workspace_member", "workspace": name, "person": who, "role": "member"}
        seats = self.model.workspaces[name].seats.setdefault(who, Timeline())
        self._tell({**line, "from": start, "until": until}, seats, start, until, "member")

    def tell_terms(self, name: str, how: str, days: int, length: int | None) -> None:
        start, until = self._span(days, length)
        said: dict[str, Any] = {"mode": "self_serve", "status": how, "cadence": "monthly"}
        if how == "managed":
            said = {"mode": "managed", "cadence": "yearly"}
        elif how == "cancelled":
            said["paid_until"] = start + timedelta(days=15)
        line = {"kind": "payment", "account": self._account(name), "from": start, "until": until, **said}
        value = {**NO_TERMS, **said, "lapses_at": said.get("paid_until")}
        self._tell(line, self.model.terms[name], start, until, value)

    def _push(self, **item: Any) -> None:
        batch = Batch([{**item, "changed_at": self.now.isoformat()}], "digest")
        (result,) = run("product.company.push", self.product, "company", {"batch": batch}).data["results"]
        assert result["result"] in ("created", "updated", "unchanged"), result

    def push_workspace(self, name: str, gone: bool) -> None:
        self._push(kind="workspace", external_id=name, organisation="o-1", name=name, deleted=gone)
        away = self.model.workspaces[name].away
        is_away = bool(away) and away[-1][1] is None
        if gone and not is_away:
            away.append((self.now, None))
        elif is_away and not gone:
            away[-1] = (away[-1][0], self.now)

    def push_seat(self, name: str, who: str, sits: bool) -> None:
        self._push(kind="workspace_member", workspace=name, person=who, role="member" if sits else None)
        line = self.model.workspaces[name].seats.setdefault(who, Timeline())
        if (line.at(self.now) is not None) != sits:
            line.change(self.now, "member" if sits else None)

    def _pull(self, key: str, target: Any, data: dict[str, Any], *, wanted: bool) -> None:
        try:
            run(key, self.lead, target.public_id, data, reason="x")
        except Refusal as refusal:
            assert not wanted, refusal.sentence
        else:
            assert wanted

    def change_tier(self, name: str, tier: str) -> None:
        wanted = self.model.change_tier(self.model.workspaces[name], tier, self.now)
        self._pull("plans.workspace.change_tier", Stored.objects.get(external_id=name), {"tier": tier}, wanted=wanted)

    def set_managed(self, name: str) -> None:
        wanted = self.model.set_managed(name, self.now)
        self._pull("plans.account.set_managed", stored_account(name), {"cadence": "yearly"}, wanted=wanted)

    def set_self_serve(self, name: str, days: int | None) -> None:
        day = None if days is None else (self.now + timedelta(days=days)).date()
        wanted = self.model.set_self_serve(name, None if day is None else end_of(day), self.now)
        data = {} if day is None else {"keep_until": day.isoformat()}
        self._pull("plans.account.set_self_serve", stored_account(name), data, wanted=wanted)

    def compare(self) -> None:
        refresh(self.now)
        current = Month.of(self.now)
        for name in ("o-1", "w-own"):
            account = stored_account(name)
            began = min(ws.began for ws in self.model.of(name))
            assert account.created_at == began
            for month in months_between(Month.of(began), current):
                at = self.now if month == current else month.last_instant
                self._compare_month(name, account, month, at)

    def _compare_month(self, name: str, account: BillingAccount, month: Month, at: datetime) -> None:
        seen = self.model.see(name, at)
        if seen is None:
            return
        row = AccountMonth.objects.get(account=account, month=month.first)
        assert row.is_listed and (row.tier, row.seats) == (seen.tier, seen.seats), (name, month)
        if seen.klass is not None:
            assert (row.klass, row.mrr) == (seen.klass, seen.mrr), (name, month)
        for ref, workspace in self.model.workspaces.items():
            if workspace.account == name and workspace.lives(at):
                there = WorkspaceMonth.objects.get(workspace__external_id=ref, month=month.first)
                told = (there.account_id, there.tier, there.seats)
                assert told == (account.pk, self.model.tier(workspace, at), len(workspace.people(at))), (ref, month)


def stored_account(name: str) -> BillingAccount:
    if name == "o-1":
        return BillingAccount.objects.get(organisation__external_id="o-1", scope="organisation")
    return Stored.objects.get(external_id=name).account


def check(story: list[tuple[int, tuple[str, tuple[Any, ...]]]], has_worker: bool) -> None:
    def live() -> Figures:
        with clock.frozen(BEGINNING):
            both = Both()
        for days, (name, data) in story:
            both.now += timedelta(days=days / 4, minutes=1)
            with clock.frozen(both.now):
                if has_worker:
                    refresh(both.now)
                step: Callable[..., None] = getattr(both, name)
                step(*data)
        with clock.frozen(both.now):
            both.compare()
            prove()
        return Figures({}, {}, {}, {})

    in_an_empty_database(live)


@given(stories, st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=CHECKS, derandomize=True)
def test_every_mixture_ends_as_the_rules_say(db: None, story: Any, has_worker: bool) -> None:
    check(story, has_worker)


@pytest.mark.soak
@given(stories, st.booleans())
@settings(max_examples=500, deadline=None, suppress_health_check=CHECKS)
def test_any_mixture_ends_as_the_rules_say(db: None, story: Any, has_worker: bool) -> None:
    check(story, has_worker)

"""Random actions, imports, pushes, usage, parallel work and clock steps: the figures agree after each, and both verifies
are silent. About 200 steps in `test`, thousands in `soak`.
"""

from __future__ import annotations

import contextlib
import csv as reader
import importlib
import tempfile
import threading
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import Refusal
from bursar.product.models import ApiKey
from bursar.product.queries import actor_of_key
from bursar.rollup import csv, filters, movements, queries
from bursar.rollup.refresh import refresh
from bursar.tenants.models import BillingAccount, Workspace
from tests.cast import NOW, Cast, bring, prove, sign_in

TIERS = st.sampled_from(["free", "pilot", "innovator", "changemaker", "guardian"])
DISCOUNTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["scholarship", "staff_discount", "trial", "partner"]),
        "percent": st.sampled_from(["0", "10", "33", "50", "99", "100"]),
        "end_date": st.sampled_from(["", "+0", "+1", "+9", "+45"]),
    }
)
PLACE = st.integers(0, 30)


class Everything(RuleBasedStateMachine):
    """One company that lives on, under a clock that only moves forward."""

    @initialize()
    def found(self) -> None:
        clock.set_fixed(NOW)
        call_command("flush", verbosity=0, interactive=False)
        for room, module, name in (
            ("staff", "0002_shipped_roles", "add_roles"),
            ("plans", "0002_shipped_catalogue", "add_catalogue"),
        ):
            getattr(importlib.import_module(f"bursar.{room}.migrations.{module}"), name)(apps, None)
        self.cast = Cast.gather(NOW)
        scopes = ["push", "usage"]
        key = ApiKey.objects.create(name="k", digest="k", hint="hint", scopes=scopes, created_by="t")
        self.product = actor_of_key(key)
        self.events = 0

    def account(self, place: int) -> str:
        ids = list(BillingAccount.objects.order_by("id").values_list("public_id", flat=True))
        return str(ids[place % len(ids)])

    def workspace(self, place: int) -> Workspace:
        found = list(Workspace.objects.order_by("id"))
        return found[place % len(found)]

    def act(self, key: str, target: str, data: dict[str, Any] | None = None) -> None:
        """Refusals are right answers; everything else is loud."""
        with contextlib.suppress(Refusal):
            run(key, self.cast.iris, target, data or {}, reason="random")

    @rule(place=PLACE, data=DISCOUNTS, on_account=st.booleans())
    def discount(self, place: int, data: dict[str, str], on_account: bool) -> None:
        end = data["end_date"]
        day = (clock.now() + timedelta(days=int(end))).date().isoformat() if end else ""
        target = self.account(place) if on_account else self.workspace(place).public_id
        kind = "account" if on_account else "workspace"
        self.act(f"plans.{kind}.set_discount", target, {**data, "end_date": day})

    @rule(place=PLACE, on_account=st.booleans())
    def remove_discount(self, place: int, on_account: bool) -> None:
        target = self.account(place) if on_account else self.workspace(place).public_id
        self.act(f"plans.{'account' if on_account else 'workspace'}.remove_discount", target)

    @rule(place=PLACE, tier=TIERS)
    def tier(self, place: int, tier: str) -> None:
        self.act("plans.workspace.change_tier", self.workspace(place).public_id, {"tier": tier})

    @rule(place=PLACE, verb=st.sampled_from(["grant_trial", "end_trial", "clear_manager"]))
    def plain(self, place: int, verb: str) -> None:
        self.act(f"plans.account.{verb}", self.account(place))

    @rule(place=PLACE, cadence=st.sampled_from(["yearly", "monthly"]))
    def managed(self, place: int, cadence: str) -> None:
        self.act("plans.account.set_managed", self.account(place), {"cadence": cadence})

    @rule(place=PLACE, days=st.sampled_from([None, 0, 3, 40]))
    def self_serve(self, place: int, days: int | None) -> None:
        until = "" if days is None else (clock.now() + timedelta(days=days)).date().isoformat()
        self.act("plans.account.set_self_serve", self.account(place), {"keep_until": until})

    @rule(place=PLACE)
    def manager(self, place: int) -> None:
        self.act("plans.account.assign_manager", self.account(place), {"manager": self.cast.noor.id})

    @rule(place=PLACE)
    def reset(self, place: int) -> None:
        self.act("usage.workspace.reset_usage", self.workspace(place).public_id)

    @rule(place=PLACE, back=st.integers(0, 90), seconds=st.sampled_from([0, 60, 3600, 90_000]), again=st.booleans())
    def usage(self, place: int, back: int, seconds: int, again: bool) -> None:
        self.events += 0 if again else 1
        at = clock.now() - timedelta(days=back, hours=1)
        line = {
            "kind": "usage",
            "source": "soak",
            "id": f"e{self.events}",
            "workspace": self.workspace(place).external_id,
        }
        bring({**line, "at": at, "seconds": seconds})

    @rule(place=PLACE, status=st.sampled_from(["active", "past_due", "cancelled", "none"]), back=st.integers(0, 70))
    def history(self, place: int, status: str, back: int) -> None:
        """Commercial history comes late, by import; closed months are restated."""
        organisation = ("haarlem", "samen", "oost")[place % 3]
        at = clock.now() - timedelta(days=back, minutes=5)
        line = {"kind": "payment", "account": {"organisation": organisation}, "mode": "self_serve", "status": status}
        more = {"cadence": "monthly", "from": at, "past_due_since": at if status == "past_due" else None}
        bring({**line, **more, "paid_until": at + timedelta(days=31) if status == "cancelled" else None})

    @rule(
        place=PLACE,
        who=st.sampled_from(["maud", "ali", "lotte", "jan"]),
        role=st.sampled_from(["member", "admin", None]),
    )
    def push(self, place: int, who: str, role: str | None) -> None:
        from bursar.product.actions.pushes import Batch

        item = {"kind": "workspace_member", "workspace": self.workspace(place).external_id, "person": who, "role": role}
        batch = Batch([{**item, "changed_at": clock.now().isoformat()}], "soak")
        run("product.company.push", self.product, "company", {"batch": batch})

    @rule(place=PLACE, gone=st.booleans())
    def push_workspace(self, place: int, gone: bool) -> None:
        from bursar.product.actions.pushes import Batch

        item = {
            "kind": "workspace",
            "external_id": f"new-{place % 4}",
            "organisation": "samen",
            "name": f"New {place % 4}",
        }
        batch = Batch([{**item, "deleted": gone, "changed_at": clock.now().isoformat()}], "soak")
        run("product.company.push", self.product, "company", {"batch": batch})

    @rule(place=PLACE, tier=TIERS, data=DISCOUNTS)
    def parallel(self, place: int, tier: str, data: dict[str, str]) -> None:
        """Two colleagues on one account, and the recorder beside them."""
        one = self.workspace(place)
        day = {**data, "end_date": (clock.now() + timedelta(days=20)).date().isoformat()}
        account = BillingAccount.objects.get(pk=one.account_id).public_id
        self.events += 1
        line = {"kind": "usage", "source": "soak", "id": f"e{self.events}", "workspace": one.external_id}
        together(
            lambda: self.act("plans.workspace.change_tier", one.public_id, {"tier": tier}),
            lambda: self.act("plans.account.set_discount", account, day),
            lambda: bring({**line, "at": clock.now() - timedelta(hours=2), "seconds": 600}),
        )

    @rule(hours=st.sampled_from([1, 13, 25, 24 * 9, 24 * 33]))
    def later(self, hours: int) -> None:
        clock.set_fixed(clock.now() + timedelta(hours=hours))

    @rule()
    def agree(self) -> None:
        check_figures()

    def teardown(self) -> None:
        try:
            if hasattr(self, "cast"):
                check_figures()
        finally:
            clock.set_fixed(None)


def together(*calls: Any) -> None:
    faults: list[Exception] = []

    def one(call: Any) -> None:
        try:
            call()
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults


def check_figures() -> None:
    """Totals = sum of rows = CSV = API; start + movements = end; both verifies silent."""
    now = clock.now()
    refresh(now)
    client = sign_in("iris@agora.example")
    for month in (Month.of(now), Month.of(now).previous()):
        address = f"month={month}"
        view = filters.read(QueryDict(address), now)
        totals = queries.calc_totals(view)
        api = client.get(f"/api/v1/rollup?{address}").json()
        rows = _csv_rows(view, now)
        for name, amount in (("mrr", totals.mrr), ("potential", totals.potential)):
            assert sum((Decimal(row[f"{name}_eur"] or 0) for row in rows), Decimal(0)) == amount, (month, name)
            assert Decimal(api["totals"][f"{name}_eur"]) == amount
            assert sum((Decimal(row[f"{name}_eur"]) for row in api["accounts"]), Decimal(0)) == amount
    made = movements.calc_movements(Month.of(now))
    assert all(one.is_whole for one in made if not one.is_first), [str(m.month) for m in made if not m.is_whole]
    assert all(later.start == earlier.end for earlier, later in pairwise(made))
    prove()


def _csv_rows(view: filters.View, now: Any) -> list[dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.csv"
        csv.write(path, view, now, by_workspace=True)
        return list(reader.DictReader(path.open()))


def live_it(examples: int, steps: int, *, random: bool) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Everything,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, derandomize=not random,
            database=None,
        ),
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_the_figures_agree_whatever_happens() -> None:
    live_it(examples=5, steps=40, random=False)


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_the_figures_agree_for_thousands_of_steps() -> None:
    live_it(examples=60, steps=60, random=True)

"""Random actions, imports, pushes, usage, parallel work and clock steps: the figures agree after each, and both verifies
are silent. About 200 steps in `test`, thousands in `soak`.
"""

from __future__ import annotations

import contextlib
import csv as reader
import threading
import traceback
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import Refusal
from bursar.core.money import format_money
from bursar.files.csv import PLAIN
from bursar.product.actions.pushes import Batch
from bursar.product.models import ApiKey
from bursar.product.queries import actor_of_key
from bursar.rollup import csv, filters, movements
from bursar.rollup.queries.totals import calc_totals
from bursar.rollup.refresh import refresh
from bursar.tenants.models import BillingAccount, Organisation, Workspace
from bursar.ui.lists import PAGE_SIZE
from tests.cast import NOW, Cast, bring, prove, shown_by, sign_in, text_of

TIERS = st.sampled_from(["free", "pilot", "innovator", "changemaker", "guardian"])
DISCOUNTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["scholarship", "staff_discount", "trial", "partner"]),
        "percent": st.sampled_from(["0", "10", "33", "50", "99", "100"]),
        "end_date": st.sampled_from(["", "+0", "+1", "+9", "+45"]),
    }
)
PLACE = st.integers(0, 30)
LATE = st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(days=3)])
DONE: Counter[str] = Counter()  # what was let through, so that a run of refusals alone does not pass for a proof
MUST_HAPPEN = (
    "plans.account.set_discount", "plans.workspace.change_tier",
    "usage.workspace.reset_usage", "import usage", "import payment", "parallel",
)  # fmt: skip


class Everything(RuleBasedStateMachine):
    """One company that lives on, under a clock that only moves forward."""

    @initialize()
    def found(self) -> None:
        clock.set_fixed(NOW)
        call_command("flush", verbosity=0, interactive=False)
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
            DONE[key] += 1

    def take(self, line: dict[str, Any]) -> None:
        """By import. A line that contradicts the history is refused by itself."""
        DONE[f"import {line['kind']}"] += bring(line).taken

    def send(self, item: dict[str, Any], ago: timedelta = timedelta()) -> None:
        """Pushed by the product, perhaps late: then something newer may stand."""
        batch = Batch([{**item, "changed_at": (clock.now() - ago).isoformat()}], "soak")
        made = run("product.company.push", self.product, "company", {"batch": batch})
        DONE[f"push {item['kind']} {made.data['results'][0]['result']}"] += 1

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
        """Mostly where no subscription is in the way."""
        free = self.cast.samen.public_id if place % 3 else self.account(place)
        self.act("plans.account.set_managed", free, {"cadence": cadence})

    @rule(place=PLACE, days=st.sampled_from([None, 0, 3, 40]))
    def self_serve(self, place: int, days: int | None) -> None:
        until = "" if days is None else (clock.now() + timedelta(days=days)).date().isoformat()
        self.act("plans.account.set_self_serve", self.account(place), {"keep_until": until})

    @rule(place=PLACE)
    def manager(self, place: int) -> None:
        self.act("plans.account.assign_manager", self.account(place), {"manager": self.cast.noor.id})

    @rule(place=PLACE)
    def reset(self, place: int) -> None:
        """Mostly where there is something to reset."""
        used = list(Workspace.objects.filter(meters__seconds__gt=0).order_by("id").distinct())
        one = used[place % len(used)] if used and place % 4 else self.workspace(place)
        self.act("usage.workspace.reset_usage", one.public_id)

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
        self.take({**line, "at": at, "seconds": seconds})

    @rule(place=PLACE, status=st.sampled_from(["active", "past_due", "cancelled", "none"]), back=st.integers(0, 70))
    def history(self, place: int, status: str, back: int) -> None:
        """Commercial history comes late, by import; closed months are restated."""
        organisation = ("haarlem", "samen", "oost")[place % 3]
        at = clock.now() - timedelta(days=back, minutes=5)
        line = {"kind": "payment", "account": {"organisation": organisation}, "mode": "self_serve", "status": status}
        more = {"cadence": "monthly", "from": at, "past_due_since": at if status == "past_due" else None}
        self.take({**line, **more, "paid_until": at + timedelta(days=31) if status == "cancelled" else None})

    @rule(place=PLACE, tier=TIERS, back=st.integers(0, 70))
    def tier_history(self, place: int, tier: str, back: int) -> None:
        at = clock.now() - timedelta(days=back, minutes=7)
        self.take({"kind": "tier", "workspace": self.workspace(place).external_id, "tier": tier, "from": at})

    @rule(place=PLACE, back=st.integers(0, 70), days=st.integers(1, 400), source=st.sampled_from(["mollie", "managed"]))
    def paid(self, place: int, back: int, days: int, source: str) -> None:
        self.events += 1
        at = clock.now() - timedelta(days=back, minutes=9)
        line = {"kind": "paid", "account": {"organisation": ("haarlem", "samen", "oost")[place % 3]}, "source": source}
        more = {"external_id": f"p{self.events}", "from": at, "until": at + timedelta(days=days), "booked_at": at}
        self.take({**line, **more, "net": "900.00", "gross": "1089.00"})

    @rule(
        place=PLACE,
        who=st.sampled_from(["maud", "ali", "lotte", "jan"]),
        role=st.sampled_from(["member", "admin", "external", None]),
        ago=LATE,
    )
    def push(self, place: int, who: str, role: str | None, ago: timedelta) -> None:
        item = {"kind": "workspace_member", "workspace": self.workspace(place).external_id, "person": who, "role": role}
        self.send(item, ago)

    @rule(place=PLACE, gone=st.booleans(), ago=LATE)
    def push_workspace(self, place: int, gone: bool, ago: timedelta) -> None:
        item = {"kind": "workspace", "external_id": f"new-{place % 4}", "organisation": "samen"}
        self.send({**item, "name": f"New {place % 4}", "deleted": gone}, ago)

    @rule(place=PLACE, gone=st.booleans())
    def push_organisation(self, place: int, gone: bool) -> None:
        """And a workspace in it, so that it gets an account; a partner's is for a client. It ends before them, or not."""
        ref = f"org-{place % 3}"
        whole = {"kind": "organisation", "external_id": ref, "name": f"Organisation {ref}"}
        self.send(whole)
        client = {"type": "external_client", "data_owner": "samen"} if place % 2 else {}
        if client:
            made = Organisation.objects.get(external_id=ref)
            self.act("tenants.organisation.set_partner", made.public_id, {"partner": "yes"})
        item = {"kind": "workspace", "external_id": f"of-{ref}", "organisation": ref, "name": "First", **client}
        self.send({**item, "deleted": gone and place % 4 < 2})
        self.send({**whole, "deleted": gone})

    @rule(place=PLACE, tier=TIERS, data=DISCOUNTS)
    def parallel(self, place: int, tier: str, data: dict[str, str]) -> None:
        """Two colleagues on one account and its neighbour, the recorder, the product and the minute tick beside them."""
        one = self.workspace(place)
        day = {**data, "end_date": (clock.now() + timedelta(days=20)).date().isoformat()}
        account = BillingAccount.objects.get(pk=one.account_id).public_id
        self.events += 1
        line = {"kind": "usage", "source": "soak", "id": f"e{self.events}", "workspace": one.external_id}
        seat = {"kind": "workspace_member", "workspace": one.external_id, "person": "jan", "role": "member"}
        together(
            lambda: self.act("plans.workspace.change_tier", one.public_id, {"tier": tier}),
            lambda: self.act("plans.account.set_discount", account, day),
            lambda: self.act("plans.account.set_discount", self.account(place + 1), day),
            lambda: self.take({**line, "at": clock.now() - timedelta(hours=2), "seconds": 600}),
            lambda: self.send(seat),
            lambda: refresh(clock.now()),
        )
        DONE["parallel"] += 1

    @rule(place=PLACE)
    def the_same_twice_at_once(self, place: int) -> None:
        """A double click: one key, one line in the book, one answer."""
        target, key = self.workspace(place), f"k{self.events}-{clock.now().isoformat()}"
        self.events += 1
        before = AuditLine.objects.filter(key="tenants.workspace.add_note").count()

        def note() -> None:
            data = {"text": "Called them."}
            run("tenants.workspace.add_note", self.cast.iris, target.public_id, data, idempotency_key=key)

        together(note, note, note)
        assert AuditLine.objects.filter(key="tenants.workspace.add_note").count() == before + 1

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
    faults: list[str] = []

    def one(call: Any) -> None:
        try:
            call()
        except Exception:
            faults.append(traceback.format_exc())
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, "\n".join(faults)


def check_figures() -> None:
    """Totals = sum of rows = CSV = API, filtered or not; start + movements = end; both verifies silent."""
    now = clock.now()
    refresh(now)
    client = sign_in("iris@agora.example")
    for address in (
        f"month={Month.of(now)}",
        f"month={Month.of(now).previous()}",
        "class=paying",
        "q=haarlem&tier=free",
    ):
        check_view(address, now, client)
    made = movements.calc_movements(Month.of(now))
    assert all(one.is_whole for one in made if not one.is_first), [str(m.month) for m in made if not m.is_whole]
    assert all(later.start == earlier.end for earlier, later in pairwise(made))
    unfiltered = calc_totals(filters.read(QueryDict(""), now))
    assert made[-1].end == unfiltered.mrr
    prove()


def check_view(address: str, now: datetime, client: Client) -> None:
    view = filters.read(QueryDict(address), now)
    totals = calc_totals(view)
    api = client.get(f"/api/v1/rollup?{address}").json()
    nested, flat = _csv_rows(view, now, by_workspace=True), _csv_rows(view, now, by_workspace=False)
    assert len(flat) == len(api["accounts"]) == totals.accounts == api["totals"]["accounts"] <= PAGE_SIZE
    for rows in (flat, nested, api["accounts"]):
        assert total(rows, "mrr_eur") == totals.mrr == Decimal(api["totals"]["mrr_eur"]), address
        assert total(rows, "potential_eur") == totals.potential == Decimal(api["totals"]["potential_eur"]), address
        assert total(rows, "seats") == totals.seats == api["totals"]["seats"], address
    assert total(flat, "workspaces") == totals.workspaces == sum(bool(row["workspace_id"]) for row in nested)
    assert sum(one["accounts"] for one in api["totals"]["classes"].values()) == totals.accounts
    assert sum(Decimal(one["mrr_eur"]) for one in api["totals"]["classes"].values()) == totals.mrr
    assert totals.forecast == totals.mrr + totals.potential
    page = shown_by(client.get(f"/panel/usage/?{address}"))
    assert f"€ {format_money(totals.mrr)}" in page


def total(rows: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(row[name] or 0) for row in rows), Decimal(0))


def _csv_rows(view: filters.View, now: datetime, *, by_workspace: bool) -> list[dict[str, str]]:
    text = text_of(csv.write(view, now, PLAIN, by_workspace=by_workspace))
    return list(reader.DictReader(text.splitlines(keepends=True)))


def live_it(examples: int, steps: int, *, random: bool) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Everything,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, derandomize=not random,
            database=None, phases=[Phase.generate, Phase.shrink] if random else [Phase.generate],
        ),
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_the_figures_agree_whatever_happens() -> None:
    """And it really happened: these two hundred steps are the same each time, so none of the doors may stay shut."""
    DONE.clear()
    live_it(examples=5, steps=40, random=False)
    never = {*MUST_HAPPEN} - {key for key, count in DONE.items() if count}
    assert not never, (never, DONE)
    assert sum(key.startswith("plans.") for key in DONE) >= 4, DONE


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_the_figures_agree_for_thousands_of_steps() -> None:
    live_it(examples=60, steps=60, random=True)

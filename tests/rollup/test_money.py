"""When money runs, what stands still, and what one seat at least costs: through the doors. DOMAIN 4."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from bursar.actions.run import preview, run
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.rollup import movements
from bursar.rollup.queries.months import get_breakdown
from bursar.rollup.refresh import refresh
from tests.cast import NOW, Cast, bring_all, fact, person, prove, refusal_of, seat, sign_in, workspace

SAMEN: dict[str, Any] = {"account": {"organisation": "samen"}}
OOST: dict[str, Any] = {"account": {"organisation": "oost"}}
BEFORE = NOW - timedelta(days=40)
END = datetime(2027, 2, 1, tzinfo=UTC)
BACK, CHANGE = "plans.account.set_self_serve", "plans.workspace.change_tier"


def invoice(name: str = "inv", **more: Any) -> dict[str, Any]:
    line = {"kind": "paid", **OOST, "external_id": name, "source": "managed", "from": BEFORE, "until": END}
    return {**line, "net": "1800", "gross": "2178", "booked_at": BEFORE, **more}


def discount(percent: int, kind: str = "scholarship", **more: Any) -> dict[str, Any]:
    return {"kind": "discount", **OOST, "type": kind, "percent": percent, "from": BEFORE, **more}


def figures(account: Any) -> tuple[str, str, Decimal, Decimal]:
    row = fact(account)
    return row.klass, row.reason["code"], row.mrr, row.potential


def test_a_settled_invoice_pays_whatever_the_mode_is(cast: Cast) -> None:
    tier = {"kind": "tier", "workspace": "panel", "tier": "changemaker", "from": BEFORE}
    bring_all(tier, {**invoice(), **SAMEN})
    assert figures(cast.samen) == ("paying", "invoice_settled", 75, 0)
    with clock.frozen(END):  # the 60 days of grace are for managed mode
        assert figures(cast.samen) == ("comped", "no_way_of_paying", 0, 0)
        prove()


@pytest.mark.parametrize("status", ["active", "past_due"])
def test_a_subscription_at_no_price_pays_nothing(cast: Cast, status: str) -> None:
    since = {"past_due_since": BEFORE} if status == "past_due" else {}
    bring_all(
        {"kind": "tier", "workspace": "panel", "tier": "changemaker", "from": BEFORE},
        {"kind": "payment", **SAMEN, "mode": "self_serve", "status": status, "from": BEFORE, **since},
        {**discount(100), **SAMEN},
    )
    assert figures(cast.samen) == ("comped", "discount", 0, 0)
    paid = {**invoice(source="mollie"), **SAMEN, "from": BEFORE - timedelta(days=5), "booked_at": BEFORE}
    bring_all(paid)  # a zero set inside paid time waits for its end
    assert figures(cast.samen)[0::2] == ("paying", 75)
    prove()


def test_set_back_inside_paid_time_stands_still_until_its_end(cast: Cast) -> None:
    bring_all(invoice(), discount(50))
    assert figures(cast.oost) == ("paying", "invoice_settled", 75, 0)
    page = sign_in("iris@agora.example").get(
        reverse("actions:dialog", args=["account", cast.oost.public_id, "set_self_serve"])
    )
    assert 'value="2027-01-31"' in page.content.decode()  # the last paid day
    run(BACK, cast.ties, cast.oost.public_id, {"keep_until": "2027-01-31"}, reason="They leave")
    assert figures(cast.oost) == ("paying", "set_back", 75, 0)
    with clock.frozen(NOW + timedelta(days=9)):
        bring_all(*person("new", "New"), seat("lab", "new", "member", NOW + timedelta(days=1)))
        run("plans.account.remove_discount", cast.ties, cast.oost.public_id, reason="x")
        foreseen = preview(CHANGE, cast.noor, cast.lab.public_id, {"tier": "innovator"})
        assert not foreseen.effects
        done = run(CHANGE, cast.noor, cast.lab.public_id, {"tier": "innovator"}, reason="They asked")
        assert "It lapses with the rest, after 31 January 2027." in done.sentence and not done.effects
        assert done.data["last_day"] == "2027-01-31" and fact(cast.oost).mode == "self_serve"
        row = fact(cast.oost)
        assert (row.klass, row.mrr, row.seats, row.tier) == ("paying", 75, 2, "innovator")
        price = get_breakdown(cast.oost, clock.now())
        assert price is not None and (price.total, price.frozen_at) == (75, NOW)
        assert sum(line.amount for line in price.lines) == 75
        prove()
    with clock.frozen(END):
        assert figures(cast.oost) == ("free", "free", 0, 0) and fact(cast.oost).movement == "churn"
        assert fact(cast.oost).tier == "free"
        prove()


def test_the_dialog_says_that_the_new_tier_lapses_with_the_rest(cast: Cast) -> None:
    bring_all(invoice())
    run(BACK, cast.ties, cast.oost.public_id, {"keep_until": "2027-01-31"}, reason="They leave")
    address = reverse("actions:preview", args=["workspace", cast.lab.public_id, "change_tier"])
    page = sign_in("noor@agora.example").post(address, {"tier": "innovator"}).content.decode()
    assert "MRR counts what is paid until 31 January 2027" in page
    assert "It lapses with the rest, after 31 January 2027." in page


def test_cancelled_stands_still_as_well(cast: Cast) -> None:
    pays = {"kind": "payment", **SAMEN, "mode": "self_serve", "cadence": "monthly"}
    bring_all(
        {"kind": "tier", "workspace": "panel", "tier": "changemaker", "from": BEFORE},
        {**pays, "status": "active", "from": BEFORE},
        {**pays, "status": "cancelled", "from": NOW - timedelta(days=4), "paid_until": END},
    )
    assert figures(cast.samen) == ("paying", "cancelled", 86, 0)
    bring_all({**discount(50), **SAMEN, "from": NOW - timedelta(days=2)})
    run(CHANGE, cast.noor, cast.panel.public_id, {"tier": "guardian"}, reason="They asked")
    assert figures(cast.samen) == ("paying", "cancelled", 86, 0) and fact(cast.samen).tier == "guardian"
    with clock.frozen(END):
        assert figures(cast.samen) == ("free", "free", 0, 0)
        prove()


@pytest.mark.parametrize("is_settled", [True, False])
def test_at_once_ends_what_is_paid_settled_or_not(cast: Cast, *, is_settled: bool) -> None:
    if is_settled:
        bring_all(invoice())
    with clock.frozen(NOW + timedelta(days=10)):
        refresh(clock.now())
        page = preview(BACK, cast.ties, cast.oost.public_id, {})
        done = run(BACK, cast.ties, cast.oost.public_id, {}, reason="They leave")
        assert done.effects == page.effects and bool(done.effects)
        assert figures(cast.oost) == ("free", "free", 0, 0)
        assert fact(cast.oost).movement == ("churn" if is_settled else "")
        terms = sign_in("iris@agora.example").get(f"/api/v1/accounts/{cast.oost.public_id}").json()["terms"]
        assert "self-serve, what was paid ended at once" in {term["value"] for term in terms}
    with clock.frozen(NOW + timedelta(days=20)):  # what is settled later, or under managed again, revives nothing
        bring_all(invoice("late", booked_at=clock.now()))
        run("plans.account.set_managed", cast.ties, cast.oost.public_id, {"cadence": "yearly"}, reason="x")
        run(CHANGE, cast.noor, cast.lab.public_id, {"tier": "guardian"}, reason="x")
        assert figures(cast.oost) == ("managed", "no_settled_invoice", 0, 150)
        bring_all(invoice("new", booked_at=clock.now(), **{"from": clock.now()}))
        assert figures(cast.oost) == ("paying", "invoice_settled", 150, 0)
        prove()


def test_a_last_day_before_today_is_refused_and_changes_nothing(cast: Cast) -> None:
    bring_all(invoice())
    assert refusal_of(BACK, cast.ties, cast.oost.public_id, {"keep_until": "2026-11-01"}, reason="x").status == 422
    assert figures(cast.oost) == ("paying", "invoice_settled", 150, 0)


def test_one_seat_at_least_where_it_costs_most(cast: Cast) -> None:
    """The older workspace on the highest tier is nearly free; the younger one is the dearest."""
    bring_all(
        *workspace("young", "oost", "Young", BEFORE),
        {"kind": "tier", "workspace": "young", "tier": "changemaker", "from": BEFORE},
        {**discount(90), "workspace": "lab", "account": None} | {"workspace": "lab"},
    )
    assert figures(cast.oost)[3] == 75
    price = get_breakdown(cast.oost, NOW)
    assert price is not None and [(line.tier, line.amount, line.is_floor) for line in price.lines] == [
        ("guardian", Decimal(15), False),
        ("changemaker", Decimal(60), True),
    ]
    prove()


def test_kept_until_only_if_all_that_is_paid_ends(cast: Cast) -> None:
    end = NOW + timedelta(days=9)
    grant = {"kind": "grant", "workspace": "panel", "tier": "changemaker", "type": "approval", "from": BEFORE}
    bring_all({**grant, "until": end})
    assert fact(cast.samen).reason["until"] == end.isoformat()
    bring_all(
        *workspace("second", "samen", "Second", BEFORE),
        {"kind": "tier", "workspace": "second", "tier": "innovator", "from": BEFORE},
    )
    assert fact(cast.samen).reason == {"code": "no_way_of_paying", "until": None}
    assert "kept until" not in sign_in("iris@agora.example").get("/panel/usage/?q=samen").content.decode()
    prove()


def test_potential_leaves_out_trial_discounts_alone(cast: Cast) -> None:
    bring_all(discount(50, "trial", end_date="2026-12-31"))
    assert figures(cast.oost) == ("managed", "no_settled_invoice", 0, 150)
    bring_all(discount(20, "partner", **{"from": BEFORE + timedelta(days=1)}))
    assert figures(cast.oost)[3] == 120
    trial = {"kind": "grant", "workspace": "panel", "tier": "changemaker", "type": "reverse_trial"}
    bring_all({**trial, "from": BEFORE, "until": END}, {**discount(40), **SAMEN})
    assert figures(cast.samen) == ("trial", "reverse_trial", 0, 45)
    prove()


def test_movements_cover_the_months_that_the_rollup_covers(cast: Cast) -> None:
    since = NOW - timedelta(days=800)
    bring_all(*[{"kind": "organisation", "external_id": "old", "name": "Old", "created_at": since}])
    bring_all(*workspace("old", "old", "Old", since))
    refresh(NOW)
    made = movements.calc_movements(Month.of(NOW))
    assert [str(made[0].month), str(made[-1].month), len(made)] == ["2025-11", "2026-11", 13]
    iris = sign_in("iris@agora.example")
    assert "the last 13 months" in iris.get("/panel/usage/movements/").content.decode()
    assert len(iris.get("/api/v1/movements").json()["months"]) == 13
    for one in made:
        assert iris.get(f"/panel/usage/movements/{one.month}/net").status_code == 200

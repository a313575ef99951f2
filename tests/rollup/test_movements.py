from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from itertools import pairwise
from typing import Any

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.rollup import movements
from bursar.rollup.refresh import refresh
from tests.cast import NOW, Cast, bring_all, prove, shown_by, sign_in

HALF: dict[str, Any] = {"kind": "scholarship", "percent": "50", "end_date": "2027-01-15"}


def told(now: datetime) -> dict[str, dict[str, Decimal]]:
    """By month: what moved. Every month is whole, and follows the one before."""
    refresh(now)
    made = movements.calc_movements(Month.of(now))
    for earlier, later in pairwise(made):
        assert later.start == earlier.end, later.month
    assert all(one.is_whole for one in made if not one.is_first)
    return {str(m.month): {kind: f.amount for kind, f in m.kinds.items() if f.accounts} for m in made}


def test_each_kind_once(cast: Cast) -> None:
    pays = {"kind": "payment", "account": {"organisation": "samen"}, "mode": "self_serve", "cadence": "yearly"}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, HALF, reason="x")
    with clock.frozen(datetime(2026, 12, 5, tzinfo=UTC)):
        bring_all(
            {"kind": "tier", "workspace": "panel", "tier": "changemaker", "from": clock.now()},
            {**pays, "status": "active", "from": clock.now()},
        )
        assert told(clock.now())["2026-12"] == {"new": Decimal(75)}
    with clock.frozen(datetime(2027, 2, 5, tzinfo=UTC)):
        bring_all({**pays, "status": "none", "from": clock.now()})
        told(clock.now())
    with clock.frozen(datetime(2027, 4, 5, tzinfo=UTC)):
        bring_all({**pays, "status": "active", "from": clock.now()})
        found = told(clock.now())
        prove()
    assert found["2026-05"] == {} and found["2026-11"] == {"contraction": Decimal(-75)}
    assert found["2027-01"] == {"expansion": Decimal(75)}
    assert found["2027-02"] == {"churn": Decimal(-75)} and found["2027-03"] == {}
    assert found["2027-04"] == {"reactivation": Decimal(75)}


def test_the_first_month_is_all_start(cast: Cast) -> None:
    refresh(NOW)
    first = movements.calc_movements(Month.of(NOW))[0]
    assert first.is_first and first.start == first.end == 150 and not any(f.accounts for f in first.kinds.values())


def test_every_figure_opens_its_accounts(cast: Cast) -> None:
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, HALF, reason="x")
    iris = sign_in("iris@agora.example")
    page = iris.get("/panel/usage/movements/").content.decode()
    assert 'href="/panel/usage/movements/2026-11/contraction">−75.00</a>' in page
    moved = iris.get("/panel/usage/movements/2026-11/contraction").content.decode()
    assert "Gemeente Haarlem" in moved and "−75.00" in moved
    assert "Gemeente Haarlem" in iris.get("/panel/usage/movements/2026-11/net").content.decode()
    for address, amount in re.findall(
        r'<a (?:class="\w+" )?href="(/panel/usage/[^"]+)">(?:<b>)?(−?[\d,]+\.\d\d)', page
    ):
        opened = iris.get(unescape(address))
        assert opened.status_code == 200 and f"€ {amount}" in shown_by(opened), (address, amount)
    assert "No account moved" in iris.get("/panel/usage/movements/2026-05/new").content.decode()
    assert iris.get("/panel/usage/movements/2026-11/luck").status_code == 404
    assert iris.get("/panel/usage/movements/never/new").status_code == 400


def test_an_action_before_the_roll_leaves_nobody_behind(cast: Cast) -> None:
    refresh(NOW)
    with clock.frozen(NOW + timedelta(days=8)):
        run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, HALF, reason="first thing on the first")
        assert told(clock.now())["2026-12"] == {"contraction": Decimal(-75)}
        prove()

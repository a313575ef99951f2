"""The installation's first month with data is start, at every door; whoever comes later is new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from bursar.core import clock
from bursar.core.calendar import Month
from bursar.rollup import movements
from bursar.rollup.models import AccountMonth
from bursar.rollup.refresh import refresh
from tests.cast import NOW, Cast, bring_all, organisation, prove, sign_in, workspace
from tests.requests.helpers import Product

JANUARY = datetime(2027, 1, 5, tzinfo=UTC)


def pays(ref: str, since: datetime) -> list[dict[str, Any]]:
    account = {"account": {"organisation": ref}}
    return [
        {"kind": "tier", "workspace": f"{ref}-ws", "tier": "changemaker", "from": since},
        {"kind": "payment", **account, "mode": "self_serve", "status": "active", "from": since},
    ]


def by_import(ref: str, since: datetime) -> None:
    bring_all(*organisation(ref, ref, since), *workspace(f"{ref}-ws", ref, ref, since), *pays(ref, since))


def by_push(ref: str, since: datetime) -> None:
    product, at = Product("push"), {"changed_at": since.isoformat()}
    assert product.put(f"organisations/{ref}", {**at, "name": ref, "country": "NL"}).status_code == 201
    assert product.put(f"workspaces/{ref}-ws", {**at, "name": ref, "organisation": ref}).status_code == 201
    bring_all(*pays(ref, since))


@pytest.mark.parametrize("door", [by_import, by_push])
def test_the_first_month_is_start_and_later_ones_are_new(db: None, now: datetime, door: Any) -> None:
    door("early", now)
    refresh(now)
    (first,) = movements.calc_movements(Month.of(now))
    assert first.is_first and first.start == first.end == 75 and not any(f.accounts for f in first.kinds.values())
    with clock.frozen(JANUARY):
        by_import("late", JANUARY)
        refresh(JANUARY)
        made = movements.calc_movements(Month.of(JANUARY))
        assert [one.is_first for one in made] == [True, False, False]
        assert made[-1].kinds["new"].amount == Decimal(75) and made[-1].start == 75
        prove()


def test_history_brought_later_moves_the_start(db: None, now: datetime) -> None:
    """The account of November is new then; that of August, in which the data now begins, is start."""
    by_import("november", NOW)
    by_import("august", NOW - timedelta(days=90))
    refresh(now)
    made = movements.calc_movements(Month.of(now))
    assert (str(made[0].month), made[0].start, made[0].is_first) == ("2026-08", 75, True)
    assert made[-1].kinds["new"].amount == 75 and made[-1].end == 150
    prove()


def test_an_accounts_own_page_and_api_say_so_too(cast: Cast) -> None:
    refresh(NOW)
    iris = sign_in("iris@agora.example")
    months = iris.get(f"/api/v1/accounts/{cast.haarlem.public_id}").json()["months"]
    assert {one["movement"] for one in months} == {""} and len(months) == 7
    assert AccountMonth.objects.filter(account=cast.haarlem, movement="new").exists()
    page = iris.get(reverse("panel:account", args=[cast.haarlem.public_id])).content.decode()
    assert ">new</span>" not in page

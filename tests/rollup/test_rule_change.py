"""Two versions of the rules in one installation: what each month keeps, and what the change is called."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.rollup import movements
from bursar.rollup.models import AccountMonth, FormerRules, Unprojected
from bursar.rollup.refresh import refresh
from tests.cast import NOW, Cast, bring_all, fact, prove, sign_in, workspace

MIGRATION: Any = import_module("bursar.rollup.migrations.0007_rule_version_2")
NOVEMBER = Month.of(NOW)
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 5, tzinfo=UTC)


def tier(ref: str, since: datetime) -> dict[str, Any]:
    return {"kind": "tier", "workspace": ref, "tier": "changemaker", "from": since}


def invoice(org: str, since: datetime, until: datetime, name: str = "i") -> dict[str, Any]:
    line = {"kind": "paid", "account": {"organisation": org}, "external_id": name, "source": "managed"}
    return {**line, "from": since, "until": until, "booked_at": since, "net": "900", "gross": "1089"}


def upgrade() -> None:
    """As the release before left its rows: every month by version 1; then this release's migration."""
    months = AccountMonth.objects.values_list("month", flat=True).distinct()
    FormerRules.objects.bulk_create(FormerRules(month=month, rule_version=1) for month in months)
    for row in AccountMonth.objects.order_by("account", "month").distinct("account"):
        Unprojected.objects.create(account_id=row.account_id, month=row.month)
    refresh(clock.now())
    assert set(AccountMonth.objects.values_list("rule_version", flat=True)) == {1}
    FormerRules.objects.all().delete()
    MIGRATION.keep_version_1(apps, None)


def told() -> dict[str, dict[str, tuple[Decimal, int]]]:
    refresh(clock.now())
    made = movements.calc_movements(Month.of(clock.now()))
    for earlier, later in pairwise(made):
        assert later.start == earlier.end, later.month
    assert all(one.is_whole for one in made if not one.is_first)
    return {str(m.month): {k: (f.amount, f.accounts) for k, f in m.kinds.items() if f.accounts} for m in made}


@pytest.fixture
def upgraded(cast: Cast) -> Cast:
    """Samen is self-serve with a settled invoice since October: 0 by version 1, 75 by version 2."""
    bring_all(tier("panel", OCTOBER), invoice("samen", OCTOBER, NOW + timedelta(days=200)))
    refresh(NOW)
    upgrade()
    return cast


def test_closed_months_keep_version_1_and_the_open_one_takes_version_2(upgraded: Cast) -> None:
    found = told()
    versions = dict(AccountMonth.objects.filter(account=upgraded.samen).values_list("month", "rule_version"))
    assert versions.pop(NOVEMBER.first) == 2 and set(versions.values()) == {1}
    october = upgraded.samen.months.get(month=NOVEMBER.previous().first)
    assert (october.klass, october.mrr) == ("comped", 0)
    row = fact(upgraded.samen)
    assert (row.klass, row.mrr, row.previous_mrr, row.rule_change, row.movement) == ("paying", 75, 0, 75, "")
    assert found["2026-11"] == {"rule_changed": (Decimal(75), 1)} and found["2026-10"] == {}
    prove()


def test_what_happens_in_the_month_of_change_is_a_movement_beside_it(upgraded: Cast) -> None:
    half = {"kind": "scholarship", "percent": "20", "end_date": "2027-01-15"}
    run("plans.account.set_discount", upgraded.ties, upgraded.samen.public_id, half, reason="x")
    found = told()["2026-11"]
    assert found == {"rule_changed": (Decimal(75), 1), "contraction": (Decimal(-15), 1)}
    prove()
    with clock.frozen(NOW + timedelta(days=10)):
        assert told()["2026-12"] == {}
        prove()


def test_who_left_after_the_change_comes_back_as_a_reactivation(upgraded: Cast) -> None:
    refresh(NOW)
    with clock.frozen(NOW + timedelta(hours=1)):
        credited = {"credited_at": clock.now()}
        bring_all({**invoice("samen", OCTOBER, NOW + timedelta(days=200)), **credited})
        assert told()["2026-11"] == {"rule_changed": (Decimal(75), 1), "churn": (Decimal(-75), 1)}
    with clock.frozen(NOW + timedelta(days=40)):
        bring_all(invoice("samen", clock.now(), clock.now() + timedelta(days=90), "again"))
        assert told()["2027-01"] == {"reactivation": (Decimal(75), 1)}
        prove()


def test_page_api_and_the_accounts_behind_it(upgraded: Cast) -> None:
    iris = sign_in("iris@agora.example")
    page = iris.get("/panel/usage/movements/").content.decode()
    assert "Rule changed" in page and 'href="/panel/usage/movements/2026-11/rule_changed">75.00</a>' in page
    behind = iris.get("/panel/usage/movements/2026-11/rule_changed").content.decode()
    assert "Samen" in behind and "75.00" in behind
    api = iris.get("/api/v1/movements").json()["months"][-1]
    assert api["rule_changed"] == {"eur": "75.00", "accounts": 1} and api["churn"]["accounts"] == 0
    (row,) = iris.get("/api/v1/movements/2026-11/rule_changed").json()["accounts"]
    assert (row["before_eur"], row["after_eur"], row["change_eur"]) == ("0.00", "75.00", "75.00")
    (row,) = iris.get("/api/v1/movements/2026-11/net").json()["accounts"]
    assert row["change_eur"] == "75.00"
    for month, version in (("2026-10", 1), ("2026-11", 2)):
        assert iris.get(f"/api/v1/rollup?month={month}").json()["rule_version"] == version
        assert f"rule v{version}" in iris.get(f"/panel/usage/?month={month}").content.decode()


def test_without_a_change_there_is_no_such_column(cast: Cast) -> None:
    refresh(NOW)
    assert "Rule changed" not in sign_in("iris@agora.example").get("/panel/usage/movements/").content.decode()


def test_what_an_import_restates_in_a_month_of_version_1_is_by_version_1(upgraded: Cast) -> None:
    refresh(NOW)
    september = datetime(2026, 9, 5, tzinfo=UTC)
    bring_all(
        tier("panel", september),
        invoice("samen", september, OCTOBER + timedelta(days=2), "earlier"),
        *[{"kind": "organisation", "external_id": "late", "name": "Late", "created_at": september}],
        *workspace("late", "late", "Late", september),
        tier("late", september),
        invoice("late", september, NOW + timedelta(days=20), "late"),
    )
    refresh(NOW)
    for row in AccountMonth.objects.filter(month__in=("2026-09-01", "2026-10-01"), account__label=""):
        assert row.rule_version == 1
    added = AccountMonth.objects.filter(account__organisation__external_id="late").order_by("month")
    assert [(row.rule_version, row.mrr, row.rule_change) for row in added] == [(1, 0, 0), (1, 0, 0), (2, 75, 75)]
    told()
    prove()


def test_months_without_data_take_version_2(upgraded: Cast) -> None:
    since = datetime(2026, 3, 5, tzinfo=UTC)
    bring_all(
        *[{"kind": "organisation", "external_id": "old", "name": "Old", "created_at": since}],
        *workspace("old", "old", "Old", since),
        tier("old", since),
        invoice("old", since, NOW + timedelta(days=20), "old"),
    )
    found = told()
    rows = AccountMonth.objects.filter(account__organisation__external_id="old").order_by("month")
    assert [row.rule_version for row in rows] == [2, 2, 1, 1, 1, 1, 1, 1, 2]
    assert found["2026-05"]["rule_changed"] == (Decimal(-75), 1) and found["2026-11"]["rule_changed"][0] == 150
    assert "churn" not in found["2026-05"]
    prove()


def test_an_upgrade_over_the_month_edge(cast: Cast) -> None:
    """Nobody looked since October; the migration runs in November, the first look is in December."""
    bring_all(tier("panel", OCTOBER), invoice("samen", OCTOBER, NOW + timedelta(days=200)))
    refresh(NOW)
    upgrade()
    with clock.frozen(NOW + timedelta(days=12)):
        found = told()
        assert found["2026-11"] == {"rule_changed": (Decimal(75), 1)} and found["2026-12"] == {}
        prove()


def test_what_an_older_release_still_wrote_is_put_right_at_the_roll(upgraded: Cast) -> None:
    refresh(NOW)
    old = {"rule_version": 1, "klass": "comped", "mrr": 0, "rule_change": 0}
    AccountMonth.objects.filter(account=upgraded.samen, month=NOVEMBER.first).update(**old)
    with clock.frozen(NOW + timedelta(days=12)):
        assert told()["2026-11"] == {"rule_changed": (Decimal(75), 1)}
        prove()


def test_the_last_days_of_discounts_are_filled_in(cast: Cast) -> None:
    on = {"kind": "discount", "type": "scholarship", "percent": 20, "from": OCTOBER}
    bring_all(
        {**on, "account": {"organisation": "haarlem"}, "end_date": "2026-12-31"},
        {**on, "workspace": "noord", "percent": 0},
        {**on, "account": {"organisation": "oost"}, "until": NOW - timedelta(days=1), "end_date": "2027-01-31"},
    )
    refresh(NOW)
    models = (AccountMonth, cast.noord.months.model)
    before = [list(model.objects.order_by("id").values_list("id", "discount_end_date")) for model in models]
    for model in models:
        model.objects.update(discount_end_date=None)
    with connection.schema_editor() as editor:
        MIGRATION.add_last_days(apps, editor)
    after = [list(model.objects.order_by("id").values_list("id", "discount_end_date")) for model in models]
    assert after == before and any(day for _, day in before[0]) and any(day for _, day in before[1])

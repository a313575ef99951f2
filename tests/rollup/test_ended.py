"""Recorded hours are never erased: a workspace that ended stands in the month in which it did (DOMAIN 1, 3, 4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from bursar.access.keys import digest_of
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.hours import plain_hours
from bursar.product.models import ApiKey, Scope
from bursar.rollup.models import AccountMonth, MonthRestatement, Unprojected, WorkspaceMonth
from bursar.rollup.project import project
from bursar.rollup.refresh import refresh
from bursar.tenants.models import BillingAccount, Workspace, WorkspaceAccount
from tests.cast import NOW, Cast, bring_all, export, fact, organisation, person, prove, seat, sign_in, usage, workspace

HOUR = 3600
GONE = datetime(2026, 11, 25, 10, tzinfo=UTC)


def push_panel(at: datetime, *, deleted: bool) -> None:
    """As the product does it."""
    item = {"organisation": "samen", "name": "Jeugdpanel", "visibility": "private", "deleted": deleted}
    with clock.frozen(at):
        answer = product("PUT", "/workspaces/panel", {**item, "changed_at": at.isoformat()})
        assert answer["result"] == "updated", answer


def product(method: str, path: str, body: Any) -> Any:
    secret = "bpk_x"
    values = {"digest": digest_of(secret), "hint": "x", "scopes": Scope.values, "created_by": "t"}
    ApiKey.objects.get_or_create(name="product", defaults=values)
    given = {"Authorization": f"Bearer {secret}"}
    data = json.dumps(body)
    answer = Client().generic(method, f"/api/product/v1{path}", data, content_type="application/json", headers=given)
    assert answer.status_code == 200, answer.content
    return answer.json()


def import_end(ref: str, org: str, name: str, deleted_at: datetime, now: datetime) -> None:
    with clock.frozen(now):
        bring_all(*workspace(ref, org, name, Workspace.objects.get(external_id=ref).created_at, deleted_at=deleted_at))


def api_row(client: Client, account: BillingAccount, query: str = "") -> dict[str, Any] | None:
    rows = client.get(f"/api/v1/accounts?limit=200&{query}").json()["accounts"]
    return next((row for row in rows if row["account_id"] == account.public_id), None)


@pytest.mark.parametrize("door", ["push", "import"])
def test_the_hours_of_a_deleted_workspace_stay_and_late_ones_arrive(cast: Cast, door: str) -> None:
    bring_all(usage("panel", "before", NOW - timedelta(days=1), 10 * HOUR - 120))
    later = GONE + timedelta(days=1)
    if door == "push":
        push_panel(GONE, deleted=True)
    else:
        import_end("panel", "samen", "Jeugdpanel", GONE, GONE)
    with clock.frozen(GONE):
        assert plain_hours(fact(cast.samen).recorded_seconds) == "11.00"
    with clock.frozen(later):
        bring_all(usage("panel", "late", GONE - timedelta(hours=3), 2 * HOUR))
        row = fact(cast.samen)
        assert plain_hours(row.recorded_seconds) == "13.00"
        assert (row.is_listed, row.ended_at, row.workspaces, row.seats, row.mrr) == (True, GONE, 0, 0, 0)
        prove()
        iris = sign_in("iris@agora.example")
        for page in ("/panel/usage/", f"/panel/accounts/{cast.samen.public_id}"):
            text = iris.get(page).content.decode()
            assert "Stichting Samen" in text and text.count("ended on 25 November 2026") >= 2, page
        for name in ("accounts", "workspaces"):
            (line,) = [one for one in export(iris, name) if one["account"] == "Stichting Samen"]
            assert (line["recorded_hours"], line["ended_at"]) == ("13.00", GONE.isoformat())
        assert (line["workspace_hours"], line["workspace_ended_at"]) == ("13.00", GONE.isoformat())
        told = api_row(iris, cast.samen)
        assert told and (told["recorded_hours"], told["ended_at"]) == ("13.00", GONE.isoformat())
        assert told["workspaces_list"][0]["workspace_ended_at"] == GONE.isoformat()
        totals = iris.get("/api/v1/rollup").json()["totals"]
        assert (totals["accounts"], totals["workspaces"], totals["seats"]) == (2, 3, 3)
        assert totals["recorded_hours"] == "13.00"
        assert sum(one["accounts"] for one in totals["classes"].values()) == 2


def test_it_is_not_listed_in_later_months_and_is_in_the_one_before(cast: Cast) -> None:
    push_panel(GONE, deleted=True)
    with clock.frozen(datetime(2027, 1, 3, tzinfo=UTC)):
        prove()
        iris = sign_in("iris@agora.example")
        assert api_row(iris, cast.samen) is None and api_row(iris, cast.samen, "month=2026-12") is None
        row = api_row(iris, cast.samen, "month=2026-11")
        assert row and row["ended_at"] == GONE.isoformat()
        row = api_row(iris, cast.samen, "month=2026-10")
        assert row and row["ended_at"] == "" and row["workspaces"] == "1"


def test_late_hours_of_a_closed_month_restate_it(cast: Cast) -> None:
    push_panel(GONE, deleted=True)
    with clock.frozen(datetime(2027, 1, 3, tzinfo=UTC)):
        refresh(clock.now())
        bring_all(usage("panel", "late", GONE - timedelta(hours=3), 2 * HOUR))
        row = AccountMonth.objects.get(account=cast.samen, month="2026-11-01")
        assert row.recorded_seconds == 3720 + 2 * HOUR and row.restated_at == clock.now()
        prove()


def test_hours_after_the_end_and_before_the_beginning_are_kept_where_they_fell(cast: Cast) -> None:
    push_panel(GONE, deleted=True)
    after = datetime(2026, 12, 5, tzinfo=UTC)
    with clock.frozen(datetime(2027, 1, 3, tzinfo=UTC)):
        refresh(clock.now())
        early = cast.panel.created_at - timedelta(days=70)
        bring_all(usage("panel", "after", after, HOUR), usage("panel", "early", early, 2 * HOUR))
        assert Unprojected.objects.count() == 0, "the import brought them up to date"
        hours = dict(WorkspaceMonth.objects.filter(workspace=cast.panel).values_list("month", "recorded_seconds"))
        assert hours[Month.of(after).first] == HOUR and hours[Month.of(early).first] == 2 * HOUR
        december = AccountMonth.objects.get(account=cast.samen, month="2026-12-01")
        assert (december.recorded_seconds, december.is_listed) == (HOUR, False)
        restated = MonthRestatement.objects.get(account=cast.samen, month="2026-12-01")
        assert (restated.why, restated.after) == ("late usage", {"recorded_seconds": HOUR})
        assert december.restated_at == restated.at
        prove()


def test_hours_that_come_by_the_products_door_make_the_row_that_is_missing(cast: Cast) -> None:
    push_panel(GONE, deleted=True)
    with clock.frozen(datetime(2027, 1, 3, tzinfo=UTC)):
        refresh(clock.now())
        event = {"id": "after", "source": "recorder", "subject": "panel", "data": {"seconds": HOUR}}
        product("POST", "/usage", [{**event, "time": "2026-12-05T00:00:00Z"}])
        assert Unprojected.objects.get().why == "late usage"
        prove()
        assert WorkspaceMonth.objects.get(workspace=cast.panel, month="2026-12-01").recorded_seconds == HOUR


def test_hours_of_the_coming_month_wait_for_the_roll(cast: Cast) -> None:
    end = datetime(2026, 11, 30, 20, tzinfo=UTC)
    push_panel(end, deleted=True)
    with clock.frozen(end + timedelta(minutes=1)):
        bring_all(usage("panel", "ahead", end + timedelta(hours=10), HOUR))
        bring_all(usage("lab", "ahead too", end + timedelta(hours=10), HOUR))
        prove()
    with clock.frozen(end + timedelta(hours=11)):
        prove()
        december = WorkspaceMonth.objects.filter(month="2026-12-01")
        assert dict(december.filter(recorded_seconds__gt=0).values_list("workspace__external_id", "recorded_seconds"))
        assert december.get(workspace=cast.panel).recorded_seconds == HOUR
        assert december.get(workspace=cast.lab).recorded_seconds == HOUR


def test_it_came_back_in_the_same_month_and_in_a_later_one(cast: Cast) -> None:
    push_panel(GONE, deleted=True)
    push_panel(GONE + timedelta(days=1), deleted=False)
    with clock.frozen(GONE + timedelta(days=2)):
        row = fact(cast.samen)
        assert (row.ended_at, row.workspaces, row.recorded_seconds) == (None, 1, 3720)
        prove()
    push_panel(GONE + timedelta(days=3), deleted=True)
    with clock.frozen(GONE + timedelta(days=40)):
        prove()
    push_panel(GONE + timedelta(days=41), deleted=False)
    with clock.frozen(GONE + timedelta(days=42)):
        prove()
        months = AccountMonth.objects.filter(account=cast.samen, month__gte="2026-11-01").order_by("month")
        told = [(row.month.month, row.is_listed, row.ended_at) for row in months]
        assert told == [(11, True, GONE + timedelta(days=3)), (12, False, None), (1, True, None)]


def test_a_pooled_account_goes_on_with_the_others_and_keeps_the_hours(cast: Cast) -> None:
    bring_all(usage("noord", "n", NOW - timedelta(hours=5), HOUR), usage("klimaat", "k", NOW, HOUR))
    import_end("noord", "haarlem", "Wijkgesprekken Noord", GONE, GONE)
    with clock.frozen(GONE + timedelta(hours=1)):
        row = fact(cast.haarlem)
        assert (row.workspaces, row.ended_at, row.recorded_seconds) == (1, None, 2 * HOUR)
        prove()
        iris = sign_in("iris@agora.example")
        text = iris.get("/panel/usage/").content.decode()
        assert text.count("ended on 25 November 2026") == 1
        lines = [one for one in export(iris, "workspaces") if one["account"] == "Gemeente Haarlem"]
        assert sorted(one["workspace_ended_at"] for one in lines) == ["", GONE.isoformat()]
        assert sum(Decimal(one["workspace_hours"]) for one in lines) == 2


def test_what_paid_and_ceased_is_churn_of_the_month(cast: Cast) -> None:
    end = {"kind": "payment", "account": {"organisation": "haarlem"}, "status": "none", "from": GONE}
    import_end("noord", "haarlem", "Wijkgesprekken Noord", GONE, GONE)
    import_end("klimaat", "haarlem", "Burgerberaad Klimaat", GONE, GONE)
    with clock.frozen(GONE):
        row = fact(cast.haarlem)
        assert (row.is_listed, row.ended_at, row.klass) == (True, None, "paying"), "it still pays: an account"
        bring_all({**end, "mode": "self_serve"})
        row = fact(cast.haarlem)
        assert (row.is_listed, row.ended_at, row.movement, row.mrr) == (True, GONE, "churn", 0)
        iris = sign_in("iris@agora.example")
        month = iris.get("/api/v1/movements").json()["months"][-1]
        assert month["churn"] == {"eur": "-150.00", "accounts": 1}
        prove()


def test_a_move_within_a_month_neither_loses_nor_doubles_hours(cast: Cast) -> None:
    """A handoff: the workspace's hours of the month stand where it is at the month's end."""
    bring_all(usage("noord", "n", NOW - timedelta(hours=5), HOUR), usage("noord", "o", NOW - timedelta(days=40), HOUR))
    with clock.frozen(GONE):
        WorkspaceAccount.objects.filter(workspace=cast.noord).update(valid_until=GONE)
        WorkspaceAccount.objects.create(workspace=cast.noord, account=cast.samen, valid_from=GONE)
        Workspace.objects.filter(pk=cast.noord.pk).update(account=cast.samen)
        project({cast.haarlem.pk: None, cast.samen.pk: None}, GONE)
        prove()
        hours = [fact(account).recorded_seconds for account in (cast.haarlem, cast.samen)]
        assert hours == [0, HOUR + 3720]
        bring_all(usage("noord", "late", GONE - timedelta(hours=2), HOUR))
        assert fact(cast.samen).recorded_seconds == 2 * HOUR + 3720
        assert AccountMonth.objects.get(account=cast.haarlem, month="2026-10-01").recorded_seconds == HOUR
        prove()
    with clock.frozen(datetime(2026, 12, 4, tzinfo=UTC)):
        prove()


def test_at_risk_and_the_customers_own_page_leave_it_out(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    assert "Jeugdpanel" in iris.get("/panel/at-risk/").content.decode()
    push_panel(GONE, deleted=True)
    with clock.frozen(GONE + timedelta(hours=1)):
        assert "Jeugdpanel" not in iris.get("/panel/at-risk/").content.decode()
        assert sign_in("lotte@client.example").get("/").status_code == 200


def test_months_that_dropped_it_under_the_old_rule_get_it_back(cast: Cast) -> None:
    """The migration marks such accounts; the refresh makes the rows, and restates what thereby changes."""
    import_end("panel", "samen", "Jeugdpanel", GONE, GONE)
    with clock.frozen(datetime(2027, 1, 3, tzinfo=UTC)):
        refresh(clock.now())
        WorkspaceMonth.objects.filter(workspace=cast.panel, month="2026-11-01").delete()
        row = AccountMonth.objects.filter(account=cast.samen, month="2026-11-01")
        row.update(recorded_seconds=0, is_listed=False, ended_at=None)
        with connection.schema_editor() as editor:
            _migration().mark_ended(None, editor)
        assert set(Unprojected.objects.values_list("why", flat=True)) == {"hours of ended workspaces kept"}
        prove()
        assert row.get().recorded_seconds == 3720 and row.get().is_listed
        told = MonthRestatement.objects.get(account=cast.samen)
        assert told.after == {"is_listed": True, "recorded_seconds": 3720}
        assert told.why == "hours of ended workspaces kept"


def _migration() -> Any:
    return import_module("bursar.rollup.migrations.0006_ended_workspaces_and_faults")


def test_more_than_five_and_an_ended_one_are_all_counted_in_the_rest(cast: Cast) -> None:
    old = NOW - timedelta(days=100)
    bring_all(
        *organisation("many", "Many", old),
        *[line for n in range(7) for line in workspace(f"m{n}", "many", f"Space {n}", old)],
        *person("x", "X"),
        seat("m0", "x", "admin", old),
    )
    import_end("m6", "many", "Space 6", NOW - timedelta(hours=1), NOW)
    page = sign_in("iris@agora.example").get("/panel/usage/?q=many").content.decode()
    assert page.count('href="/panel/actions/menu/workspace/') == 5 and "2 more workspaces" in page
    assert fact(BillingAccount.objects.get(organisation__external_id="many")).workspaces == 6

"""What runs out by the clock is told to the product once, in order, however late; what was superseded never is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.config.minute import run_ticks
from bursar.core import clock
from bursar.outbox.models import OutboxRow
from bursar.plans.heralds import tell_lapses as judge
from bursar.plans.jobs import tell_lapses
from bursar.plans.models import ClockTold
from bursar.plans.queries import list_lapses_due
from tests.cast import NOW, Cast, bring_all, organisation, person, prove, refusal_of, seat, sign_in, workspace

MIDNIGHT = datetime(2026, 11, 28, tzinfo=UTC)
LAST_DAY = "2026-11-27"
SECOND = timedelta(seconds=1)


def approve(cast: Cast, tier: str = "guardian", day: str = LAST_DAY) -> None:
    data = {"tier": tier, "end_date": day}
    run("plans.workspace.grant_tier", cast.noor, cast.panel.public_id, data, reason="A project")


def discount(cast: Cast, target: Any, slug: str = "account", day: str = LAST_DAY) -> None:
    data = {"kind": "scholarship", "percent": "50", "end_date": day}
    run(f"plans.{slug}.set_discount", cast.ties, target.public_id, data, reason="Agreed")


def events(*names: str) -> list[tuple[str, dict[str, Any]]]:
    """What was put for the product since the cast came in, in the order in which it goes out."""
    rows = OutboxRow.objects.filter(kind="webhook").order_by("id")
    found = [(row.payload["event"], row.payload["data"]) for row in rows]
    return [one for one in found if not names or one[0] in names]


def lapses() -> list[tuple[str, dict[str, Any]]]:
    return [(name, data) for name, data in events() if data.get("lapsed_at")]


def at(moment: datetime) -> Any:
    """The worker comes round at this instant."""
    with clock.frozen(moment):
        assert run_ticks(moment) == []
    return None


def test_a_timed_tier_is_told_once_when_it_is_over_and_not_before(cast: Cast) -> None:
    approve(cast)
    at(MIDNIGHT - SECOND)
    assert lapses() == []
    at(MIDNIGHT)
    at(MIDNIGHT)
    at(MIDNIGHT + timedelta(days=20))
    told = {"tier_before": "guardian", "tier": "free", "ends_at": None, "last_day": None}
    told["lapsed_at"] = MIDNIGHT.isoformat()
    assert lapses() == [("workspace.tier_changed", told)]
    line = AuditLine.objects.get(key="plans.workspace.tell_tier_lapse")
    assert line.actor_id == "system:clock" and line.customer_visible and line.target_id == cast.panel.public_id
    assert [change["after"] for change in line.changes] == ["Free"]
    with clock.frozen(MIDNIGHT + timedelta(days=20)):
        prove()


def test_after_three_days_without_a_worker_each_is_told_once_oldest_first(cast: Cast) -> None:
    approve(cast)
    discount(cast, cast.samen, day="2026-11-28")
    discount(cast, cast.panel, "workspace", day="2026-11-26")
    at(MIDNIGHT + timedelta(days=3))
    at(MIDNIGHT + timedelta(days=3, minutes=1))
    assert [(name, data.get("scope"), data["lapsed_at"]) for name, data in lapses()] == [
        ("discount.changed", "workspace", (MIDNIGHT - timedelta(days=1)).isoformat()),
        ("workspace.tier_changed", None, MIDNIGHT.isoformat()),
        ("discount.changed", "account", (MIDNIGHT + timedelta(days=1)).isoformat()),
    ]
    assert all(data["discount"] is None for name, data in lapses() if name == "discount.changed")
    told = {"plans.account.tell_discount_lapse", "plans.workspace.tell_discount_lapse"}
    assert set(AuditLine.objects.filter(key__in=told).values_list("key", flat=True)) == told
    rows = OutboxRow.objects.filter(kind="webhook")
    assert {row.order_key for row in rows} == {cast.samen.public_id}


def test_what_was_done_after_a_lapse_is_told_after_it_although_the_worker_stood_still(cast: Cast) -> None:
    approve(cast)
    with clock.frozen(MIDNIGHT + timedelta(days=1)):
        run("plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "pilot"}, reason="Bought it")
        found = [(data["tier_before"], data["tier"]) for _, data in events("workspace.tier_changed")]
        assert found == [("free", "guardian"), ("guardian", "free"), ("free", "pilot")]
        lines = AuditLine.objects.filter(touches__contains=[cast.panel.public_id]).order_by("-at", "-id")
        assert lines[0].key == "plans.workspace.change_tier"
    at(MIDNIGHT + timedelta(days=2))
    assert len(lapses()) == 1
    with clock.frozen(MIDNIGHT + timedelta(days=2)):
        prove()


def test_a_preview_and_a_refusal_tell_nothing(cast: Cast) -> None:
    approve(cast)
    with clock.frozen(MIDNIGHT + timedelta(days=1)):
        preview("plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "pilot"})
        refusal_of("plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "free"}, reason="x")
        assert lapses() == [] and not ClockTold.objects.filter(what="lapsed").exists()
    at(MIDNIGHT + timedelta(days=1))
    assert len(lapses()) == 1


def test_a_page_that_met_the_lapse_first_takes_nothing_from_the_worker(cast: Cast) -> None:
    approve(cast)
    with clock.frozen(MIDNIGHT):
        assert sign_in("iris@agora.example").get("/panel/usage/").status_code == 200
        assert lapses() == [], "a page writes nothing into the book"
    at(MIDNIGHT + timedelta(minutes=1))
    assert len(lapses()) == 1


@pytest.mark.parametrize("how", ["ended", "changed", "covered", "longer"])
def test_what_was_superseded_before_its_time_is_never_told(cast: Cast, how: str) -> None:
    approve(cast)
    with clock.frozen(NOW + timedelta(days=1)):
        panel = cast.panel.public_id
        if how == "ended":
            run("plans.workspace.end_grant", cast.noor, panel, reason="x")
        elif how == "changed":
            run("plans.workspace.change_tier", cast.noor, panel, {"tier": "pilot"}, reason="x")
        elif how == "covered":
            approve(cast, "changemaker", "2026-12-31")
        else:
            approve(cast, "guardian", "2026-12-31")
    at(MIDNIGHT + timedelta(days=1))
    assert lapses() == []


def test_an_import_after_the_lapse_rules_over_it(cast: Cast) -> None:
    approve(cast)
    with clock.frozen(MIDNIGHT + timedelta(days=2)):
        since = MIDNIGHT + timedelta(days=1)
        bring_all({"kind": "tier", "workspace": "panel", "tier": "innovator", "from": since})
    at(MIDNIGHT + timedelta(days=2))
    assert lapses() == []


def test_beneath_a_grant_lies_the_older_one_and_its_end_is_said(cast: Cast) -> None:
    """Approvals of an import may lie on one another: history stays as it came."""
    line = {"kind": "grant", "workspace": "panel", "type": "approval"}
    year = datetime(2027, 1, 1, tzinfo=UTC)
    bring_all({**line, "tier": "guardian", "from": NOW - timedelta(days=2), "until": year})
    bring_all({**line, "tier": "changemaker", "from": NOW - timedelta(days=1), "until": MIDNIGHT})
    at(MIDNIGHT)
    ((_, data),) = lapses()
    assert (data["tier_before"], data["tier"]) == ("changemaker", "guardian")
    assert (data["ends_at"], data["last_day"]) == ("2027-01-01T00:00:00+00:00", "2026-12-31")


def test_tiers_kept_until_a_day_are_told_of_when_it_is_over(cast: Cast) -> None:
    run("plans.account.set_self_serve", cast.ties, cast.oost.public_id, {"keep_until": LAST_DAY}, reason="They leave")
    at(MIDNIGHT - SECOND)
    assert lapses() == []
    at(MIDNIGHT + timedelta(hours=7))
    ((name, data),) = lapses()
    assert (name, data["tier_before"], data["tier"]) == ("workspace.tier_changed", "guardian", "free")
    assert not OutboxRow.objects.filter(kind="notice", payload__target=cast.lab.public_id).exists()


def test_a_discount_that_was_removed_or_replaced_is_not_told_again(cast: Cast) -> None:
    discount(cast, cast.samen)
    discount(cast, cast.panel, "workspace")
    with clock.frozen(NOW + timedelta(days=1)):
        run("plans.account.remove_discount", cast.ties, cast.samen.public_id, reason="Over")
        discount(cast, cast.panel, "workspace", "")
    at(MIDNIGHT + timedelta(days=1))
    assert lapses() == []


def test_a_trial_tells_each_workspace_once_and_its_people_once(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="Try it")
    for _ in range(2):
        at(datetime(2026, 12, 24, 14, 2, 11, tzinfo=UTC))
    names = [name for name, _ in events()]
    assert names == ["trial.started", "workspace.tier_changed", "trial.ended"]
    notices = OutboxRow.objects.filter(kind="notice", payload__topic="plan")
    assert sorted(row.payload["notices"] for row in notices)[-1] == ["workspace_admins", "granter"]
    assert AuditLine.objects.filter(key="plans.account.tell_grant_end").count() == 1


def test_the_customer_reads_of_it_in_their_history(cast: Cast) -> None:
    approve(cast)
    discount(cast, cast.panel, "workspace")
    bring_all(seat("panel", "ali", "member", NOW - timedelta(days=9)))
    at(MIDNIGHT)
    with clock.frozen(MIDNIGHT + timedelta(minutes=1)):
        owner = sign_in("lotte@client.example").get("/history/").content.decode()
        member = sign_in("ali@client.example").get("/history/").content.decode()
        staff = sign_in("iris@agora.example").get(f"/panel/book/?q={cast.panel.public_id}").content.decode()
    assert all("Tier ran out" in page for page in (owner, member, staff))
    assert "Discount ended" in owner and "Discount ended" in staff and "Discount ended" not in member


def test_nobody_tells_by_hand(cast: Cast) -> None:
    before = AuditLine.objects.count()
    data = {"tier_before": "free", "tier": "pilot", "ends_at": "", "lapsed_at": NOW.isoformat()}
    refusal = refusal_of("plans.workspace.tell_tier_lapse", cast.iris, cast.panel.public_id, data)
    assert refusal.status == 403 and "by itself" in refusal.sentence and AuditLine.objects.count() == before


def test_a_fault_in_the_telling_stops_no_colleague(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    approve(cast)
    with clock.frozen(MIDNIGHT), monkeypatch.context() as broken:
        broken.setattr("bursar.plans.lapses.list_tier_lapses", lambda *args: 1 / 0)
        cast.reset_panel()
        assert lapses() == [] and not ClockTold.objects.filter(what="lapsed").exists()
    at(MIDNIGHT + timedelta(minutes=1))
    assert len(lapses()) == 1


def _many(cast: Cast, count: int) -> None:
    old = NOW - timedelta(days=50)
    lines = [*organisation("many", "Many", old), *person("ada-m", "Ada M")]
    for place in range(count):
        ref = f"many-{place}"
        lines += [*workspace(ref, "many", ref, old), seat(ref, "ada-m", "owner", old)]
        grant = {"kind": "grant", "workspace": ref, "tier": "guardian", "type": "approval"}
        lines.append({**grant, "from": NOW - timedelta(days=9), "until": NOW + timedelta(days=2)})
    bring_all(*lines)


def test_many_at_once_are_found_and_judged_in_a_constant_number_of_statements(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    """What remains for each is the pass through the door that writes its line."""
    counts = []
    for ref in (3, 30):
        _many(cast, ref)
        tell = Mock()
        with clock.frozen(NOW + timedelta(days=4)):
            with django_assert_num_queries(1):
                assert len(list_lapses_due(clock.now())) == 1
            ClockTold.objects.all().delete()
            (due,) = list_lapses_due(clock.now())
            with CaptureQueriesContext(connection) as asked:
                judge([due.account_id], clock.now(), tell, {})
            counts.append(len(asked))
            ClockTold.objects.all().delete()
            assert tell.call_count == ref + 1
    assert counts[0] == counts[1] < 20
    with clock.frozen(NOW + timedelta(days=4)):
        tell_lapses(clock.now())
        tell_lapses(clock.now())
    assert len(lapses()) == 30


def test_an_action_where_nothing_lapsed_pays_one_statement(cast: Cast, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        judge([cast.haarlem.pk], clock.now(), lambda *words: pytest.fail("nothing lapsed"), {})

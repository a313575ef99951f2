"""Every end that changes a tier or a price is told once before and once when it is over, and says what comes next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.config.minute import run_ticks
from bursar.core import clock
from bursar.core.calendar import end_of
from bursar.notifications.models import Notification
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow
from bursar.plans import ends, jobs
from bursar.plans.ends import EndKind
from bursar.plans.models import ClockTold, TierGrant
from bursar.plans.queries import list_ends_ahead
from bursar.rollup.models import WorkspaceMonth
from bursar.rollup.refresh import refresh
from bursar.staff.models import StaffMember
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, bring_all, prove, refusal_of, seat, shown_by, sign_in
from tests.requests.helpers import ask

GRANT = "plans.workspace.grant_tier"
DAY = timedelta(days=1)


def approve(cast: Cast, tier: str, day: str, **more: Any) -> Any:
    return run(GRANT, cast.noor, cast.panel.public_id, {"tier": tier, "end_date": day}, reason="A project", **more)


def at(moment: datetime) -> None:
    """The worker comes round at this instant, and what waits is delivered."""
    with clock.frozen(moment):
        assert run_ticks(moment) == []
        outbox.deliver_due(moment)


def said(key: str = "tell_") -> list[str]:
    """The sentences told to people, in order."""
    lines = AuditLine.objects.filter(key__startswith="plans.account.tell_", key__contains=key).exclude(
        key__endswith="_lapse"
    )
    return [line.changes[0]["after"] for line in lines.order_by("id")]


def tier_on(cast: Cast, moment: datetime) -> str:
    with clock.frozen(moment):
        refresh(moment)
        return WorkspaceMonth.objects.filter(workspace=cast.panel).latest("month").tier


def hearers() -> set[str]:
    names = dict(StaffMember.objects.values_list("public_id", "user__name")) | dict(
        Person.objects.values_list("public_id", "name")
    )
    return {names[key] for key in Notification.objects.values_list("recipient_id", flat=True)}


# Approvals do not stack


def test_a_shorter_approval_takes_the_place_of_the_longer(cast: Cast) -> None:
    approve(cast, "guardian", "2026-12-31")
    with clock.frozen(NOW + timedelta(hours=1)):
        foreseen = preview(GRANT, cast.noor, cast.panel.public_id, {"tier": "guardian", "end_date": "2026-11-30"})
        done = approve(cast, "guardian", "2026-11-30")
        assert foreseen.sentence == done.sentence == "Jeugdpanel is on Guardian until 30 November 2026; then on Free."
        assert done.changes[0].before == "Guardian until 31 December 2026"
        assert TierGrant.objects.filter(workspace=cast.panel, valid_until__gt=clock.now()).count() == 1
    assert tier_on(cast, datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == "guardian"
    assert tier_on(cast, datetime(2026, 12, 1, tzinfo=UTC)) == "free"
    with clock.frozen(datetime(2026, 12, 1, tzinfo=UTC)):
        prove()


def test_a_longer_approval_is_told_at_its_own_end_alone(cast: Cast) -> None:
    approve(cast, "guardian", "2026-11-30")
    with clock.frozen(NOW + timedelta(hours=1)):
        approve(cast, "guardian", "2026-12-31")
    for moment in (end_of(NOW.date()) + n * DAY for n in range(45)):
        at(moment)
    assert said() == [
        "The time-limited approval of Guardian ends on 31 December 2026; then Free.",
        "The time-limited approval of Guardian ended on 31 December 2026; now Free.",
    ]


def test_taking_a_replacement_back_brings_the_earlier_approval_back(cast: Cast) -> None:
    approve(cast, "changemaker", "2026-12-31")
    with clock.frozen(NOW + timedelta(hours=1)):
        done = approve(cast, "guardian", "2026-11-30")
        assert done.undo is not None
        run(done.undo.key, cast.noor, cast.panel.public_id, done.undo.data, reason="x", undoes=done.line_id)
    assert tier_on(cast, datetime(2026, 12, 1, tzinfo=UTC)) == "changemaker"
    assert tier_on(cast, datetime(2027, 1, 1, tzinfo=UTC)) == "free"


def test_an_approval_below_a_running_trial_is_refused_at_both_doors(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="Try it")
    before = (TierGrant.objects.count(), AuditLine.objects.count())
    data = {"tier": "innovator", "end_date": "2026-12-31"}
    refusal = refusal_of(GRANT, cast.noor, cast.panel.public_id, data, reason="x")
    assert refusal.status == 409
    assert refusal.sentence.startswith(
        "A reverse trial of Changemaker runs until 24 December 2026, 14:02 UTC, and Inno"
    )
    assert (TierGrant.objects.count(), AuditLine.objects.count()) == before
    request = ask("lotte", cast.panel, "guardian")
    answer = {"tier": "innovator", "cadence": "yearly", "end_date": "2026-12-31"}
    before = (TierGrant.objects.count(), AuditLine.objects.count())
    refusal = refusal_of("requests.request.approve", cast.noor, request.public_id, answer, reason="x", message="Yes.")
    assert refusal.status == 409 and "A reverse trial of Changemaker runs" in refusal.sentence
    assert (TierGrant.objects.count(), AuditLine.objects.count()) == before


def test_what_comes_next_is_what_stands_beneath(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="Try it")
    with clock.frozen(NOW + timedelta(hours=1)):
        done = approve(cast, "guardian", "2026-11-30")
    assert done.sentence == "Jeugdpanel is on Guardian until 30 November 2026; then on Changemaker."
    at(datetime(2026, 11, 29, tzinfo=UTC))
    at(datetime(2026, 12, 1, tzinfo=UTC))
    assert said() == [
        "The time-limited approval of Guardian ends on 30 November 2026; then Changemaker.",
        "The time-limited approval of Guardian ended on 30 November 2026; now Changemaker.",
    ]


def test_an_imported_grant_beneath_is_told_only_once_it_counts(cast: Cast) -> None:
    line = {"kind": "grant", "workspace": "panel", "type": "approval", "tier": "guardian"}
    bring_all({**line, "from": NOW - 9 * DAY, "until": NOW + 2 * DAY})
    bring_all({**line, "from": NOW - 8 * DAY, "until": NOW + 20 * DAY})
    at(NOW)
    at(NOW + timedelta(minutes=1))
    assert said() == []
    assert ClockTold.objects.get(what="ending").is_quiet and not list_ends_ahead(NOW + timedelta(minutes=2))
    with clock.frozen(NOW + timedelta(minutes=5)):
        run("plans.workspace.end_grant", cast.noor, cast.panel.public_id, reason="x")
    at(NOW + timedelta(minutes=6))
    assert said() == ["The time-limited approval of Guardian ends on 26 November 2026, 14:02 UTC; then Free."]
    at(NOW + 3 * DAY)
    assert said()[1:] == ["The time-limited approval of Guardian ended on 26 November 2026, 14:02 UTC; now Free."]


def test_an_imported_grant_beneath_ends_without_a_word(cast: Cast) -> None:
    line = {"kind": "grant", "workspace": "panel", "type": "approval", "tier": "guardian"}
    bring_all({**line, "from": NOW - 9 * DAY, "until": NOW + 2 * DAY})
    bring_all({**line, "from": NOW - 8 * DAY, "until": NOW + 20 * DAY})
    at(NOW + 3 * DAY)
    assert said() == []


# The end of the plan


def test_what_is_kept_until_a_day_is_announced_and_told_to_people_and_manager(cast: Cast) -> None:
    run("plans.account.assign_manager", cast.iris, cast.oost.public_id, {"manager": cast.noor.id}, reason="x")
    data = {"keep_until": "2026-12-10"}
    run("plans.account.set_self_serve", cast.ties, cast.oost.public_id, data, reason="They leave")
    Notification.objects.all().delete()
    end = datetime(2026, 12, 11, tzinfo=UTC)
    at(end - 3 * DAY - timedelta(seconds=1))
    assert said() == []
    for moment in (end - 3 * DAY, end - DAY, end, end + DAY):
        at(moment)
    assert said() == [
        "The plan Guardian ends on 10 December 2026; then Free.",
        "The plan Guardian ended on 10 December 2026; now Free.",
    ]
    assert {"Jan", "Noor"} <= hearers() <= {"Jan", "Noor", "Ties", "Iris", "Ada"}
    told = [one for one in mail.outbox if "Plan end" in one.subject]
    assert sorted("Plan ended" in one.subject for one in told) == [False, False, True, True], "an end to come is no end"
    assert sorted({one.to[0].split("<")[-1].strip(">") for one in told}) == ["jan@client.example", "noor@agora.example"]
    assert len(told) == 4, "each of the two hears before and at the end, once"
    with clock.frozen(end + DAY):
        prove()


def test_what_a_cancelled_subscription_paid_for_is_told_with_the_price(cast: Cast) -> None:
    pays = {"kind": "payment", "account": {"organisation": "haarlem"}, "mode": "self_serve", "cadence": "yearly"}
    end = NOW + 2 * DAY
    bring_all({**pays, "status": "cancelled", "from": NOW - DAY, "paid_until": end})
    at(NOW)
    at(end + DAY)
    lines = AuditLine.objects.filter(key="plans.account.tell_plan_end").order_by("id")
    assert [line.changes[0]["after"] for line in lines] == [
        "The plan Changemaker ends on 26 November 2026, 14:02 UTC; then Free.",
        "The plan Changemaker ended on 26 November 2026, 14:02 UTC; now Free.",
    ]
    assert all(line.changes[1]["before"] == "€ 150.00" and line.changes[1]["after"] == "€ 0.00" for line in lines)
    (row,) = OutboxRow.objects.filter(kind="webhook", payload__event="plan.ended")
    assert row.payload["data"]["tiers"] == [
        {"workspace": "klimaat", "tier_before": "changemaker", "tier": "free"},
        {"workspace": "noord", "tier_before": "changemaker", "tier": "free"},
    ]
    assert row.payload["data"]["last_day"] == "2026-11-26"


def test_a_plan_that_is_prolonged_by_a_person_is_not_told_at_its_old_end(cast: Cast) -> None:
    keep = {"keep_until": "2026-11-26"}
    run("plans.account.set_self_serve", cast.ties, cast.oost.public_id, keep, reason="They leave")
    with clock.frozen(NOW + timedelta(hours=1)):
        run("plans.account.set_managed", cast.ties, cast.oost.public_id, {"cadence": "yearly"}, reason="They stay")
    at(NOW + timedelta(hours=2))
    at(NOW + 5 * DAY)
    assert said() == []


# The last day of a discount


def discount(cast: Cast, day: str, target: Any = None, slug: str = "account") -> None:
    data = {"kind": "scholarship", "percent": "50", "end_date": day}
    run(f"plans.{slug}.set_discount", cast.ties, (target or cast.haarlem).public_id, data, reason="Agreed")


def test_the_price_that_doubles_is_told_two_weeks_before_and_when_it_does(cast: Cast) -> None:
    discount(cast, "2026-12-20")
    end = datetime(2026, 12, 21, tzinfo=UTC)
    at(end - 14 * DAY - timedelta(seconds=1))
    assert said() == []
    for moment in (end - 14 * DAY, end - DAY, end, end + DAY):
        at(moment)
    assert said() == [
        "The 50 % scholarship ends on 20 December 2026.",
        "The 50 % scholarship ended on 20 December 2026.",
    ]
    for line in AuditLine.objects.filter(key="plans.account.tell_discount_end"):
        price = line.changes[1]
        assert (price["label"], price["before"], price["after"]) == (
            "Price a month, without VAT",
            "€ 75.00",
            "€ 150.00",
        )
        assert line.actor_kind == "system" and line.customer_visible
    with clock.frozen(end + DAY):
        prove()


def test_late_is_caught_up_and_twice_changes_nothing(cast: Cast) -> None:
    discount(cast, "2026-11-26", cast.klimaat, "workspace")
    for _ in range(2):
        at(NOW + 9 * DAY)
    assert said() == ["The 50 % scholarship ended on 26 November 2026."]
    (row,) = OutboxRow.objects.filter(kind="webhook", payload__event="discount.ended")
    assert (row.payload["data"]["price_before_eur"], row.payload["data"]["price_eur"]) == ("112.50", "150.00")


def test_a_discount_that_a_person_ends_early_is_told_by_that_action_alone(cast: Cast) -> None:
    discount(cast, "2026-12-20")
    with clock.frozen(NOW + DAY):
        run("plans.account.remove_discount", cast.ties, cast.haarlem.public_id, reason="Over")
    at(datetime(2026, 12, 10, tzinfo=UTC))
    at(datetime(2026, 12, 22, tzinfo=UTC))
    assert said() == []


def test_a_discount_that_changes_no_price_is_told_once_it_would(cast: Cast) -> None:
    discount(cast, "2026-12-05", cast.samen)
    at(NOW)
    assert said() == [] and ClockTold.objects.get(what="discount_ending").is_quiet
    with clock.frozen(NOW + timedelta(hours=1)):
        run("plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "changemaker"}, reason="Bought")
    at(NOW + timedelta(hours=2))
    assert said() == ["The 50 % scholarship ends on 5 December 2026."]


def test_what_an_import_brings_is_looked_at_within_a_day(cast: Cast) -> None:
    discount(cast, "2026-12-05", cast.samen)
    at(NOW)
    bring_all({"kind": "tier", "workspace": "panel", "tier": "changemaker", "from": NOW - DAY})
    at(NOW + DAY + timedelta(minutes=1))
    assert said() == ["The 50 % scholarship ends on 5 December 2026."]


def test_one_bad_account_stops_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    discount(cast, "2026-12-01")
    discount(cast, "2026-12-02", cast.oost)
    ordinary = ends.foresee

    def stumbling(kind: EndKind, account: Any, *more: Any) -> Any:
        if account.id == cast.haarlem.pk:
            raise RuntimeError("a bad account")
        return ordinary(kind, account, *more)

    monkeypatch.setattr(ends, "foresee", stumbling)
    jobs.tell_ends(NOW)
    assert list(ClockTold.objects.values_list("account", "what")) == [(cast.oost.pk, "discount_ending")]
    monkeypatch.setattr(ends, "foresee", ordinary)
    jobs.tell_ends(NOW)
    assert ClockTold.objects.filter(what="discount_ending", is_quiet=False).count() == 2


def test_the_price_is_for_those_with_billing_rights(cast: Cast) -> None:
    bring_all(seat("klimaat", "lotte", "member", NOW - 9 * DAY))
    discount(cast, "2026-12-01")
    at(NOW + timedelta(minutes=1))
    with clock.frozen(NOW + timedelta(minutes=2)):
        owner = shown_by(sign_in("maud@client.example").get("/history/"))
        member = shown_by(sign_in("lotte@client.example").get("/history/"))
    assert "€ 225.00" in owner and "€ 225.00" not in member and "scholarship" not in member


# A price that was kept for a running interval


def keep_price(until: datetime, rate: int = 60, tier: str = "changemaker", /, **more: Any) -> None:
    line = {"kind": "price", "account": {"organisation": "haarlem"}, "tier": tier, "cadence": "yearly", "rate": rate}
    bring_all({**line, "from": NOW - 90 * DAY, "until": until, **more})


def test_the_end_of_a_kept_price_is_told_two_weeks_before_and_when_it_is_over(cast: Cast) -> None:
    end = datetime(2026, 12, 21, tzinfo=UTC)
    keep_price(end)
    at(end - 14 * DAY - timedelta(seconds=1))
    assert said() == []
    for moment in (end - 14 * DAY, end - DAY, end, end + DAY):
        at(moment)
    assert said() == [
        "The price kept for the running interval ends on 20 December 2026.",
        "The price kept for the running interval ended on 20 December 2026.",
    ]
    for line in AuditLine.objects.filter(key="plans.account.tell_price_end"):
        assert (line.changes[1]["before"], line.changes[1]["after"]) == ("€ 120.00", "€ 150.00")
        assert line.actor_kind == "system" and line.customer_visible and line.concerns_money
    (row,) = OutboxRow.objects.filter(kind="webhook", payload__event="price.ended")
    assert (row.payload["data"]["price_before_eur"], row.payload["data"]["price_eur"]) == ("120.00", "150.00")
    with clock.frozen(end + DAY):
        prove()


def test_a_kept_price_that_changes_nothing_is_told_to_nobody(cast: Cast) -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)
    keep_price(end, 75)
    keep_price(end, 60, "guardian")  # nobody there is on it
    at(NOW + DAY)
    at(end + DAY)
    assert said() == [] and ClockTold.objects.get(what="price_ending").is_quiet


def test_a_kept_price_that_ends_with_a_discount_is_told_with_it(cast: Cast) -> None:
    keep_price(datetime(2026, 12, 2, tzinfo=UTC))
    discount(cast, "2026-12-01")
    at(NOW + DAY)
    assert said() == ["The 50 % scholarship ends on 1 December 2026."]
    (line,) = AuditLine.objects.filter(key="plans.account.tell_discount_end")
    assert (line.changes[1]["before"], line.changes[1]["after"]) == ("€ 60.00", "€ 150.00")


def test_a_kept_price_that_another_one_follows_says_that_one(cast: Cast) -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)
    keep_price(end)
    keep_price(end + 90 * DAY, 70, "changemaker", **{"from": end})
    at(NOW + DAY)
    (line,) = AuditLine.objects.filter(key="plans.account.tell_price_end")
    assert (line.changes[1]["before"], line.changes[1]["after"]) == ("€ 120.00", "€ 140.00")


def test_near_ends_are_found_in_one_statement(cast: Cast, django_assert_num_queries: Any) -> None:
    discount(cast, "2026-12-01")
    approve(cast, "guardian", "2026-11-26")
    run("plans.account.set_self_serve", cast.ties, cast.oost.public_id, {"keep_until": "2026-11-26"}, reason="x")
    with django_assert_num_queries(1):
        found = list_ends_ahead(NOW)
    assert [(end.kind.value, end.account_id) for end in found] == [
        ("grant", cast.samen.pk), ("plan", cast.oost.pk), ("discount", cast.haarlem.pk),
    ]  # fmt: skip

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bursar.access.actor import system
from bursar.actions.registry import Lock
from bursar.actions.run import preview, run, tell_what_is_due
from bursar.audit.models import AuditLine
from bursar.config.minute import run_ticks
from bursar.core import clock
from bursar.plans import jobs, trials
from bursar.plans.models import AccountManager, ClockTold, PaymentTerms, TierGrant
from bursar.plans.queries import list_lapses_due
from tests.cast import NOW, Cast, bring_all, fact, prove, refusal_of

GRANT, END = "plans.account.grant_trial", "plans.account.end_trial"
OLD = NOW - timedelta(days=200)


def grant(cast: Cast, **more: Any) -> Any:
    return run(GRANT, cast.ties, cast.samen.public_id, reason="They want to see it", **more)


def test_a_trial_is_a_month_of_changemaker_that_reverts_by_itself(cast: Cast) -> None:
    grant(cast)
    row = fact(cast.samen)
    assert (row.klass, row.tier, row.mrr, row.potential) == ("trial", "changemaker", 0, 75)
    prove()
    with clock.frozen(datetime(2026, 12, 24, 14, 2, 11, tzinfo=UTC)):
        row = fact(cast.samen)
        assert (row.klass, row.tier) == ("free", "free")
        prove()


def test_from_the_31st_to_the_end_of_february() -> None:
    for start, end in (
        ((2027, 1, 31), (2027, 2, 28)),
        ((2028, 1, 31), (2028, 2, 29)),
        ((2026, 11, 30), (2026, 12, 30)),
    ):
        assert trials.trial_end(datetime(*start, 9, tzinfo=UTC)) == datetime(*end, 9, tzinfo=UTC)


def test_refusals_each_with_its_sentence(cast: Cast) -> None:
    before = (TierGrant.objects.count(), AuditLine.objects.count())
    for account, words in ((cast.haarlem, "pays, or is managed"), (cast.oost, "pays, or is managed")):
        refusal = refusal_of(GRANT, cast.iris, account.public_id, reason="x")
        assert refusal.status == 409 and words in refusal.sentence
    bring_all({"kind": "tier", "workspace": "panel", "tier": "changemaker", "from": NOW - timedelta(days=1)})
    assert "Changemaker or above" in refusal_of(GRANT, cast.iris, cast.samen.public_id, reason="x").sentence
    bring_all({"kind": "tier", "workspace": "panel", "tier": "free", "from": NOW - timedelta(hours=1)})
    bring_all(
        {
            "kind": "workspace",
            "external_id": "panel",
            "organisation": "samen",
            "name": "J",
            "created_at": OLD,
            "deleted_at": NOW,
        }
    )
    assert "no workspace" in refusal_of(GRANT, cast.iris, cast.samen.public_id, reason="x").sentence
    assert TierGrant.objects.count() == before[0]


def test_one_in_twelve_months_unless_one_may_override(cast: Cast) -> None:
    grant(cast)
    assert "running already" in refusal_of(GRANT, cast.iris, cast.samen.public_id, reason="x").sentence
    run(END, cast.ties, cast.samen.public_id, reason="Asked for it")
    assert fact(cast.samen).klass == "free"
    with clock.frozen(NOW + timedelta(days=300)):
        refusal = refusal_of(GRANT, cast.ties, cast.samen.public_id, reason="again")
        assert refusal.status == 403 and "override" in refusal.sentence
        run(GRANT, cast.iris, cast.samen.public_id, reason="A new council")
        assert fact(cast.samen).klass == "trial"
        prove()
    with clock.frozen(NOW + timedelta(days=301)):
        assert refusal_of(END, cast.ada, cast.samen.public_id, reason="x").status == 403
        run(END, cast.ties, cast.samen.public_id, reason="x")
        assert refusal_of(END, cast.ties, cast.samen.public_id, reason="x").status == 409
        prove()


def test_use_in_a_trial_is_not_counted(cast: Cast) -> None:
    from bursar.usage.queries import get_standing
    from tests.cast import usage

    grant(cast)
    with clock.frozen(NOW + timedelta(days=40)):
        bring_all(usage("panel", "in-trial", NOW + timedelta(days=5), 36000))
        assert get_standing(cast.panel, clock.now()).counted == 3720
        prove()


def test_told_once_before_and_once_at_the_end_also_after_downtime(cast: Cast) -> None:
    grant(cast)
    end = trials.trial_end(NOW)
    lines = AuditLine.objects.filter(key="plans.account.tell_grant_end").order_by("id")
    for moment, told in (
        (end - timedelta(days=3, seconds=1), 0),
        (end - timedelta(days=2), 1),
        (end - timedelta(days=2), 1),
        (end, 2),
        (end + timedelta(days=5), 2),
    ):
        with clock.frozen(moment):
            assert run_ticks(moment) == []
            assert lines.count() == told
    assert [line.changes[0]["after"].split(" Changemaker ")[1][:5] for line in lines] == ["ends ", "ended"]
    assert all(line.customer_visible and line.actor_kind == "system" for line in lines)


def test_everything_missed_is_caught_up_and_one_bad_account_stops_no_other(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ref in ("panel", "noord"):
        line = {"kind": "grant", "workspace": ref, "tier": "guardian", "type": "approval"}
        bring_all({**line, "from": NOW - timedelta(days=9), "until": NOW + timedelta(days=2)})
    with clock.frozen(NOW + timedelta(days=6)):
        ended = ClockTold.objects.filter(what="ended")
        assert len(list_lapses_due(clock.now())) == 2
        ordinary = tell_what_is_due

        def stumbling(account_id: int, lock: Lock) -> None:
            if account_id == cast.samen.pk:
                raise RuntimeError("a bad account")
            ordinary(account_id, lock)

        monkeypatch.setattr(jobs, "tell_what_is_due", stumbling)
        jobs.tell_lapses(clock.now())
        assert [told.account_id for told in ended.all()] == [cast.haarlem.pk]
        monkeypatch.setattr(jobs, "tell_what_is_due", ordinary)
        jobs.tell_lapses(clock.now())
        assert ended.count() == 2


def test_ended_by_hand_is_not_told_again_at_the_planned_end(cast: Cast) -> None:
    grant(cast)
    with clock.frozen(NOW + timedelta(days=10)):
        run(END, cast.ties, cast.samen.public_id, reason="x")
    with clock.frozen(trials.trial_end(NOW)):
        assert not list_lapses_due(clock.now())


def test_nobody_tells_by_hand(cast: Cast) -> None:
    data = {"what": "ended", "ends_at": NOW.isoformat()}
    assert refusal_of("plans.account.tell_grant_end", cast.iris, cast.samen.public_id, data).status == 403
    nothing = refusal_of("plans.account.tell_grant_end", system("grants"), cast.samen.public_id, data)
    assert "Neither a tier nor the price changes" in nothing.sentence
    grant(cast)
    data = {"what": "ending", "ends_at": trials.trial_end(NOW).isoformat()}
    run("plans.account.tell_grant_end", system("grants"), cast.samen.public_id, data)
    again = refusal_of("plans.account.tell_grant_end", system("grants"), cast.samen.public_id, data)
    assert "told already" in again.sentence


def test_managed_and_back(cast: Cast) -> None:
    key = "plans.account.set_managed"
    yearly = {"cadence": "yearly"}
    assert "subscription is live" in refusal_of(key, cast.iris, cast.haarlem.public_id, yearly, reason="x").sentence
    assert "already" in refusal_of(key, cast.iris, cast.oost.public_id, {}, reason="x").sentence
    run(key, cast.ties, cast.samen.public_id, {"cadence": "monthly"}, reason="Wants invoices")
    terms = PaymentTerms.objects.at(clock.now()).get(account=cast.samen)
    assert (terms.mode, terms.status, terms.cadence) == ("managed", "none", "monthly")
    assert fact(cast.samen).klass == "managed"
    back = "plans.account.set_self_serve"
    assert refusal_of(back, cast.ties, cast.oost.public_id, {"keep_until": "2026-11-23"}, reason="x").status == 422
    run(back, cast.ties, cast.oost.public_id, {"keep_until": "2026-11-24"}, reason="x")
    assert (fact(cast.oost).klass, fact(cast.oost).tier) == ("comped", "guardian")
    with clock.frozen(datetime(2026, 11, 25, tzinfo=UTC)):
        assert (fact(cast.oost).klass, fact(cast.oost).tier) == ("free", "free")
        prove()
        run(key, cast.ties, cast.oost.public_id, {"cadence": "yearly"}, reason="x")
        assert fact(cast.oost).tier == "free"
        prove()
    assert "self-serve already" in refusal_of(back, cast.ties, cast.haarlem.public_id, {}, reason="x").sentence


def test_back_to_self_serve_at_once_is_free(cast: Cast) -> None:
    foreseen = preview("plans.account.set_self_serve", cast.ties, cast.oost.public_id, {})
    done = run("plans.account.set_self_serve", cast.ties, cast.oost.public_id, {}, reason="They leave")
    assert done.changes == foreseen.changes and done.effects == foreseen.effects
    assert (fact(cast.oost).klass, fact(cast.oost).tier, fact(cast.oost).potential) == ("free", "free", 0)
    prove()


def test_what_mollie_was_paid_for_runs_on_in_managed(cast: Cast) -> None:
    pays = {"kind": "payment", "account": {"organisation": "haarlem"}, "mode": "self_serve", "cadence": "yearly"}
    until = NOW + timedelta(days=90)
    bring_all({**pays, "status": "cancelled", "from": NOW - timedelta(days=2), "paid_until": until})
    run("plans.account.set_managed", cast.ties, cast.haarlem.public_id, {"cadence": "yearly"}, reason="By invoice")
    assert (fact(cast.haarlem).klass, fact(cast.haarlem).mrr, fact(cast.haarlem).tier) == ("paying", 150, "changemaker")
    with clock.frozen(until):
        assert (fact(cast.haarlem).klass, fact(cast.haarlem).tier) == ("managed", "changemaker")
        prove()


def test_the_account_manager(cast: Cast) -> None:
    assign, clear = "plans.account.assign_manager", "plans.account.clear_manager"
    bring_all({"kind": "staff", "email": "temp@elsewhere.example", "name": "Temp", "role": "staff"})
    from bursar.staff.models import StaffMember

    outsider = StaffMember.objects.get(user__email="temp@elsewhere.example")
    target = cast.samen.public_id
    assert refusal_of(assign, cast.ties, target, {"manager": outsider.public_id}, reason="x").status == 422
    assert refusal_of(clear, cast.ties, target, reason="x").status == 409
    run(assign, cast.ties, target, {"manager": cast.noor.id}, reason="She knows them")
    assert fact(cast.samen).manager_id == cast.noor.staff_id
    assert refusal_of(assign, cast.ties, target, {"manager": cast.noor.id}, reason="x").status == 409
    done = run(clear, cast.ties, target, reason="x")
    assert done.undo is not None and done.undo.data == {"manager": cast.noor.id}
    assert not AccountManager.objects.at(clock.now() + timedelta(seconds=1)).filter(account=cast.samen).exists()
    prove()

"""What the clock does: a visit grants nothing after its end with the worker stopped; jobs only tell, once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from bursar.actions.run import run, tell_what_is_due
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Blocked
from bursar.outbox.models import OutboxRow
from bursar.support import jobs, queries, rules
from bursar.support.models import SessionEnd, SupportSession, SupportSwitch
from tests.cast import NOW, Cast, prove, refusal_of
from tests.support.helpers import WHY, ask, customer, is_in, join, pull

TIES = "ties@agora.example"
HOUR = timedelta(hours=1)


def keys() -> list[str]:
    return [
        key.split(".")[-1]
        for key in AuditLine.objects.filter(key__startswith="support.").order_by("id").values_list("key", flat=True)
    ]


def notices() -> list[list[str]]:
    return [row.payload["notices"] for row in OutboxRow.objects.filter(kind="notice").order_by("id")]


def tick(at: datetime) -> list[str]:
    """Both ticks, twice; the verbs of what they told."""
    before = len(keys())
    with clock.frozen(at):
        for _ in range(2):
            jobs.tell_what_is_over(at)
            jobs.remind(at)
    return keys()[before:]


def test_a_visit_grants_nothing_after_its_end_though_no_job_ran(cast: Cast) -> None:
    pull("turn_on", customer("lotte"), cast.panel)
    end = join(cast.ties, cast.panel).until
    assert end == NOW + 24 * HOUR
    with clock.frozen(end - timedelta(microseconds=1)):
        assert is_in(TIES, cast.panel)
    with clock.frozen(end):
        assert not is_in(TIES, cast.panel) and SupportSession.objects.get().ended_at is None
        for verb in ("extend", "leave"):
            refusal = refusal_of(
                f"support.workspace.{verb}", cast.ties, cast.panel.public_id, {"note": WHY} if verb == "extend" else {}
            )
            assert isinstance(refusal, Blocked) and refusal.sentence == rules.NOT_IN
        join(cast.ties, cast.panel, "Not done yet")
    first, second = SupportSession.objects.order_by("id")
    assert (first.end, first.ended_at, second.joined_at) == (SessionEnd.OVER, end, end)
    assert keys()[-2:] == ["session_over", "join"]
    prove()


def test_staying_longer_begins_the_hours_anew(cast: Cast) -> None:
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    with clock.frozen(NOW + 20 * HOUR):
        pull("extend", cast.ties, cast.panel, note="One more file")
    assert SupportSession.objects.get().until == NOW + 44 * HOUR
    line = AuditLine.objects.latest("id")
    assert [(c["label"], c["after"]) for c in line.changes] == [
        ("Until", "26 November 2026, 10:02 UTC"),
        ("Why", "One more file"),
    ]


def test_who_was_let_in_once_asks_again_to_stay(cast: Cast) -> None:
    asked = ask(cast.ties, cast.panel)
    pull("approve", customer("lotte"), cast.panel, request=asked.public_id)
    join(cast.ties, cast.panel, "")
    refusal = refusal_of("support.workspace.extend", cast.ties, cast.panel.public_id, {"note": WHY})
    assert isinstance(refusal, Blocked) and "Ask again" in refusal.sentence
    assert ask(cast.ties, cast.panel, "To stay longer").state == "pending", "while they are still in"


def test_each_thing_is_told_once_and_to_whom_it_concerns(cast: Cast) -> None:
    lotte = customer("lotte")
    ask(cast.ties, cast.klimaat)
    pull("turn_on", lotte, cast.panel)
    join(cast.ties, cast.panel)
    assert tick(NOW + HOUR) == []
    assert tick(NOW + 23 * HOUR) == ["remind_session"]
    assert notices()[-1] == ["asker"]
    assert tick(NOW + 24 * HOUR) == ["session_over"]
    assert tick(NOW + timedelta(days=3, hours=12)) == ["remind_request"]
    assert notices()[-1] == ["workspace_admins"]
    assert tick(NOW + timedelta(days=7)) == ["request_over"]
    assert notices()[-1] == ["asker"]
    until = SupportSwitch.objects.get().until
    assert until is not None
    assert tick(until - timedelta(days=3)) == ["remind_switch"]
    assert tick(until) == ["switch_over"]
    assert tick(until + timedelta(days=9)) == []
    assert SupportSwitch.objects.get().off_at == until
    with clock.frozen(until):
        prove()


def test_who_stays_longer_is_reminded_of_the_new_end(cast: Cast) -> None:
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    assert tick(NOW + 23 * HOUR) == ["remind_session"]
    with clock.frozen(NOW + 23 * HOUR):
        pull("extend", cast.ties, cast.panel, note=WHY)
    assert tick(NOW + 24 * HOUR) == []
    assert tick(NOW + 46 * HOUR) == ["remind_session"]


def test_any_action_on_the_account_is_told_after_what_was_over(cast: Cast) -> None:
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    with clock.frozen(NOW + 25 * HOUR):
        cast.reset_panel()
        assert list(AuditLine.objects.order_by("id").values_list("key", flat=True))[-2:] == [
            "support.workspace.session_over", "usage.workspace.reset_usage",
        ]  # fmt: skip


def test_one_bad_account_stops_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(cast.ties, cast.panel)
    ask(cast.ties, cast.klimaat)
    bad = min(cast.samen.pk, cast.haarlem.pk)

    def fail(account_id: int, lock: object) -> None:
        if account_id == bad:
            raise RuntimeError("It broke")
        tell_what_is_due(account_id, lock)  # type: ignore[arg-type]  # what the job gives it

    monkeypatch.setattr(jobs, "tell_what_is_due", fail)
    assert tick(NOW + timedelta(days=7)) == ["request_over"]


def test_it_costs_one_statement_where_nothing_is_due(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert queries.list_due(NOW, [cast.samen.pk, cast.haarlem.pk]) == []
    assert len(asked) == 1


def test_the_clocks_own_actions_refuse_what_is_not_due(cast: Cast) -> None:
    from bursar.access.actor import system

    asked = ask(cast.ties, cast.klimaat)
    pull("turn_on", customer("lotte"), cast.panel)
    session = join(cast.ties, cast.panel)
    before = keys()
    for verb, place, data in (
        ("session_over", cast.panel, {"session": session.public_id}), ("request_over", cast.klimaat, {"request": asked.public_id}),
        ("switch_over", cast.panel, {}), ("switch_over", cast.klimaat, {}), ("remind_switch", cast.klimaat, {}),
    ):  # fmt: skip
        assert refusal_of(f"support.workspace.{verb}", system("clock"), place.public_id, data), verb
    run("support.workspace.remind_request", system("clock"), cast.klimaat.public_id, {"request": asked.public_id})
    assert refusal_of(
        "support.workspace.remind_request", system("clock"), cast.klimaat.public_id, {"request": asked.public_id}
    )
    assert keys() == [*before, "remind_request"]


INSTANTS = st.integers(0, 10**8).map(lambda seconds: NOW + timedelta(seconds=seconds, microseconds=7))


@given(now=INSTANTS, hours=st.integers(1, 200), left=st.none() | st.integers(1, 10_000_000))
def test_a_visit_never_outlasts_its_hours_nor_the_switch(now: datetime, hours: int, left: int | None) -> None:
    until = now + timedelta(seconds=left) if left else None
    end = rules.session_end(now, hours, until)
    assert now < end <= now + timedelta(hours=hours) and (until is None or end <= until)


@given(now=INSTANTS, days=st.integers(0, 400))
def test_the_switch_ends_with_a_whole_day(now: datetime, days: int) -> None:
    end = rules.switch_end(now, days)
    assert (end is None) is (days == 0)
    assert end is None or (
        end > now + timedelta(days=days - 1) and (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
    )

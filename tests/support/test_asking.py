"""A colleague asks to be let in: answered once, used once, taken back, or over when nobody answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.access.actor import operator, system
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, Refused
from bursar.outbox.models import OutboxRow
from bursar.support.models import RequestState, SupportRequest, SupportSession
from tests.cast import NOW, Cast, prove, refusal_of
from tests.support.helpers import WHY, all_rows, ask, customer, is_in, join, pull

TIES = "ties@agora.example"
DAY = timedelta(days=1)


def test_asked_approved_joined_once(cast: Cast) -> None:
    asked = ask(cast.ties, cast.panel)
    assert (asked.note, asked.answer_until, asked.state) == (WHY, NOW + 7 * DAY, "pending")
    assert OutboxRow.objects.filter(kind="notice").latest("id").payload["notices"] == ["workspace_admins"]
    assert not is_in(TIES, cast.panel)
    with clock.frozen(NOW + DAY):
        pull("approve", customer("lotte"), cast.panel, request=asked.public_id)
        assert not is_in(TIES, cast.panel), "let in is not in yet"
        refusal = refusal_of("support.workspace.join", cast.iris, cast.panel.public_id, {"note": WHY})
        assert isinstance(refusal, Blocked), "nobody else is let in by it"
        session = join(cast.ties, cast.panel, "")
        assert (session.why, session.until, session.request) == (WHY, NOW + 2 * DAY, asked)
        pull("leave", cast.ties, cast.panel)
        before = all_rows()
        refusal = refusal_of("support.workspace.join", cast.ties, cast.panel.public_id, {"note": WHY})
        assert isinstance(refusal, Blocked) and "Ask to be let in" in refusal.sentence and all_rows() == before
    asked.refresh_from_db()
    assert asked.state == RequestState.USED and asked.decided_by and asked.decided_by.name == "Lotte"
    prove()


def test_a_note_is_needed(cast: Cast) -> None:
    for data in ({}, {"note": ""}, {"note": "x" * 1001}):
        refusal = refusal_of("support.workspace.ask", cast.ties, cast.panel.public_id, data)
        assert isinstance(refusal, Invalid) and list(refusal.fields) == ["note"]
    assert not SupportRequest.objects.exists()
    pull("turn_on", customer("lotte"), cast.panel)
    refusal = refusal_of("support.workspace.join", cast.ties, cast.panel.public_id)
    assert isinstance(refusal, Invalid) and not SupportSession.objects.exists()


def test_one_waits_at_a_time_and_each_colleague_has_their_own(cast: Cast) -> None:
    first = ask(cast.ties, cast.panel)
    refusal = refusal_of("support.workspace.ask", cast.ties, cast.panel.public_id, {"note": "Again"})
    assert isinstance(refusal, Blocked) and refusal.sentence.startswith("You asked on 24 November 2026")
    second = ask(cast.iris, cast.panel, "Another thing")
    lotte = customer("lotte")
    refusal = refusal_of("support.workspace.approve", lotte, cast.panel.public_id)
    assert isinstance(refusal, Invalid), "with two of them it has to be said which"
    pull("deny", lotte, cast.panel, request=second.public_id, answer="Not before Monday")
    second.refresh_from_db()
    first.refresh_from_db()
    assert (second.state, second.answer, first.state) == ("denied", "Not before Monday", "pending")
    assert SupportRequest.objects.filter(workspace=cast.panel).count() == 2


def test_once_answered_answered(cast: Cast) -> None:
    lotte, asked, other = customer("lotte"), ask(cast.ties, cast.panel), ask(cast.iris, cast.panel)
    pull("approve", lotte, cast.panel, request=asked.public_id)
    before = all_rows()
    for verb in ("approve", "deny"):
        refusal = refusal_of(f"support.workspace.{verb}", lotte, cast.panel.public_id, {"request": asked.public_id})
        assert isinstance(refusal, Refused) and "is answered: approved" in refusal.sentence, verb
    assert all_rows() == before
    pull("withdraw", cast.iris, cast.panel)
    other.refresh_from_db()
    assert other.state == RequestState.WITHDRAWN
    refusal = refusal_of("support.workspace.approve", lotte, cast.panel.public_id, {"request": other.public_id})
    assert isinstance(refusal, Blocked) and refusal.sentence == "Nobody asks to come in here now."


def test_another_workspaces_request_is_none_here(cast: Cast) -> None:
    asked = ask(cast.ties, cast.klimaat)
    ask(cast.ties, cast.panel)
    before = all_rows()
    refusal = refusal_of(
        "support.workspace.approve", customer("lotte"), cast.panel.public_id, {"request": asked.public_id}
    )
    assert isinstance(refusal, Invalid) and all_rows() == before


def test_nobody_can_approve_what_was_not_answered_in_time(cast: Cast) -> None:
    asked, late = ask(cast.ties, cast.panel), NOW + 7 * DAY
    with clock.frozen(late - timedelta(seconds=1)):
        assert refusal_of("support.workspace.ask", cast.ties, cast.panel.public_id, {"note": WHY})
    with clock.frozen(late):
        refusal = refusal_of(
            "support.workspace.approve", customer("lotte"), cast.panel.public_id, {"request": asked.public_id}
        )
        assert isinstance(refusal, Blocked)
        again = ask(cast.ties, cast.panel)
    asked.refresh_from_db()
    assert (asked.state, asked.decided_at, again.state) == ("unanswered", late, "pending")
    keys = list(AuditLine.objects.order_by("id").values_list("key", flat=True))[-2:]
    assert keys == ["support.workspace.request_over", "support.workspace.ask"], "what the clock did comes first"


def test_an_approval_waits_only_so_long(cast: Cast) -> None:
    asked = ask(cast.ties, cast.panel)
    pull("approve", customer("lotte"), cast.panel, request=asked.public_id)
    with clock.frozen(NOW + 7 * DAY):
        before = all_rows()
        refusal = refusal_of("support.workspace.join", cast.ties, cast.panel.public_id, {"note": WHY})
        assert isinstance(refusal, Blocked) and all_rows() == before
        ask(cast.ties, cast.panel)


@pytest.mark.parametrize("verb", ["ask", "join", "extend", "withdraw"])
def test_who_goes_in_has_a_name(cast: Cast, verb: str) -> None:
    for nobody in (system("clock"), operator("root")):
        refusal = refusal_of(f"support.workspace.{verb}", nobody, cast.panel.public_id, {"note": WHY})
        assert isinstance(refusal, Blocked) and refusal.sentence.startswith("Only a colleague by name")


def test_nobody_visits_where_they_are_a_customer_or_without_the_right(cast: Cast) -> None:
    before = all_rows()
    for verb in ("ask", "join"):
        assert isinstance(
            refusal_of(f"support.workspace.{verb}", cast.ada, cast.panel.public_id, {"note": WHY}), Forbidden
        )
        assert isinstance(
            refusal_of(f"support.workspace.{verb}", cast.lotte, cast.panel.public_id, {"note": WHY}), Forbidden
        )
    assert all_rows() == before

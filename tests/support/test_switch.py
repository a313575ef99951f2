"""The customer's switch: it lets colleagues in, ends by itself, and turned off it ends every visit at the next request."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from bursar.access.rights import Own, explain_out_of_reach
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound
from bursar.outbox.models import OutboxRow
from bursar.staff.models import StaffMember
from bursar.support.models import RequestState, SupportSession, SupportSwitch
from bursar.tenants.models import Workspace
from tests.cast import NOW, Cast, bring_all, person, prove, refusal_of, seat, shown_by, sign_in
from tests.support.helpers import WHY, all_rows, ask, customer, is_in, join, pull

TIES, IRIS = "ties@agora.example", "iris@agora.example"


def test_on_lets_in_and_off_ends_it_at_the_next_request(cast: Cast) -> None:
    lotte, page = customer("lotte"), f"/panel/visits/{cast.panel.public_id}"
    told = pull("turn_on", lotte, cast.panel).data
    assert told == {"until": "2026-12-25T00:00:00+00:00", "last_day": "2026-12-24"}
    join(cast.ties, cast.panel)
    join(cast.iris, cast.panel)
    assert is_in(TIES, cast.panel) and is_in(IRIS, cast.panel)
    ties = sign_in(TIES)
    assert ties.get(page).status_code == 200
    outcome = pull("turn_off", lotte, cast.panel)
    assert outcome.sentence == "The Agora Voices team may not come into Jeugdpanel any more."
    assert not is_in(TIES, cast.panel) and not is_in(IRIS, cast.panel)
    refused = ties.get(page)
    assert refused.status_code == 403 and "You are not in Jeugdpanel." in shown_by(refused)
    assert set(SupportSession.objects.values_list("end", "ended_at")) == {("ended", NOW)}
    lines = AuditLine.objects.filter(group=outcome.group).order_by("id")
    assert [line.key.split(".")[-1] for line in lines] == ["end_session", "end_session", "turn_off"]
    prove()


def test_it_is_for_those_who_govern_alone(cast: Cast) -> None:
    bring_all(
        *person("mem", "Mem"),
        *person("bil", "Bil"),
        seat("panel", "mem", "member", NOW),
        seat("panel", "bil", "billing", NOW),
    )
    before = all_rows()
    for ref in ("mem", "bil"):
        for verb in ("turn_on", "turn_off", "approve", "deny", "end_session"):
            refusal = refusal_of(f"support.workspace.{verb}", customer(ref), cast.panel.public_id)
            assert isinstance(refusal, Forbidden) and refusal.sentence == explain_out_of_reach(Own.LET_IN), (ref, verb)
    assert isinstance(refusal_of("support.workspace.turn_on", customer("maud"), cast.panel.public_id), NotFound)
    for actor in (cast.iris, cast.ties):
        assert isinstance(refusal_of("support.workspace.turn_on", actor, cast.panel.public_id), Forbidden)
    assert all_rows() == before
    bring_all({"kind": "organisation_member", "organisation": "samen", "person": "mem", "role": "admin", "from": NOW})
    pull("turn_on", customer("mem"), cast.panel)
    assert SupportSwitch.objects.get().turned_on_by.name == "Mem", "the organisation's admins govern it too"


def test_a_second_click_changes_nothing(cast: Cast) -> None:
    lotte = customer("lotte")
    refusal = refusal_of("support.workspace.turn_off", lotte, cast.panel.public_id)
    assert isinstance(refusal, Blocked) and "is off, and nobody" in refusal.sentence
    pull("turn_on", lotte, cast.panel)
    before = all_rows()
    refusal = refusal_of("support.workspace.turn_on", lotte, cast.panel.public_id)
    assert isinstance(refusal, Blocked) and refusal.sentence == "Support access is on already, until 24 December 2026."
    assert all_rows() == before


def test_on_answers_whoever_waits_and_off_takes_back_what_was_not_used(cast: Cast) -> None:
    lotte, asked = customer("lotte"), ask(cast.ties, cast.panel)
    pull("turn_on", lotte, cast.panel)
    asked.refresh_from_db()
    assert asked.state == RequestState.APPROVED and asked.decided_by and asked.decided_by.name == "Lotte"
    pull("turn_off", lotte, cast.panel)
    asked.refresh_from_db()
    assert asked.state == RequestState.TAKEN_BACK
    refusal = refusal_of("support.workspace.join", cast.ties, cast.panel.public_id, {"note": WHY})
    assert isinstance(refusal, Blocked) and "off here" in refusal.sentence and not is_in(TIES, cast.panel)


def test_off_ends_a_visit_that_was_let_in_by_a_request(cast: Cast) -> None:
    lotte, asked = customer("lotte"), ask(cast.ties, cast.panel)
    pull("approve", lotte, cast.panel, request=asked.public_id)
    join(cast.ties, cast.panel, "")
    assert is_in(TIES, cast.panel) and not SupportSwitch.objects.exists()
    pull("turn_off", lotte, cast.panel)
    assert not is_in(TIES, cast.panel)


def test_one_of_several_visits_is_ended(cast: Cast) -> None:
    lotte = customer("lotte")
    pull("turn_on", lotte, cast.panel)
    first = join(cast.ties, cast.panel)
    join(cast.iris, cast.panel)
    pull("end_session", lotte, cast.panel, session=first.public_id)
    assert not is_in(TIES, cast.panel) and is_in(IRIS, cast.panel)
    notice = OutboxRow.objects.filter(kind="notice").latest("id").payload
    assert notice["notices"] == ["asker"], "whoever was in hears of it"
    before = all_rows()
    again = refusal_of("support.workspace.end_session", lotte, cast.panel.public_id, {"session": first.public_id})
    elsewhere = refusal_of(
        "support.workspace.end_session", customer("maud"), cast.klimaat.public_id, {"session": first.public_id}
    )
    assert isinstance(again, Invalid) and isinstance(elsewhere, Invalid) and all_rows() == before


def test_it_turns_itself_off_whether_or_not_a_job_runs(cast: Cast) -> None:
    pull("turn_on", customer("lotte"), cast.panel)
    end = SupportSwitch.objects.get().until
    assert end is not None
    with clock.frozen(end - timedelta(hours=5)):
        assert join(cast.ties, cast.panel).until == end, "a visit does not outlast what it rests on"
        refusal = refusal_of("support.workspace.extend", cast.ties, cast.panel.public_id, {"note": WHY})
        assert isinstance(refusal, Blocked) and "lets support in until 24 December 2026" in refusal.sentence
    with clock.frozen(end):
        assert not is_in(TIES, cast.panel)
        refusal = refusal_of("support.workspace.join", cast.iris, cast.panel.public_id, {"note": WHY})
        assert isinstance(refusal, Blocked) and "off here" in refusal.sentence
        pull("turn_on", customer("lotte"), cast.panel)
        assert SupportSwitch.objects.count() == 2
        prove()


def test_without_an_end_it_stays_until_somebody_turns_it_off(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "BURSAR_SUPPORT_SWITCH_DAYS", 0)
    assert pull("turn_on", customer("lotte"), cast.panel).data == {"until": None, "last_day": None}
    with clock.frozen(NOW + timedelta(days=400)):
        assert join(cast.ties, cast.panel).until == NOW + timedelta(days=401)


def test_once_the_workspace_is_anothers_what_the_former_let_in_lets_nobody_in(cast: Cast) -> None:
    asked = ask(cast.noor, cast.panel)
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    assert is_in(TIES, cast.panel)
    Workspace.objects.filter(pk=cast.panel.pk).update(organisation=cast.oost.organisation)
    assert not is_in(TIES, cast.panel)
    for colleague in (cast.noor, cast.iris):
        refusal = refusal_of("support.workspace.join", colleague, cast.panel.public_id, {"note": WHY})
        assert isinstance(refusal, Blocked) and "off here" in refusal.sentence
    asked.refresh_from_db()
    pull("turn_on", customer("lotte"), Workspace.objects.get(pk=cast.panel.pk))
    join(cast.ties, cast.panel)
    assert is_in(TIES, cast.panel), "whoever has it now decides anew"


def test_what_a_workspace_or_a_colleague_no_longer_is_counts_at_each_access(cast: Cast) -> None:
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    member = StaffMember.objects.get(public_id=cast.ties.id)
    StaffMember.objects.filter(pk=member.pk).update(is_active=False)
    assert not is_in(TIES, cast.panel)
    StaffMember.objects.filter(pk=member.pk).update(is_active=True)
    assert is_in(TIES, cast.panel)
    Workspace.objects.filter(pk=cast.panel.pk).update(deleted_at=NOW)
    assert not is_in(TIES, cast.panel)
    refusal = refusal_of("support.workspace.join", cast.iris, cast.panel.public_id, {"note": WHY})
    assert isinstance(refusal, Blocked) and refusal.sentence == "The workspace was deleted."

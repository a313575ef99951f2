"""Taking, snoozing, noting: what leaves the list, and what brings it back without any job."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bursar.actions import menu
from bursar.actions.models import UndoOffer
from bursar.actions.run import preview, run
from bursar.attention.models import Triage
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, Refused
from bursar.rollup.refresh import refresh
from tests.attention.test_page import api, names, payment, record, space
from tests.cast import NOW, Cast, bring_all, prove, refusal_of, sign_in, usage

TAKE, RELEASE, SNOOZE, WAKE, NOTE = (
    f"attention.workspace.{verb}" for verb in ("take", "release", "snooze", "wake", "note_outcome")
)


def do(key: str, cast: Cast, data: dict[str, Any] | None = None, **more: Any) -> Any:
    return run(key, cast.ties, cast.panel.public_id, data or {}, **more)


def test_taken_released_and_whose_it_is(cast: Cast) -> None:
    do(TAKE, cast, {"owner": cast.ties.id})
    assert names("owner=nobody") == [] and names(f"owner={cast.ties.id}") == ["Jeugdpanel"]
    mine = api("tab=mine", "ties@agora.example")["workspaces"]
    assert [row["owner"] for row in mine] == ["Ties"] and api("tab=mine")["workspaces"] == []
    assert names() == ["Jeugdpanel"], "it stays on the list"
    again = refusal_of(TAKE, cast.ties, cast.panel.public_id, {"owner": cast.ties.id})
    assert isinstance(again, Refused) and "has it already" in again.sentence
    do(TAKE, cast, {"owner": cast.noor.id})
    assert [row["owner"] for row in api()["workspaces"]] == ["Noor"]
    do(RELEASE, cast)
    assert names("owner=nobody") == ["Jeugdpanel"]
    assert isinstance(refusal_of(RELEASE, cast.ties, cast.panel.public_id, {}), Blocked)
    assert Triage.objects.count() == 1
    prove()


def test_taking_can_be_undone(cast: Cast) -> None:
    do(TAKE, cast, {"owner": cast.ties.id})
    outcome = do(TAKE, cast, {"owner": cast.noor.id})
    offer = UndoOffer.objects.get(line_id=outcome.line_id)
    run(offer.key, cast.ties, offer.target_id, offer.data, undoes=offer.line_id)
    assert [row["owner"] for row in api()["workspaces"]] == ["Ties"]


def test_a_snooze_until_a_day_ends_by_the_clock(cast: Cast) -> None:
    do(SNOOZE, cast, {"until": "2026-11-28"}, reason="They asked for time")
    assert names() == [] and names("tab=snoozed") == ["Jeugdpanel"]
    assert api("tab=snoozed")["workspaces"][0]["snoozed_until"] == "28 November 2026"
    with clock.frozen(NOW.replace(day=27, hour=23, minute=59)):
        assert names() == []
    with clock.frozen(NOW.replace(day=28, hour=0, minute=0, second=0, microsecond=0)):
        assert names() == ["Jeugdpanel"] and names("tab=snoozed") == []


def test_a_snooze_ends_when_a_worse_reason_appears(cast: Cast) -> None:
    space("near")
    record("near", 0.9, 1)
    from bursar.tenants.models import Workspace

    near = Workspace.objects.get(external_id="near").public_id
    run(SNOOZE, cast.ties, near, {})
    assert names() == ["Jeugdpanel"]
    with clock.frozen(NOW + timedelta(days=2)):
        bring_all(usage("near", "more", NOW - timedelta(days=30), 60))
        assert names() == ["Jeugdpanel"], "nearer, and not yet worse"
        bring_all(usage("near", "full", NOW + timedelta(days=1), 900))
        assert sorted(names()) == ["Jeugdpanel", "Space near"]


def test_a_snooze_without_a_day_does_not_hide_what_begins_anew(cast: Cast) -> None:
    do(SNOOZE, cast)
    assert names() == []
    with clock.frozen(NOW + timedelta(days=1)):
        cast.reset_panel()
    with clock.frozen(NOW + timedelta(days=3)):
        bring_all(usage("panel", "again", NOW + timedelta(days=2), 3600))
        assert names() == ["Jeugdpanel"]


def test_waking_and_undoing(cast: Cast) -> None:
    outcome = do(SNOOZE, cast, {"until": "2026-11-28"})
    offer = UndoOffer.objects.get(line_id=outcome.line_id)
    run(offer.key, cast.ties, offer.target_id, {"line": offer.line_id})
    assert names() == ["Jeugdpanel"]
    assert isinstance(refusal_of(WAKE, cast.ties, cast.panel.public_id, {}), Blocked)


@pytest.mark.parametrize("until", ["2026-11-24", "2020-01-01", "never"])
def test_a_day_that_is_not_ahead_is_told_beside_its_field(cast: Cast, until: str) -> None:
    refusal = refusal_of(SNOOZE, cast.ties, cast.panel.public_id, {"until": until})
    assert isinstance(refusal, Invalid) and list(refusal.fields) == ["until"]
    assert names() == ["Jeugdpanel"] and not Triage.objects.exists()


def test_where_nothing_asks_there_is_nothing_to_take(cast: Cast) -> None:
    for key in (TAKE, SNOOZE):
        refusal = refusal_of(key, cast.ties, cast.klimaat.public_id, {"owner": cast.ties.id} if key == TAKE else {})
        assert isinstance(refusal, Blocked) and "Nothing asks" in refusal.sentence
    assert isinstance(refusal_of(TAKE, cast.ada, cast.panel.public_id, {"owner": cast.ada.id}), Forbidden)
    assert not Triage.objects.exists()


def test_an_outcome_is_kept_in_the_row_and_in_the_book(cast: Cast) -> None:
    do(NOTE, cast, {"outcome": "no_answer", "text": "Left a message."})
    do(NOTE, cast, {"outcome": "reached", "text": ""})
    assert api()["workspaces"][0]["outcome"] == "reached"
    notes = AuditLine.objects.filter(key=NOTE)
    assert notes.count() == 2 and not any(line.customer_visible for line in notes)
    side = sign_in("iris@agora.example").get(f"/panel/workspaces/{cast.panel.public_id}").content.decode()
    assert "Left a message." in side, "an outcome is among the notes of the workspace"
    history = sign_in("lotte@client.example").get("/history/").content.decode()
    assert "Left a message" not in history and "outcome" not in history


def test_accounts_are_triaged_alike(cast: Cast) -> None:
    failed = NOW - timedelta(days=6)
    bring_all(payment("haarlem", failed, mode="self_serve", status="past_due", cadence="yearly", past_due_since=failed))
    refresh(NOW)
    run("attention.account.take", cast.ties, cast.haarlem.public_id, {"owner": cast.ties.id})
    assert api()["accounts"][0]["owner"] == "Ties"
    run("attention.account.snooze", cast.ties, cast.haarlem.public_id, {})
    assert api()["accounts"] == [] and len(api("tab=snoozed")["accounts"]) == 1
    refused = refusal_of("attention.account.snooze", cast.ties, cast.oost.public_id, {})
    assert isinstance(refused, Blocked)


def test_the_kebab_has_them_and_customers_never_see_them(cast: Cast) -> None:
    entries = {entry.label: entry for entry in menu.build(cast.ties, "workspace", cast.panel.public_id, NOW)[0].entries}
    assert entries["Take…"].enabled and entries["Snooze…"].enabled and not entries["End snooze"].enabled
    assert entries["Send outreach mail…"].enabled
    assert (
        "rests: back on 28 November 2026"
        in preview(SNOOZE, cast.ties, cast.panel.public_id, {"until": "2026-11-28"}).sentence
    )
    assert names() == ["Jeugdpanel"], "a preview keeps nothing"


def test_several_are_taken_and_snoozed_at_once(cast: Cast) -> None:
    space("two")
    record("two", 2, 1)
    from bursar.tenants.models import Workspace

    ids = [cast.panel.public_id, Workspace.objects.get(external_id="two").public_id]
    ties = sign_in("ties@agora.example")
    for verb, data in (("take", {"owner": cast.ties.id}), ("snooze", {"until": "2026-12-01"})):
        address = f"/panel/actions/bulk/workspace/{verb}"
        assert ties.get(address, {"workspace": ids}).status_code == 200
        assert ties.post(address, {"workspace": ids, **data}).status_code == 200
    rows = api("tab=snoozed")["workspaces"]
    assert {row["owner"] for row in rows} == {"Ties"} and len(rows) == 2

"""Walks the registry: a new action is proven here without a line being written."""

from __future__ import annotations

import html
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from bursar.access.actor import Actor
from bursar.access.rights import Right, explain_missing
from bursar.actions import menu
from bursar.actions.closing import list_declaration_faults
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.run import run
from bursar.actions.spec import Action, Case, Reason
from bursar.audit.models import AuditLine
from bursar.core.errors import Forbidden, NotFound
from tests.cast import NOW, Cast, refusal_of, sign_in

EVERY = sorted(ACTIONS)


def target_id(cast: Cast, action: Action) -> str:
    return cast.target_id(action.target_slug)


def what_ada_lacks(cast: Cast, action: Action) -> str:
    """The sentence about the right that an auditor has not, whatever she fills in; "" where she may."""
    if action.permission is not None and action.permission is not Right.READ:
        return explain_missing(action.permission)
    target = TARGETS[action.target_slug].fetch(cast.iris if action.permission else cast.ada, target_id(cast, action))
    need = action.needs(Case(cast.ada, target, NOW), None) if action.needs else None
    return explain_missing(need.right) if need and not cast.ada.can(need.right) else ""


@pytest.mark.parametrize("key", EVERY)
def test_it_is_declared_whole(key: str) -> None:
    assert list_declaration_faults(ACTIONS[key]) == []


@pytest.mark.parametrize("key", EVERY)
def test_who_lacks_the_right_is_refused_and_nothing_changes(cast: Cast, key: str) -> None:
    action = ACTIONS[key]
    before = AuditLine.objects.count()
    if missing := what_ada_lacks(cast, action):
        refusal = refusal_of(key, cast.ada, target_id(cast, action), {}, reason="x")
        assert isinstance(refusal, Forbidden) and missing in refusal.sentence
    stranger: Actor = cast.lotte if action.target_slug != "workspace" else cast.maud
    assert isinstance(refusal_of(key, stranger, target_id(cast, action), {}, reason="x"), NotFound)
    assert isinstance(refusal_of(key, cast.iris, "nothing_here", {}, reason="x"), NotFound)
    assert AuditLine.objects.count() == before


@pytest.mark.parametrize("key", EVERY)
def test_the_api_has_it_and_answers_in_kind(cast: Cast, key: str) -> None:
    action = ACTIONS[key]
    address = f"/api/v1/{action.target_slug}/{target_id(cast, action)}/actions/{action.verb_name}"
    from django.test import Client

    assert Client().post(address, "{}", content_type="application/json").status_code == 401
    reader = sign_in("ada@agora.example")
    body: dict[str, Any] = {"data": {}}
    if action.reason is not Reason.NONE:
        body["reason"] = "x"
    answer = reader.post(address, json.dumps(body), content_type="application/json")
    malformed = reader.post(address, "{", content_type="application/json")
    unknown = reader.post(address, json.dumps({**body, "colour": 1}), content_type="application/json")
    if not what_ada_lacks(cast, action) and not action.danger:  # she did not confirm lately that it is her
        assert answer.status_code in (200, 409, 422) and malformed.status_code == 400
        assert unknown.status_code == 422 and unknown.json()["sentence"]
    else:
        assert {answer.status_code, malformed.status_code, unknown.status_code} == {403}


@pytest.mark.parametrize("key", EVERY)
def test_its_dialog_opens_for_a_reader_with_the_reason_why_not(cast: Cast, key: str) -> None:
    action = ACTIONS[key]
    address = reverse("actions:dialog", args=[action.target_slug, target_id(cast, action), action.verb_name])
    page = sign_in("ada@agora.example").get(address)
    assert page.status_code == 200 and action.title in page.content.decode()
    if missing := what_ada_lacks(cast, action):
        assert html.escape(missing) in page.content.decode()
    colleague = sign_in("iris@agora.example").get(address, headers={"HX-Request": "true"})
    assert colleague.status_code == (404 if action.permission is None else 200)  # everybody's own is nobody else's


def test_the_openapi_text_names_every_action(cast: Cast) -> None:
    schema = sign_in("iris@agora.example").get("/api/v1/openapi.json").json()
    operations = {op["operationId"] for path in schema["paths"].values() for op in path.values()}
    assert {key.replace(".", "_") for key in ACTIONS} <= operations


def test_the_command_lists_every_action(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("actions", "--json")
    listed = json.loads(capsys.readouterr().out)
    assert [row["key"] for row in listed] == EVERY
    assert all(
        {"target", "label", "help", "permission", "reason", "customer_visible", "fields"} <= set(row) for row in listed
    )


def test_the_command_line_runs_and_refuses(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    from django.core.management import CommandError

    with pytest.raises(CommandError, match="Say why"):
        call_command("act", "usage.workspace.reset_usage", cast.panel.public_id)
    with pytest.raises(CommandError, match="no action"):
        call_command("act", "a.b.c", "x")
    call_command("act", "usage.workspace.reset_usage", cast.panel.public_id, "--reason", "Council")
    assert "Counting starts anew" in capsys.readouterr().out


def test_a_kebab_says_why_a_lever_is_off(cast: Cast) -> None:
    sections = menu.build(cast.ties, "workspace", cast.klimaat.public_id, NOW)
    assert [section.title.split(" ")[0] for section in sections] == ["Workspace", "Account", "Organisation"]
    entries = {entry.label: entry for entry in sections[0].entries}
    assert "set tier" in entries["Change tier…"].why_not and not entries["Change tier…"].enabled
    assert entries["Discount…"].enabled and not entries["Reset usage…"].enabled
    assert len(TARGETS) >= 4


def test_a_kebab_is_in_the_order_of_its_groups(cast: Cast) -> None:
    own, account, _ = menu.build(cast.iris, "workspace", cast.klimaat.public_id, NOW)
    assert list(own.groups) == ["Plan and usage", "Money", "People and access", "Partner", "Attention and notes"]
    assert [entry.label for entry in own.groups["Money"]] == ["Discount…", "Remove discount…"]
    assert list(account.groups) == list(own.groups)
    discount = {"kind": "partner", "percent": "10", "end_date": ""}
    run("plans.workspace.set_discount", cast.iris, cast.panel.public_id, discount, reason="Council")
    again = menu.build(cast.iris, "workspace", cast.panel.public_id, NOW)[0]
    assert list(again.groups)[:2] == ["", "Plan and usage"] and again.entries[0].label == "Undo “Discount”…"


def test_the_api_performs_and_repeats_once(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    address = f"/api/v1/workspace/{cast.panel.public_id}/actions/reset_usage"
    body = json.dumps({"reason": "Council", "message": "Go on."})
    sent = [
        ties.post(address, body, content_type="application/json", headers={"Idempotency-Key": "abc"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in sent] == [200, 200]
    assert sent[0].json() == sent[1].json()
    again = ties.post(address, body, content_type="application/json")
    assert again.status_code == 409 and "nothing to reset" in again.json()["sentence"]


def test_an_export_at_the_shell_lies_where_it_says(
    cast: Cast, one_connection: None, tmp_path: Any, monkeypatch: Any
) -> None:
    """Nobody else can fetch it: it lies in the folder at hand, under its name, or where `--output` says."""
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    call_command("act", "rollup.company.export", "company", "--set", "rows=accounts", stdout=said)
    (made,) = tmp_path.iterdir()
    assert f"They are in {made}." in said.getvalue() and made.read_text().startswith("month,")
    call_command("act", "rollup.company.export", "company", "--set", "rows=accounts", "--output", "there.csv")
    assert (tmp_path / "there.csv").read_bytes() == made.read_bytes()
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        call_command("act", "rollup.company.export", "company", "--set", "rows=accounts")
    assert len(list(tmp_path.iterdir())) == 2


def test_what_leaves_a_dialog_is_not_taken_for_the_action() -> None:
    """As “Cancel” beside “Cancel plan” would be."""
    assert [key for key, action in ACTIONS.items() if action.title.startswith(action.way_out)] == []

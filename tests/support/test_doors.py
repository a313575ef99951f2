"""Who sees what at which door: the product's, the staff's program, the panel, the customer's page and history."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions import menu
from bursar.audit.models import AuditLine
from bursar.core import clock
from tests.cast import NOW, Cast, bring_all, person, refusal_of, seat, shown_by, sign_in
from tests.requests.helpers import Product
from tests.support.helpers import WHY, ask, customer, join, pull

TIES = "ties@agora.example"


def test_the_product_asks_by_address_or_id(cast: Cast) -> None:
    product = Product("support")

    def may(staff: str) -> dict[str, object]:
        answer = product.get(f"support/workspaces/panel/staff/{staff}")
        assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
        body: dict[str, object] = answer.json()
        return body

    assert may(TIES)["may_enter"] is False and may("nobody@agora.example")["why"] == "Nobody on the staff goes by that."
    pull("turn_on", customer("lotte"), cast.panel)
    assert may(TIES)["may_enter"] is False, "the switch alone lets nobody in: they join"
    session = join(cast.ties, cast.panel)
    assert may(TIES.upper()) == may(cast.ties.id) == {
        "workspace": "panel", "may_enter": True, "role": "admin", "session": session.public_id,
        "until": "2026-11-25T14:02:11+00:00", "why": "",
    }  # fmt: skip
    assert may("iris@agora.example")["may_enter"] is False
    assert product.get(f"support/workspaces/klimaat/staff/{TIES}").json()["may_enter"] is False
    with clock.frozen(session.until):
        assert may(TIES)["may_enter"] is False, "with the worker stopped"
    pull("turn_off", customer("lotte"), cast.panel)
    assert may(TIES) == {
        "workspace": "panel", "may_enter": False, "role": None, "session": None, "until": None,
        "why": "There is no running session: it ended, or never began.",
    }  # fmt: skip
    assert product.get(f"support/workspaces/nowhere/staff/{TIES}").status_code == 404


def test_the_product_reads_how_it_stands_and_needs_the_scope(cast: Cast) -> None:
    asked = ask(cast.iris, cast.panel)
    product = Product("support")
    body = product.get("support/workspaces/panel").json()
    assert (body["is_on"], body["until"], body["sessions"]) == (False, None, [])
    assert [(one["request"], one["email"], one["note"]) for one in body["requests"]] == [
        (asked.public_id, "iris@agora.example", WHY)
    ]
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    body = product.get("support/workspaces/panel").json()
    assert body["is_on"] is True and body["until"] == "2026-12-25T00:00:00Z" and body["requests"] == []
    assert [(one["email"], one["why"]) for one in body["sessions"]] == [(TIES, WHY)]


def test_a_key_without_the_scope_is_refused(cast: Cast) -> None:
    product = Product("push", "entitlements")
    assert product.get("support/workspaces/panel").status_code == 403
    assert product.get(f"support/workspaces/panel/staff/{TIES}").status_code == 403


def test_the_staffs_programs_read_and_act(cast: Cast) -> None:
    ties = sign_in(TIES)
    address = f"/api/v1/workspace/{cast.panel.public_id}/actions/ask"
    made = ties.post(address, json.dumps({"data": {"note": WHY}}), content_type="application/json")
    assert made.status_code == 200, made.content
    body = ties.get("/api/v1/support").json()
    assert body["is_on"] is None and [one["staff"] for one in body["requests"]] == [cast.ties.id]
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.iris, cast.panel)
    body = ties.get(f"/api/v1/support?workspace={cast.panel.public_id}").json()
    assert body["is_on"] is True and [one["staff"] for one in body["sessions"]] == [cast.iris.id]
    assert [(one["state"], bool(one["use_until"])) for one in body["requests"]] == [("approved", True)]
    assert ties.get(f"/api/v1/support?workspace={cast.klimaat.public_id}").json()["sessions"] == []
    assert ties.get("/api/v1/support?workspace=wsp_nothing").status_code == 404


def test_the_customer_sees_every_step_without_a_colleagues_name(cast: Cast) -> None:
    lotte = sign_in("lotte@client.example")
    page = f"/workspaces/{cast.panel.public_id}"
    assert "comes in only when you let it in" in shown_by(lotte.get(page))
    asked = ask(cast.ties, cast.panel)
    text = shown_by(lotte.get(page))
    assert "asks to come in once" in text and WHY in text
    assert f"/actions/workspace/{cast.panel.public_id}/approve?request={asked.public_id}" in text
    pull("approve", customer("lotte"), cast.panel, request=asked.public_id)
    join(cast.ties, cast.panel, "")
    text = shown_by(lotte.get(page))
    assert "Somebody from the Agora Voices team is in" in text and "Turn support access off…" in text
    pull("leave", cast.ties, cast.panel)
    for address in (page, "/history/", f"/history/?of={cast.panel.public_id}"):
        text = shown_by(lotte.get(address))
        for step in ("Support asks to be let in", "Support request approved", "Support came in", "Support left"):
            assert step in text, (address, step)
        assert "by the Agora Voices team" in text and "by you" in text and WHY in text
        assert "Ties" not in text and TIES not in text and cast.ties.id not in text


def test_others_of_the_workspace_see_it_and_decide_nothing(cast: Cast) -> None:
    bring_all(
        *person("mem", "Mem"),
        seat("panel", "mem", "member", NOW),
        *person("ext", "Ext"),
        seat("panel", "ext", "external", NOW),
    )
    ask(cast.ties, cast.panel)
    from bursar.access.models import User
    from bursar.tenants.models import Person

    for ref in ("mem", "ext"):
        user = User.objects.create_user(f"{ref}@client.example", ref)
        Person.objects.filter(external_id=ref).update(user=user)
    page = f"/workspaces/{cast.panel.public_id}"
    text = shown_by(sign_in("mem@client.example").get(page))
    assert "Owners and admins of the workspace decide about this." in text and "/approve?" not in text
    assert "Support access" not in shown_by(sign_in("ext@client.example").get(page))


def test_the_panel_shows_who_is_in_and_who_waits(cast: Cast) -> None:
    iris, page = sign_in("iris@agora.example"), f"/panel/workspaces/{cast.panel.public_id}"
    assert "Ask to be let in…" in shown_by(iris.get(page)) and "Nobody waits to be let in." in shown_by(
        iris.get("/panel/support/")
    )
    ask(cast.ties, cast.panel)
    pull("approve", customer("lotte"), cast.panel, request=ask(cast.iris, cast.panel, "Look").public_id)
    ask(cast.ties, cast.klimaat)
    text = shown_by(iris.get("/panel/support/"))
    for heading, count in (
        ("Let in once, and not in yet", 1),
        ("Wait for the customer's answer", 2),
        ("In a workspace", 0),
    ):
        assert f'{heading} <span class="dim">{count}</span>' in text
    assert "Ties" in text and "Iris" in text
    join(cast.iris, cast.panel, "")
    text = shown_by(iris.get(page))
    assert (
        "You are in until" in text
        and f"/panel/visits/{cast.panel.public_id}" in text
        and "Leave the workspace…" in text
    )
    levers = {
        entry.label: entry
        for part in menu.build(cast.iris, "workspace", cast.panel.public_id, NOW)
        for entry in part.entries
    }
    assert levers["Leave the workspace…"].enabled and not levers["Join as admin…"].enabled


def test_a_visitor_sees_the_admins_page_and_can_do_nothing_there(cast: Cast) -> None:
    ties, page = sign_in(TIES), f"/panel/visits/{cast.panel.public_id}"
    assert ties.get(page).status_code == 403
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    mine, theirs = (
        shown_by(ties.get(page)),
        shown_by(sign_in("lotte@client.example").get(f"/workspaces/{cast.panel.public_id}")),
    )
    for part in ("Usage by month", "Recordings in", "lotte@client.example", "Support access", "Who runs it"):
        assert part in mine and part in theirs, part
    assert "You are here as support until" in mine and 'href="/actions/' not in mine and "/billing/" not in mine
    assert ties.get(f"/panel/visits/{cast.klimaat.public_id}").status_code == 403
    assert ties.get(f"/workspaces/{cast.panel.public_id}").status_code == 404, "the customer's own address stays theirs"
    assert sign_in("lotte@client.example").get(page).status_code == 404
    for verb in ("turn_off", "turn_on", "approve"):
        refusal_of(f"support.workspace.{verb}", cast.ties.as_customer(), cast.panel.public_id)


def test_the_pages_statements_do_not_grow(cast: Cast) -> None:
    iris, lotte = sign_in("iris@agora.example"), sign_in("lotte@client.example")
    pages = (
        (iris, "/panel/support/"),
        (lotte, f"/workspaces/{cast.panel.public_id}"),
        (iris, f"/panel/workspaces/{cast.panel.public_id}"),
    )

    def count() -> list[int]:
        counts = []
        for client, address in pages:
            with CaptureQueriesContext(connection) as asked:
                assert client.get(address).status_code == 200
            counts.append(len(asked))
        return counts

    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    ask(cast.ties, cast.klimaat)
    count()
    before = count()
    join(cast.iris, cast.panel)
    join(cast.noor, cast.panel)
    for colleague in (cast.iris, cast.noor):
        ask(colleague, cast.klimaat)
    assert count() == before


@pytest.mark.parametrize("page", ["0", "x", "-1", "999999"])
def test_a_broken_page_address_is_refused_calmly(cast: Cast, page: str) -> None:
    answer = sign_in("lotte@client.example").get(f"/workspaces/{cast.panel.public_id}?support_page={page}")
    assert answer.status_code == 400


def test_a_customer_who_was_slower_reads_no_colleagues_name(cast: Cast) -> None:
    asked = ask(cast.ties, cast.panel)
    with clock.frozen(NOW + timedelta(minutes=1)):
        ask(cast.iris, cast.panel, "Another thing")
        refusal = refusal_of(
            "support.workspace.approve", customer("lotte"), cast.panel.public_id, {"request": asked.public_id}, seen=NOW
        )
    assert refusal.sentence.startswith("The Agora Voices team was quicker: “Support asks to be let in”")
    asked.refresh_from_db()
    assert asked.state == "pending" and not AuditLine.objects.filter(key="support.workspace.approve").exists()

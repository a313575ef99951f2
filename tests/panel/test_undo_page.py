"""The one place that lists what can still be taken back: page, API and command line."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.actions.models import UndoOffer
from bursar.actions.run import run
from bursar.actions.spec import Outcome
from bursar.audit.models import AuditLine
from bursar.core import clock
from tests.cast import NOW, Cast, shown_by, sign_in

SET = "plans.account.set_discount"
HALF = {"kind": "scholarship", "percent": "50", "end_date": ""}
NOTE = "tenants.workspace.add_note"


def discount(cast: Cast, percent: str = "50", who: str = "ties", account: str = "haarlem") -> Outcome:
    target = getattr(cast, account).public_id
    return run(SET, getattr(cast, who), target, {**HALF, "percent": percent}, reason="agreed")


def listed(client: Client, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/v1/undo?{query}").json()["offers"]
    return found


def test_each_with_its_target_who_did_it_and_what_comes_back(cast: Cast) -> None:
    discount(cast)
    with clock.frozen(NOW + timedelta(hours=2)):
        discount(cast, "70", "noor", "samen")
        run(NOTE, cast.ties, cast.panel.public_id, {"text": "Calls back"})
        mine = shown_by(sign_in("ties@agora.example").get("/panel/undo/"))
        assert mine.index("Note added") < mine.index("Discount set") and "Noor" not in mine
        assert f"/panel/workspaces/{cast.panel.public_id}" in mine and "Stichting Samen" in mine
        assert "22 hours left" in mine and f"/panel/accounts/{cast.haarlem.public_id}" in mine
        assert not re.search(r'"until [^"]*<', mine) and 'UTC">2' in mine
        assert "set_discount" not in mine and "remove_discount?undo=aud_" in mine
        everybody = shown_by(sign_in("ties@agora.example").get("/panel/undo/?whose=everybody"))
        assert "Noor" in everybody and everybody.count("Undo…") == 3
    reader = shown_by(sign_in("ada@agora.example").get("/panel/undo/?whose=everybody"))
    assert "Undo…" not in reader and reader.count("right") >= 3
    assert "You did nothing" in shown_by(sign_in("ada@agora.example").get("/panel/undo/"))
    assert sign_in("ties@agora.example").get("/panel/undo/?whose=hers").status_code == 400
    with clock.frozen(NOW + timedelta(hours=27)):
        assert "You did nothing" in shown_by(sign_in("ties@agora.example").get("/panel/undo/"))


def test_what_was_overtaken_or_taken_back_says_by_what(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    first = discount(cast)
    with clock.frozen(NOW + timedelta(minutes=5)):
        second = discount(cast, "30", "noor")
        rows = {row["line"]: row for row in listed(ties)}
        assert rows[first.line_id]["why_not"] == "“Discount set” was done there since, by Noor."
        assert rows[second.line_id]["why_not"] == ""
    with clock.frozen(NOW + timedelta(minutes=9)):
        back = rows[second.line_id]
        body = {"data": back["data"], "undoes": back["undoes"], "reason": "Wrong customer"}
        taken = ties.post(back["take_back"], json.dumps(body), content_type="application/json")
        assert taken.status_code == 200
        before = AuditLine.objects.count()
        again = ties.post(back["take_back"], json.dumps(body), content_type="application/json")
        assert again.status_code == 409 and AuditLine.objects.count() == before
        rows = {row["line"]: row for row in listed(ties)}
        assert rows[second.line_id]["why_not"] == "Taken back by Ties."
        assert [row["line"] for row in listed(ties, "mine=true")] == [taken.json()["line_id"], first.line_id]


def test_page_by_page_and_always_with_as_many_statements(cast: Cast) -> None:
    run(NOTE, cast.ties, cast.panel.public_id, {"text": "0"})
    discount(cast)
    run("plans.account.set_managed", cast.ties, cast.samen.public_id, {"cadence": "yearly"}, reason="x")
    client = sign_in("ties@agora.example")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/panel/undo/")
    for number, workspace in enumerate((cast.panel, cast.lab, cast.noord, cast.klimaat) * 4):
        with clock.frozen(NOW + timedelta(minutes=number)):
            run(NOTE, cast.ties, workspace.public_id, {"text": str(number)})
    with CaptureQueriesContext(connection) as many:
        client.get("/panel/undo/")
    assert len(many) <= len(few) + 1  # who came since is looked up once, for all
    first = client.get("/api/v1/undo?limit=10").json()
    rest = client.get(f"/api/v1/undo?limit=10&cursor={first['next_cursor']}").json()
    ids = [row["line"] for row in [*first["offers"], *rest["offers"]]]
    assert len(ids) == len(set(ids)) == 19 and not rest["next_cursor"]
    assert client.get("/api/v1/undo?cursor=zz").status_code == 400
    assert sign_in("lotte@client.example").get("/panel/undo/").status_code == 404


def test_at_the_shell(cast: Cast) -> None:
    made, said = discount(cast), StringIO()
    call_command("undo", stdout=said)
    assert made.line_id in said.getvalue() and "1 day left" in said.getvalue()
    with pytest.raises(CommandError, match="Say why"):
        call_command("undo", made.line_id)
    with pytest.raises(CommandError, match="nothing to undo"):
        call_command("undo", "aud_none")
    assert UndoOffer.objects.count() == 1
    call_command("undo", made.line_id, "--reason", "Wrong customer", stdout=said)
    with pytest.raises(CommandError, match="no discount to remove"):
        call_command("undo", made.line_id, "--reason", "Again")
    said = StringIO()
    call_command("undo", "--json", stdout=said)
    assert [row["label"] for row in json.loads(said.getvalue())] == ["Discount removed", "Discount set"]

"""What is counted beside the navigation comes with the page, as it was last counted; no page counts by itself."""

from __future__ import annotations

import re
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.models import LastCounted
from bursar.ui import navigation
from bursar.ui.navigation import HEADED, Side, build
from tests.cast import Cast, shown_by, sign_in

USAGE = "/panel/usage/"


def beside(client: Client, key: str) -> str:
    found = re.search(rf'id="count-{key}"(\s+hidden)?>([\d,]*)<', client.get(USAGE).content.decode())
    assert found is not None
    return found[2] if not found[1] else ""


def test_counts_come_with_the_page_as_they_were_last_counted(cast: Cast) -> None:
    iris, ties = sign_in("iris@agora.example"), sign_in("ties@agora.example")
    assert beside(iris, "at-risk") == ""
    iris.get("/panel/counts")
    assert beside(iris, "at-risk") == "1" and beside(ties, "at-risk") == "", "each reader's own"
    assert LastCounted.objects.get().counts == navigation.count(cast.iris)


def test_a_page_asks_anew_only_when_the_counts_are_old(cast: Cast) -> None:
    iris, load = sign_in("iris@agora.example"), 'hx-trigger="load, refresh" hx-swap="none"'
    assert load in shown_by(iris.get(USAGE))
    iris.get("/panel/counts")
    assert load not in shown_by(iris.get(USAGE))
    clock.set_fixed(clock.now() + timedelta(seconds=1))
    run("tenants.workspace.add_note", cast.ties, cast.panel.public_id, {"text": "Called."})
    assert load in shown_by(iris.get(USAGE)), "a colleague did something"
    iris.get("/panel/counts")
    assert load not in shown_by(iris.get(USAGE))
    clock.set_fixed(clock.now() + timedelta(seconds=61))
    assert load in shown_by(iris.get(USAGE))


def test_they_cost_a_page_no_statement(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            iris.get("/panel/staff/")
        return len(asked)

    statements()
    before = statements()
    iris.get("/panel/counts")
    assert statements() == before
    assert sum("core_lastcounted" in one["sql"] for one in connection.queries_log) <= 1


def test_the_sections_stand_in_order_and_hold_what_concerns_the_reader(cast: Cast) -> None:
    entries = build(Side.PANEL, "payments:drift", cast.iris)
    heads = [shown.head for shown in entries if shown.head]
    assert list(dict.fromkeys(heads)) == list(HEADED.values()) and heads == sorted(heads, key=[*HEADED.values()].index)
    assert [shown.entry.key for shown in entries if shown.is_here] == ["payments"]
    assert {"approvals", "import"} - {shown.entry.key for shown in build(Side.PANEL, "", cast.ada)}

"""Discounts, as they are announced and where their last day stands; and what becomes of a trial in managed mode."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from bursar.actions.run import preview, run
from bursar.core import clock
from bursar.plans.models import Discount, PaymentTerms
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from tests.cast import NOW, Cast, bring_all, fact, prove, refusal_of, shown_by, sign_in

SET_HERE, REMOVE_HERE = "plans.workspace.set_discount", "plans.workspace.remove_discount"
HALF = {"kind": "scholarship", "percent": "50", "end_date": "2027-01-15"}
FULL = {"kind": "partner", "percent": "0", "end_date": ""}
MANAGED = "plans.account.set_managed"


def foreseen(slug: str, target: Any, verb: str, data: dict[str, Any], who: str = "ties") -> str:
    address = reverse("actions:preview", args=[slug, target.public_id, verb])
    return sign_in(f"{who}@agora.example").post(address, data).content.decode().replace("&#x27;", "'")


def test_the_last_day_stands_on_row_file_and_api(cast: Cast, tmp_path: Any) -> None:
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, HALF, reason="x")
    run(SET_HERE, cast.ties, cast.noord.public_id, {**HALF, "percent": "20", "end_date": "2026-12-31"}, reason="x")
    iris = sign_in("iris@agora.example")
    page = shown_by(iris.get("/panel/usage/?q=haarlem"))
    assert "−50 %" in page and "20 % off, scholarship" in page and "until 31 Dec" in page
    detail = shown_by(iris.get(reverse("rollup:detail", args=[cast.haarlem.public_id])))
    assert "discounted 50 %, scholarship, until 15 January 2027" in detail
    workspace = iris.get(reverse("panel:workspace", args=[cast.noord.public_id])).content.decode()
    assert "scholarship, until 31 December 2026" in workspace
    (account,) = iris.get("/api/v1/accounts?q=haarlem").json()["accounts"]
    assert account["discount_last_day"] == "2027-01-15"
    days = {row["workspace"]: row["workspace_discount_last_day"] for row in account["workspaces_list"]}
    assert sorted(days.values()) == ["2026-12-31", "2027-01-15"]
    made = run("rollup.company.export", cast.iris, "company", {"rows": "workspaces", "query": "q=haarlem"})
    answer: Any = iris.get(made.data["path"])
    rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))
    assert {row["discount_last_day"] for row in rows} == {"2027-01-15"}
    assert {row["workspace_discount_last_day"] for row in rows} == {"2026-12-31", "2027-01-15"}
    prove()


def test_a_removed_discount_keeps_the_last_day_that_a_closed_month_knew(cast: Cast) -> None:
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, HALF, reason="x")
    with clock.frozen(NOW + timedelta(days=12)):
        fact(cast.haarlem)
        run("plans.account.remove_discount", cast.ties, cast.haarlem.public_id, reason="x")
        days = AccountMonth.objects.filter(account=cast.haarlem, month__gte=date(2026, 11, 1)).order_by("month")
        assert list(days.values_list("discount_end_date", flat=True)) == [date(2027, 1, 15), None]
        prove()


def test_the_full_price_under_a_discount_is_called_so_and_not_badged(cast: Cast) -> None:
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, HALF, reason="x")
    assert "The account's 50 % does not hold here any more: the full price does." in foreseen(
        "workspace", cast.noord, "set_discount", FULL
    )
    done = run(SET_HERE, cast.ties, cast.noord.public_id, FULL, reason="x")
    assert done.sentence == "Wijkgesprekken Noord has no discount here, the full price."
    (change,) = done.changes
    held = "50 % scholarship, until 15 January 2027, the account's"
    assert (change.before, change.after) == (held, "no discount here, the full price")
    row = WorkspaceMonth.objects.filter(workspace=cast.noord).latest("month")
    assert (row.discount_percent, row.discount_end_date) == (0, None)
    panel = sign_in("iris@agora.example").get("/panel/usage/?q=haarlem").content.decode()
    assert "0 % off" not in panel.replace("50 % off", "")
    workspace = sign_in("iris@agora.example").get(reverse("panel:workspace", args=[cast.noord.public_id]))
    assert "<strong>none</strong> <small>the full price</small>" in shown_by(workspace)
    own = sign_in("maud@client.example").get(reverse("dashboard:account", args=[cast.haarlem.public_id]))
    assert "<span>no discount here, the full price</span>" in own.content.decode()
    back = run(REMOVE_HERE, cast.ties, cast.noord.public_id, reason="x")
    assert [(one.before, one.after) for one in back.changes] == [("no discount here, the full price", held)]
    prove()


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        ("50", "The account's 50 % holds here already: the price stays the same."),
        ("20", ""),
    ],
)
def test_a_discount_that_changes_nothing_says_so(cast: Cast, percent: str, words: str) -> None:
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, HALF, reason="x")
    page = foreseen("workspace", cast.noord, "set_discount", {**HALF, "percent": percent})
    assert (words in page) if words else ("stays the same" not in page)


def test_no_discount_where_there_is_none_says_so(cast: Cast) -> None:
    assert "The full price holds here already" in foreseen("workspace", cast.noord, "set_discount", FULL)
    assert refusal_of("plans.account.set_discount", cast.ties, cast.haarlem.public_id, FULL, reason="x").status == 422
    assert not Discount.objects.exists()


def test_set_managed_says_what_becomes_of_a_trial(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="x")
    words = foreseen("account", cast.samen, "set_managed", {"cadence": "yearly"})
    assert "The reverse trial goes on until 24 December 2026, 14:02 UTC; then it is Free again." in words
    run(MANAGED, cast.ties, cast.samen.public_id, {"cadence": "yearly"}, reason="x")
    assert (fact(cast.samen).klass, fact(cast.samen).tier) == ("trial", "changemaker")
    with clock.frozen(NOW + timedelta(days=31)):
        assert (fact(cast.samen).klass, fact(cast.samen).tier) == ("managed", "free")
        prove()


def test_set_managed_keeps_the_tier_of_a_trial(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="x")
    asked = {"cadence": "monthly", "keep_tier": "on"}
    dialog = reverse("actions:dialog", args=["account", cast.samen.public_id, "set_managed"])
    assert "Keep the trial's tier" in sign_in("noor@agora.example").get(dialog).content.decode().replace("&#x27;", "'")
    assert preview(MANAGED, cast.noor, cast.samen.public_id, asked).effects
    run(MANAGED, cast.noor, cast.samen.public_id, asked, reason="They stay")
    terms = PaymentTerms.objects.at(NOW).get(account=cast.samen)
    assert (terms.mode, terms.cadence) == ("managed", "monthly")
    row = fact(cast.samen)
    assert (row.klass, row.tier, row.potential) == ("managed", "changemaker", 86)
    with clock.frozen(NOW + timedelta(days=31)):
        assert (fact(cast.samen).klass, fact(cast.samen).tier) == ("managed", "changemaker")
        prove()


def test_keeping_a_tier_needs_the_right_to_change_one(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="x")
    asked = {"cadence": "yearly", "keep_tier": "on"}
    assert refusal_of(MANAGED, cast.ties, cast.samen.public_id, asked, reason="x").status == 403
    assert fact(cast.samen).mode == "self_serve" and fact(cast.samen).klass == "trial"


def test_without_a_trial_nothing_is_offered(cast: Cast) -> None:
    dialog = reverse("actions:dialog", args=["account", cast.samen.public_id, "set_managed"])
    assert "keep_tier" not in sign_in("noor@agora.example").get(dialog).content.decode()


def test_set_managed_says_what_becomes_of_a_trial_discount(cast: Cast) -> None:
    trial = {"kind": "discount", "account": {"organisation": "samen"}, "type": "trial", "percent": 100}
    bring_all({**trial, "from": NOW - timedelta(days=3), "end_date": "2026-12-31"})
    words = foreseen("account", cast.samen, "set_managed", {"cadence": "yearly"})
    assert "The trial discount of 100 % goes on until 31 December 2026; then it is over." in words

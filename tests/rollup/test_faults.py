"""No single account can take a page down: one that cannot be computed says so, and is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from bursar.actions.run import run
from bursar.core import clock
from bursar.plans.rules import AccountState
from bursar.rollup.models import AccountMonth, Unprojected, WorkspaceMonth
from bursar.rollup.refresh import refresh
from bursar.rollup.rules import amounts
from bursar.rollup.verify import list_differences
from bursar.tenants.models import WorkspaceMembership
from tests.cast import NOW, Cast, bring_all, export, fact, prove, refusal_of, sign_in, usage
from tests.rollup.test_ended import product
from tests.rollup.test_marks import manager

SENTENCE = "this account divides by nothing"
HEALED = NOW + timedelta(minutes=11)


@pytest.fixture
def fault(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Oost cannot be worked out, wherever anybody tries."""
    prove()
    real = amounts.work_out

    def work_out(account: AccountState, *given: Any, **more: Any) -> Any:
        if account.id == cast.oost.pk:
            raise ZeroDivisionError(SENTENCE)
        return real(account, *given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(amounts, "work_out", work_out)
        yield patch


def touch(cast: Cast) -> None:
    """All three accounts are computed anew."""
    bring_all(*[manager(name, NOW - timedelta(days=40)) for name in ("haarlem", "samen", "oost")])


def gauge(client: Client) -> str:
    text = client.get("/metrics").content.decode()
    return next(line for line in text.splitlines() if line.startswith("bursar_faulty_accounts"))


def test_every_page_is_there_and_its_row_says_so(cast: Cast, fault: Any) -> None:
    touch(cast)
    assert fact(cast.oost).fault == f"ZeroDivisionError: {SENTENCE}"
    assert fact(cast.haarlem).manager is not None and fact(cast.samen).manager is not None
    iris = sign_in("iris@agora.example")
    for address in (
        "/panel/usage/", "/panel/usage/?month=2026-10", "/panel/usage/?sort=manager&q=oost",
        "/panel/usage/movements/", "/panel/usage/movements/2026-11/net", "/panel/usage/totals", "/panel/at-risk/",
        f"/panel/usage/rows/{cast.oost.public_id}", f"/panel/usage/seats/{cast.oost.public_id}",
        f"/panel/accounts/{cast.oost.public_id}", f"/panel/workspaces/{cast.lab.public_id}",
        f"/panel/organisations/{cast.oost.organisation.public_id}", "/api/v1/rollup", "/api/v1/accounts",
        f"/api/v1/accounts/{cast.oost.public_id}", f"/api/v1/workspaces/{cast.lab.public_id}", "/api/v1/movements",
        "/api/v1/at-risk",
    ):  # fmt: skip
        assert iris.get(address).status_code == 200, address
    page = iris.get("/panel/usage/").content.decode()
    assert page.count("cannot be computed") == 2 and SENTENCE in page, "its row, and the totals"
    for name in ("accounts", "workspaces"):
        (row,) = [one for one in export(iris, name) if one["account"] == "Universiteit Oost"]
        assert (row["class"], row["tier"], row["mrr_eur"], row["potential_eur"], row["seats"]) == ("", "", "", "", "")
        assert row["reason"] == f"Cannot be computed: ZeroDivisionError: {SENTENCE}."
    totals = iris.get("/api/v1/rollup").json()["totals"]
    assert (totals["accounts"], totals["mrr_eur"], totals["potential_eur"]) == (2, "150.00", "0.00")
    months = iris.get("/api/v1/movements").json()["months"]
    assert months[-1]["churn"]["accounts"] == 0
    assert product("GET", "/entitlements/lab", None)["tier"] == "guardian"


def test_it_is_counted_named_and_tried_again(cast: Cast, fault: Any) -> None:
    touch(cast)
    client = Client(REMOTE_ADDR="127.0.0.1")
    assert gauge(client) == "bursar_faulty_accounts 1.0"
    found = [str(difference) for difference in list_differences(NOW)]
    assert any(cast.oost.public_id in text and SENTENCE in text for text in found)
    assert all(cast.oost.public_id in text or text.startswith(("page of", "all of")) for text in found), found
    with pytest.raises(CommandError):
        call_command("verify")
    assert refresh(NOW) == 0, "not again at once"
    with clock.frozen(HEALED):
        assert refresh(HEALED) == 1 and Unprojected.objects.get().fault
    fault.undo()
    with clock.frozen(HEALED + timedelta(minutes=11)):
        prove()
        assert gauge(client) == "bursar_faulty_accounts 0.0"
        row = fact(cast.oost)
        assert (row.fault, row.klass, row.potential) == ("", "managed", 150) and row.manager is not None
        assert AccountMonth.objects.filter(account=cast.oost).exclude(fault="").count() == 0


def test_the_command_tries_again_at_once(cast: Cast, fault: Any) -> None:
    touch(cast)
    fault.undo()
    call_command("verify")
    assert not Unprojected.objects.exists()


def test_a_month_that_closes_meanwhile_is_put_right_with_the_others(cast: Cast, fault: Any) -> None:
    touch(cast)
    with clock.frozen(NOW + timedelta(days=50)):
        refresh(clock.now())
        faulty = AccountMonth.objects.filter(account=cast.oost).exclude(fault="")
        assert {row.month.isoformat() for row in faulty} == {"2026-11-01", "2026-12-01", "2027-01-01"}
        bring_all(usage("lab", "late", NOW, 3600))
        fault.undo()
        refresh(clock.now(), try_again=True)
        prove()
        assert not AccountMonth.objects.exclude(fault="").exists()
        assert AccountMonth.objects.get(account=cast.oost, month="2026-11-01").recorded_seconds == 3600


def test_the_door_fails_loudly_on_that_account_alone(cast: Cast, fault: Any) -> None:
    data = {"kind": "partner", "percent": "10"}
    refusal = refusal_of("plans.account.set_discount", cast.iris, cast.oost.public_id, data, reason="x")
    assert refusal.status == 503 and SENTENCE in refusal.sentence and "nothing was changed" in refusal.sentence
    assert not cast.oost.discounts.exists()
    path = f"/api/v1/account/{cast.oost.public_id}/actions/set_discount"
    client = sign_in("iris@agora.example")
    client.raise_request_exception = False
    sent = {"data": {**data, "percent": 10}, "reason": "x"}
    answer = client.post(path, sent, content_type="application/json")
    assert answer.status_code == 503 and SENTENCE in answer.json()["sentence"], answer.content
    run("plans.account.set_discount", cast.iris, cast.samen.public_id, data, reason="x")
    assert fact(cast.samen).discount_percent == 10


def test_one_pushed_item_is_taken_and_the_row_says_so(cast: Cast, fault: Any) -> None:
    """A push is done to no account: what the product says must not be lost with it."""
    answer = product("PUT", "/workspaces/lab/members/jan", {"role": "external", "changed_at": str(NOW)})
    assert answer["result"] == "updated"
    assert WorkspaceMembership.objects.at(NOW).get(workspace=cast.lab).role == "external"
    assert fact(cast.oost).fault == f"ZeroDivisionError: {SENTENCE}" and Unprojected.objects.get().account == cast.oost
    fault.undo()
    with clock.frozen(HEALED):
        prove()
        fact(cast.oost)
        assert WorkspaceMonth.objects.get(workspace=cast.lab, month="2026-11-01").externals == 1


def test_a_batch_of_many_goes_on_without_it(cast: Cast, fault: Any) -> None:
    items = [{"kind": "workspace_member", "workspace": ref, "person": "ali", "role": "member", "changed_at": str(NOW)}
             for ref in ("lab", "panel")]  # fmt: skip
    answer = product("POST", "/batch", {"items": items})
    assert [one["result"] for one in answer["results"]] == ["created", "created"]
    assert WorkspaceMembership.objects.filter(workspace=cast.lab, person__external_id="ali").exists()
    assert fact(cast.samen).seats == 2
    assert Unprojected.objects.get().account == cast.oost
    fault.undo()
    with clock.frozen(HEALED):
        prove()
        assert fact(cast.oost).seats == 2


def test_the_customer_is_told_and_the_home_goes_on(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    real = amounts.work_out

    def work_out(account: AccountState, *given: Any, **more: Any) -> Any:
        if account.id == cast.haarlem.pk:
            raise ZeroDivisionError(SENTENCE)
        return real(account, *given, **more)

    monkeypatch.setattr(amounts, "work_out", work_out)
    maud = sign_in("maud@client.example")
    assert maud.get("/").status_code == 200
    answer = maud.get(f"/billing/{cast.haarlem.public_id}")
    assert answer.status_code == 503 and "cannot be worked out right now" in answer.content.decode()

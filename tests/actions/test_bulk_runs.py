"""A bulk run goes on by itself, row by row, once each; one that cannot says so, and is gone on with or stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from procrastinate.contrib.django.models import ProcrastinateJob

from bursar.actions import bulk, runs
from bursar.actions.jobs import resume_bulk
from bursar.actions.models import BulkRun, BulkState
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound
from bursar.core.ticks import TICKS
from bursar.outbox.models import OutboxRow
from bursar.plans.models import Discount
from tests.cast import NOW, Cast, prove, refusal_of, sign_in
from tests.waiting import Beside

KEY = "plans.account.set_discount"
HALF: dict[str, Any] = {"kind": "scholarship", "percent": "50", "end_date": ""}


def three(cast: Cast) -> list[str]:
    return [cast.haarlem.public_id, cast.samen.public_id, cast.oost.public_id]


def begin(cast: Cast, **more: Any) -> BulkRun:
    return bulk.start(KEY, cast.ties, three(cast), HALF, "spring", **more)


def lines(made: BulkRun) -> int:
    return AuditLine.objects.filter(group=made.public_id, key=KEY).count()


def tick(minutes: float) -> list[str]:
    """The minute, so much later. The runs that wait for the worker then."""
    with clock.frozen(NOW + timedelta(minutes=minutes)):
        TICKS["actions.bulk"](clock.now())
    jobs = ProcrastinateJob.objects.filter(task_name="actions.resume_bulk", status="todo")
    return list(jobs.values_list("args__run_id", flat=True))


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Exception]], None]:
    """What stands in the way at a row: before it is done, or after (“then”), before that is written down."""

    def arrange(faults: dict[str, Exception], *, then: bool = False) -> None:
        def do(key: str, actor: Any, target_id: str, *args: Any, **more: Any) -> Any:
            if target_id in faults and not then:
                raise faults[target_id]
            outcome = run(key, actor, target_id, *args, **more)
            if target_id in faults:
                raise faults[target_id]
            return outcome

        monkeypatch.setattr(bulk, "run", do)

    return arrange


@pytest.mark.parametrize("then", [False, True], ids=["before the row", "after the row"])
@pytest.mark.parametrize("fault", [OperationalError("server closed"), InterfaceError("connection already closed")])
def test_what_the_database_broke_off_the_worker_goes_on_with(
    cast: Cast, fail: Any, fault: Exception, then: bool
) -> None:
    fail({cast.samen.public_id: fault}, then=then)
    made = begin(cast)
    assert made.state == BulkState.RUNNING and made.results.count() == 1
    assert tick(1) == [], "somebody may be at it"
    assert tick(3) == tick(4) == [made.public_id]
    fail({})
    resume_bulk(made.public_id)
    made.refresh_from_db()
    assert (made.state, made.tries) == (BulkState.DONE, 0)
    assert [row.status for row in made.results.order_by("id")] == [200] * 3 and lines(made) == 3
    assert Discount.objects.count() == 3
    prove()


def test_a_fault_in_one_row_stops_no_other(cast: Cast, fail: Any) -> None:
    fail({cast.samen.public_id: RuntimeError("a bug")})
    made = begin(cast)
    assert made.state == BulkState.DONE
    assert [row.status for row in made.results.order_by("id")] == [200, 500, 200]
    assert made.results.get(status=500).sentence == bulk.BROKE and lines(made) == 2
    prove()


def halted(cast: Cast, fail: Any) -> BulkRun:
    """A row that ends whoever does it."""
    fail({cast.samen.public_id: OperationalError("killed")})
    made = begin(cast)
    for number in range(runs.TRIES):
        assert tick(3 * number + 3) == [made.public_id]
        ProcrastinateJob.objects.all().delete()
        with clock.frozen(NOW + timedelta(minutes=3 * number + 3)), pytest.raises(OperationalError):
            resume_bulk(made.public_id)
    assert tick(60) == []
    made.refresh_from_db()
    return made


def test_one_that_cannot_go_on_says_so(cast: Cast, fail: Any) -> None:
    made = halted(cast, fail)
    assert made.state == BulkState.HALTED and f"begun {runs.TRIES} times" in made.fault
    assert made.results.count() == 1 == lines(made)
    line = AuditLine.objects.get(key="actions.bulk_run.halt")
    assert OutboxRow.objects.filter(kind="notice", payload__line=line.public_id, payload__notices=["leads"]).exists()
    page = sign_in("ties@agora.example").get(f"/panel/actions/bulk-runs/{made.public_id}").content.decode()
    assert "cannot go on by itself" in page and "bulk_run/" in page and "Go on…" in page and "Stop…" in page
    assert tick(120) == [], "nothing more by itself"
    prove()


def test_gone_on_with_it_ends(cast: Cast, fail: Any) -> None:
    made = halted(cast, fail)
    ProcrastinateJob.objects.all().delete()
    outcome = run("actions.bulk_run.go_on", cast.ties, made.public_id)
    assert "2 left" in outcome.sentence
    assert list(
        ProcrastinateJob.objects.filter(task_name="actions.resume_bulk").values_list("args__run_id", flat=True)
    ) == [made.public_id]
    fail({})
    resume_bulk(made.public_id)
    made.refresh_from_db()
    assert made.state == BulkState.DONE and lines(made) == 3
    assert isinstance(refusal_of("actions.bulk_run.go_on", cast.ties, made.public_id), Blocked)
    assert isinstance(refusal_of("actions.bulk_run.stop", cast.ties, made.public_id), Blocked)
    prove()


def test_stopped_the_rest_stays_as_it_was(cast: Cast, fail: Any) -> None:
    made = halted(cast, fail)
    outcome = run("actions.bulk_run.stop", cast.iris, made.public_id)  # a lead reaches a colleague's
    assert "2 of 3 left" in outcome.sentence
    fail({})
    resume_bulk(made.public_id)
    assert made.results.count() == 1 == lines(made) and tick(180) == []
    assert isinstance(refusal_of("actions.bulk_run.stop", cast.ada, made.public_id), Forbidden)
    assert isinstance(refusal_of("actions.bulk_run.stop", cast.maud, made.public_id), NotFound)
    made.refresh_from_db()
    assert made.state == BulkState.STOPPED
    prove()


def test_stopped_in_the_middle_the_row_in_hand_is_the_last(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def do(*args: Any, **more: Any) -> Any:
        outcome = run(*args, **more)
        made = BulkRun.objects.get()
        if made.results.count() == 1:
            run("actions.bulk_run.stop", cast.ties, made.public_id)
        return outcome

    monkeypatch.setattr(bulk, "run", do)
    made = begin(cast)
    made.refresh_from_db()
    assert made.state == BulkState.STOPPED
    assert made.results.count() == 2 == lines(made)
    prove()


def test_what_was_left_for_a_day_is_not_done_unasked(cast: Cast, fail: Any) -> None:
    fail({cast.samen.public_id: OperationalError("killed")})
    made = begin(cast)
    assert tick(24 * 60 + 1) == []
    made.refresh_from_db()
    assert made.state == BulkState.HALTED and "still wanted" in made.fault
    prove()


def test_nobody_halts_what_gets_further(cast: Cast, fail: Any) -> None:
    fail({cast.samen.public_id: OperationalError("killed")})
    made = begin(cast)
    bulk._halt(made, "seen too late")
    made.refresh_from_db()
    assert made.state == BulkState.RUNNING and not AuditLine.objects.filter(key="actions.bulk_run.halt").exists()


def ask(cast: Cast, key: str, **more: Any) -> Any:
    body = {"action": KEY, "ids": three(cast), "data": {**HALF, "percent": 50}, "reason": "spring", **more}
    ties = sign_in("ties@agora.example")
    return ties.post(
        "/api/v1/bulk", json.dumps(body), content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_the_same_key_is_the_same_run_at_the_api(cast: Cast) -> None:
    first, again = ask(cast, "once"), ask(cast, "once")
    assert first.status_code == again.status_code == 200 and first.json() == again.json()
    assert first.json()["state"] == "done" and lines(BulkRun.objects.get()) == 3
    other = ask(cast, "once", reason="autumn")
    assert other.status_code == 422 and "Take a new key" in other.content.decode()
    single = refusal_of(KEY, cast.ties, cast.samen.public_id, HALF, reason="spring", idempotency_key="once")
    assert isinstance(single, Invalid)
    assert BulkRun.objects.count() == 1 and AuditLine.objects.filter(key=KEY).count() == 3
    assert ask(cast, "another").json()["id"] != first.json()["id"]


def test_a_key_whose_run_was_broken_off_gets_that_run(cast: Cast, fail: Any) -> None:
    fail({cast.samen.public_id: OperationalError("killed")})
    first = ask(cast, "once").json()
    assert (first["state"], first["done"], first["total"]) == ("running", 1, 3)
    fail({})
    assert ask(cast, "once").json() == first, "it is the worker's now"
    resume_bulk(first["id"])
    assert (ask(cast, "once").json()["state"], lines(BulkRun.objects.get())) == ("done", 3)


def test_a_double_click_on_the_page_is_one_run(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    address = "/panel/actions/bulk/account/set_discount"
    dialog = ties.get(address, {"account": three(cast)}).content.decode()
    key = dialog.partition('name="idempotency_key" value="')[2].partition('"')[0]
    form = {"account": three(cast), **HALF, "reason": "", "idempotency_key": key}
    refused = ties.post(address, form)
    assert refused.status_code == 422 and f'value="{key}"' in refused.content.decode()
    pages = [ties.post(address, {**form, "reason": "spring"}).content.decode() for _ in range(2)]
    assert all(page.count(">done<") == 3 for page in pages)
    assert lines(BulkRun.objects.get()) == 3


@pytest.mark.django_db(transaction=True)
def test_two_at_once_under_one_key_are_one_run(committed: Cast) -> None:
    both = [Beside(lambda: begin(committed, idempotency_key="once")) for _ in range(2)]
    found = {thread.finish().public_id for thread in both}
    made = BulkRun.objects.get()
    assert found == {made.public_id} and lines(made) == 3 == made.results.count()
    prove()

"""How many statements a lever costs, and that what it passes on is what is stored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.core import clock
from bursar.plans.actions.shared import state_after, state_of
from bursar.plans.queries import ACCOUNT_ROWS, WORKSPACE_ROWS, load_account
from tests.cast import NOW, Cast, fact, prove, sign_in

KEY = "plans.workspace.change_tier"


def test_one_change_of_tier_by_its_dialog(cast: Cast) -> None:
    """All of it: session, actor, idempotency, locks, rules, write, figures, book, undo, notice and webhook."""
    noor = sign_in("noor@agora.example")
    address = f"/panel/actions/workspace/{cast.lab.public_id}/change_tier"
    run(KEY, cast.noor, cast.lab.public_id, {"tier": "changemaker"}, reason="x")
    with clock.frozen(NOW + timedelta(hours=1)):
        noor.get(address)
        form = {"tier": "guardian", "reason": "x", "idempotency_key": "once", "seen": clock.now().isoformat()}
        with CaptureQueriesContext(connection) as caught:
            answer = noor.post(address, form, headers={"HX-Request": "true"})
        assert fact(cast.oost).tier == "guardian"
        prove()
    assert answer.status_code == 204
    # two of them: no batch of usage in flight, and whether any event is dated after this change
    assert len(caught) <= 50, "\n".join(query["sql"][:150] for query in caught.captured_queries)
    said = [query["sql"].replace('"', "") for query in caught.captured_queries]
    loaded = [sql for sql in said if "FROM plans_paymentterms" in sql]
    assert len(loaded) == 2, "once for what lapsed meanwhile, once as part of the state"


@pytest.mark.parametrize("source", [*ACCOUNT_ROWS, *WORKSPACE_ROWS], ids=lambda source: source.model.__name__)
def test_what_was_written_is_read_again(cast: Cast, source: object) -> None:
    """Whatever the rows that went: the state read again is the one that a fresh load finds."""
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id,
        {"kind": "partner", "percent": "10", "end_date": ""}, reason="x")  # fmt: skip
    run("plans.workspace.set_discount", cast.ties, cast.klimaat.public_id,
        {"kind": "partner", "percent": "20", "end_date": ""}, reason="x")  # fmt: skip
    case = Case(cast.ties, cast.haarlem, NOW)
    assert state_after(case, cast.haarlem.pk) is None, "nothing was loaded, so nothing is passed on"
    state_of(case)
    source.model.objects.all().delete()  # type: ignore[attr-defined]  # a Source
    case.unread = {source.table}  # type: ignore[attr-defined]  # a Source
    assert state_after(case, cast.haarlem.pk) == load_account(cast.haarlem.pk)
    assert state_after(case, cast.samen.pk) is None, "another account"
    case.unread = {"plans_paidperiod"}
    assert state_after(case, cast.haarlem.pk) == load_account(cast.haarlem.pk)

"""The product wants somebody in a workspace trained: who hears of it, until when, and that it stops nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.core import clock
from bursar.product.queries import get_entitlement
from bursar.tenants.models import Workspace
from bursar.training.models import Licence, TrainingNeed
from bursar.training.queries.needs import list_untrained
from tests.cast import NOW, Cast, bring_all, seat, shown_by, sign_in
from tests.product.test_door import call, make_key
from tests.training.lines import TODAY, licence, training

OLD = NOW - timedelta(days=100)


def need(key: str, ref: str = "klimaat", org: str = "haarlem", *, is_needed: bool = True, **more: Any) -> Any:
    name = Workspace.objects.get(external_id=ref).name
    body = {"organisation": org, "name": name, "changed_at": clock.now(), **more}
    answer = call("PUT", f"/workspaces/{ref}", body | ({"needs_training": True} if is_needed else {}), key)
    return answer.json()


def at_risk(query: str = "") -> list[tuple[str, str, str]]:
    rows = sign_in("iris@agora.example").get(f"/api/v1/at-risk?{query}").json()["workspaces"]
    return [(row["workspace"], row["reason"], row["further_reasons"]) for row in rows]


def test_a_push_says_it_and_a_push_without_it_ends_it(cast: Cast) -> None:
    key = make_key()
    before = get_entitlement("klimaat", NOW)
    assert need(key)["result"] == "updated"
    said = TrainingNeed.objects.get()
    assert (said.workspace, said.since) == (cast.klimaat, NOW)
    with clock.frozen(NOW + timedelta(days=1)):
        assert need(key)["result"] == "unchanged" and TrainingNeed.objects.get().since == NOW
        old = need(key, is_needed=False, changed_at=NOW - timedelta(days=2))
        assert old["result"] == "stale" and TrainingNeed.objects.exists()
        assert get_entitlement("klimaat", NOW) == before, "it blocks nothing"
        assert need(key, is_needed=False)["result"] == "updated"
        assert not TrainingNeed.objects.exists()


def test_a_new_workspace_may_say_so_at_once(cast: Cast) -> None:
    body = {"organisation": "samen", "name": "Nieuw", "needs_training": True, "changed_at": NOW}
    assert call("PUT", "/workspaces/nieuw", body, make_key()).json()["result"] == "created"
    assert TrainingNeed.objects.get().workspace.external_id == "nieuw"


def test_who_is_trained_there_ends_it_and_nobody_else(cast: Cast) -> None:
    need(make_key())
    untrained = (cast.klimaat.name, "untrained", "")
    assert untrained in at_risk()
    bring_all(training(), licence("l-1", "lotte", "samen"))
    assert untrained in at_risk(), "Lotte sits elsewhere"
    bring_all(licence("l-2", "ali", last_day="2026-11-23"))
    assert untrained in at_risk(), "Ali's ended yesterday"
    bring_all(licence("l-3", "ali", since=TODAY))
    assert untrained not in at_risk()
    assert list_untrained([cast.klimaat.pk], NOW) == {}
    Licence.objects.filter(external_id="l-3").update(revoked_at=NOW)
    assert list_untrained([cast.klimaat.pk], NOW) == {cast.klimaat.pk: NOW}


@pytest.mark.parametrize(("at", "is_trained"), [
    (datetime(2027, 10, 1, 21, 59, tzinfo=NOW.tzinfo), True),
    (datetime(2027, 10, 1, 22, 0, tzinfo=NOW.tzinfo), False),
])  # fmt: skip
def test_a_licence_holds_to_the_end_of_the_sellers_day(cast: Cast, at: datetime, is_trained: bool) -> None:
    """Midnight in Amsterdam is 22:00 UTC in October; from then on nobody is trained, since that instant."""
    need(make_key())
    bring_all(training(), licence("l-1", "ali"))
    found = list_untrained([cast.klimaat.pk], at)
    assert found == ({} if is_trained else {cast.klimaat.pk: datetime(2027, 10, 1, 22, 0, tzinfo=NOW.tzinfo)})


def test_a_support_visit_and_an_ended_seat_train_nobody(cast: Cast) -> None:
    need(make_key())
    left = {**seat("klimaat", "jan", "member", OLD), "until": NOW - timedelta(days=1)}
    visit = {**seat("klimaat", "lotte", "admin", OLD), "is_support": True}
    bring_all(training(), left, visit, licence("l-1", "jan", "oost"), licence("l-2", "lotte", "samen"))
    assert (cast.klimaat.name, "untrained", "") in at_risk()


def test_at_risk_shows_it_last_and_beside_worse_reasons(cast: Cast) -> None:
    key = make_key()
    need(key)
    need(key, "panel", "samen")
    assert at_risk() == [("Jeugdpanel", "at_cap", "untrained"), ("Burgerberaad Klimaat", "untrained", "")]
    assert at_risk("reason=untrained") == at_risk()
    page = shown_by(sign_in("iris@agora.example").get("/panel/at-risk/?q=klimaat"))
    assert "nobody trained" in page and "Burgerberaad Klimaat" in page
    need(key, is_needed=False)
    need(key, deleted=True)
    assert at_risk() == [("Jeugdpanel", "at_cap", "untrained")], "what ended needs nobody"


def test_where_nobody_needs_it_the_list_asks_no_more_than_before(cast: Cast) -> None:
    """Its sign is one look at one table, in the statement that looks for all signs."""
    with CaptureQueriesContext(connection) as asked:
        at_risk()
    assert [query["sql"].count("training_licence") for query in asked if "training_" in query["sql"]] == [0]

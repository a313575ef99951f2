"""Hostile text at every door: refused with a sentence, or done; never a 5xx, and never both refused and done."""

from __future__ import annotations

import random
from typing import Any

import pytest

from bursar.actions.models import BulkRun
from bursar.audit.models import AuditLine
from bursar.core import cursors
from bursar.rollup.models import SavedView
from tests.cast import Cast, prove, sign_in
from tests.hostile import ODD_BODIES, Storm, written


def test_a_quick_sample_of_every_door(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.config.middleware.BAD_TOKENS", 10**9)
    storm = Storm(cast, random.Random(9))
    storm.run(600)
    assert not storm.faults, f"{len(storm.faults)}\n" + "\n".join(storm.faults[:20])
    assert storm.counts[200] > 20 and storm.counts[422] > 50, storm.counts
    prove()


TAKE = "attention.account.take"
# What each was once answered with a 500, some after rows were done: the body, and where its fault is named.
BULKS: list[tuple[dict[str, Any], str]] = [
    ({"ids": ["{known}", "x" * 25]}, "ids"),
    ({"ids": ["{known}", "a\0b"]}, "ids"),
    ({"ids": ["{known}", "\U0001f600"]}, "ids"),
    ({"ids": ["{known}", ""]}, "ids"),
    ({"reason": "a\0b"}, "reason"),
    ({"data": {"owner": "a\0b"}}, "owner"),
]


@pytest.mark.parametrize(("more", "where"), BULKS)
def test_a_bulk_is_judged_whole_before_any_row_is_done(cast: Cast, more: dict[str, Any], where: str) -> None:
    lines = AuditLine.objects.count()
    body = {"action": TAKE, "ids": ["{known}"], "data": {"owner": cast.ties.id}, "reason": "", **more}
    body["ids"] = [cast.oost.public_id if one == "{known}" else one for one in body["ids"]]
    answer = sign_in("iris@agora.example").post("/api/v1/bulk", written(body), content_type="application/json")
    assert answer.status_code == 422 and where in answer.json()["fields"], answer.content
    assert AuditLine.objects.count() == lines and not BulkRun.objects.exists()


@pytest.mark.parametrize("body", ODD_BODIES)
def test_what_is_no_json_as_we_want_it_is_told_so(cast: Cast, body: bytes) -> None:
    lead = sign_in("iris@agora.example")
    for address in ("/api/v1/bulk", f"/api/v1/account/{cast.samen.public_id}/actions/add_note"):
        answer = lead.generic("POST", address, body, content_type="application/json")
        assert answer.status_code in (400, 422) and answer.json()["sentence"], (address, answer.content)


@pytest.mark.parametrize("query", ["q=%00", "sort=%00", "tier=%00", "q=a\0b", "&".join(["q"] * 20_000)])
@pytest.mark.parametrize("verb", ["save_view", "export"])
def test_a_query_in_a_body_is_as_strict_as_an_address(cast: Cast, verb: str, query: str) -> None:
    lines = AuditLine.objects.count()
    data = {"query": query, **({"name": "x"} if verb == "save_view" else {"rows": "accounts"})}
    body = written({"data": data})
    path = f"/api/v1/company/company/actions/{verb}"
    answer = sign_in("iris@agora.example").post(path, body, content_type="application/json")
    assert answer.status_code == 422 and "query" in answer.json()["fields"], answer.content
    assert AuditLine.objects.count() == lines and not SavedView.objects.filter(name="x").exists()


def test_the_books_days_lie_where_the_calendar_goes(cast: Cast) -> None:
    lead = sign_in("iris@agora.example")
    for day in ("9999-12-31", "0001-01-01", "0000-00-00", "2026-W48-2"):
        assert lead.get("/panel/book/", {"until": day}).status_code == 400, day
        assert lead.get("/api/v1/book", {"since": day}).status_code == 400, day


@pytest.mark.parametrize("address", ["book", "requests", "deliveries", "accounts", "months/2026-11/movements/new"])
def test_a_cursor_of_ones_own_making(cast: Cast, address: str) -> None:
    lead, odd = (
        sign_in("iris@agora.example"),
        [1, "x", "a\0b", None, 2**63, -(2**63), 1e400, True, [], "2026-11-24T10:00:00", "9999-12-31T23:59:59-12:00"],
    )
    for first in odd:
        for values in ([first], [first, 1], [first, first], ["2026-11-24T10:00:00Z", first]):
            answer = lead.get(f"/api/v1/{address}", {"cursor": cursors.encode(values)})
            assert answer.status_code in (200, 400, 404), (values, answer.content)


def test_an_idempotency_key_that_cannot_be_kept(cast: Cast) -> None:
    lines = AuditLine.objects.count()
    path = f"/panel/actions/account/{cast.samen.public_id}/add_note"
    for name in ("idempotency_key", "undoes"):
        answer = sign_in("iris@agora.example").post(path, {"text": "x", name: "a\0b"})
        assert answer.status_code == 400, answer.content
    assert AuditLine.objects.count() == lines

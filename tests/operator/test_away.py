"""The database is away: every address says so in its own form, and is well again as soon as it is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.transaction import TransactionManagementError
from django.test import Client

from bursar.access.keys import digest_of
from bursar.access.rights import Right
from bursar.actions import run as door
from bursar.audit.models import AuditLine
from bursar.core.faults import AWAY, as_unavailable, is_away
from bursar.product.models import ApiKey, Scope
from bursar.staff.models import ApiToken
from tests.cast import Cast, sign_in
from tests.walk import ROUTES, filled

pytestmark = pytest.mark.django_db(transaction=True)
# Answered without asking the database anything.
NEEDS_NONE = {
    "/healthz",
    "/panel",
    "/handbook",
    "/api/product/v1/openapi.json",
    "/account/inactive",
    "/api/v1/",
    "/api/product/v1/",
}


@contextmanager
def away() -> Iterator[None]:
    known = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        yield
    finally:
        connection.settings_dict["HOST"] = known
        connection.close()


def test_every_address_says_so_in_its_own_form(committed: Cast) -> None:
    ApiToken.objects.create(
        member_id=committed.iris.staff_id or 0, name="t", digest=digest_of("t"), hint="h", rights=list(Right)
    )
    ApiKey.objects.create(name="k", digest=digest_of("t"), hint="h", scopes=Scope.values, created_by="t")
    lead = sign_in("iris@agora.example")
    lead.raise_request_exception = False
    program = Client(raise_request_exception=False, headers={"Authorization": "Bearer t"})
    paths = {
        route: filled(route, committed, {"workspace": "panel"} if "product" in route else None) for route in ROUTES
    }
    wrong: list[Any] = []
    asked = 0
    with away():
        assert Client().get("/healthz").content == b"ok\n"
        for route, path in paths.items():
            is_api = route.startswith("/api/")
            for headers, kind in (({}, "text/html"), ({"HX-Request": "true"}, "text/plain")):
                answer = (program if is_api else lead).get(path, headers=headers)
                if answer.status_code in (404, 405) or route in NEEDS_NONE:
                    continue
                if route == "/readyz":
                    fits = "does not answer" in answer.json()["problem"]
                else:
                    fits = AWAY in answer.content.decode()
                    fits &= answer["Content-Type"].startswith("application/json" if is_api else kind)
                if answer.status_code != 503 or not answer.has_header("Retry-After") or not fits:
                    wrong.append((route, answer.status_code, answer.headers, answer.content[:200]))
                asked += 1
    assert not wrong, (len(wrong), wrong[:10])
    assert asked > 100
    assert lead.get("/panel/usage/").status_code == 200


def test_writes_are_told_so_and_done_once_when_sent_again(committed: Cast) -> None:
    lead, lines = sign_in("iris@agora.example"), AuditLine.objects.count()
    lead.raise_request_exception = False
    path = f"/api/v1/account/{committed.samen.public_id}/actions/add_note"
    body, headers = {"data": {"text": "Once"}}, {"Idempotency-Key": "once"}
    with away():
        answer = lead.post(path, body, content_type="application/json", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        with pytest.raises(CommandError) as told:
            call_command("import", "docs/examples/import.ndjson")
        assert AWAY in str(told.value)
    for _ in range(2):
        assert lead.post(path, body, content_type="application/json", headers=headers).status_code == 200
    assert AuditLine.objects.count() == lines + 1


@pytest.mark.parametrize(
    ("code", "words", "gone"),
    [
        ("55P03", "Somebody else is changing this", False), ("57014", "longer than it may", False), ("40P01", "Another change", False),
        ("40001", "Another change", False), ("57P01", AWAY, True), ("25P03", AWAY, True), ("53300", AWAY, True), ("", AWAY, True),
    ],
)  # fmt: skip
def test_which_errors_are_nobodys_fault(code: str, words: str, gone: bool) -> None:
    error = OperationalError("x")
    error.__cause__ = type("Said", (Exception,), {"sqlstate": code})()
    later = TransactionManagementError("asked inside the transaction that this ended")
    later.__cause__ = error
    for one in (error, later):
        told = as_unavailable(one)
        assert told is not None and words in told.sentence and is_away(one) == gone
    assert as_unavailable(TransactionManagementError("a fault of ours")) is None
    assert as_unavailable(DatabaseError("a fault of ours")) is None and as_unavailable(ValueError()) is None


def test_deadlocked_three_times_is_a_refusal(committed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def deadlock(*args: Any) -> Any:
        tries.append(1)
        error = OperationalError("deadlock detected")
        error.__cause__ = type("Said", (Exception,), {"sqlstate": "40P01"})()
        raise error

    monkeypatch.setattr(door, "_perform", deadlock)
    path = f"/api/v1/account/{committed.samen.public_id}/actions/add_note"
    answer = sign_in("iris@agora.example").post(path, {"data": {"text": "x"}}, content_type="application/json")
    assert (answer.status_code, answer["Retry-After"], len(tries)) == (503, "5", 3)
    assert "Another change came between" in answer.json()["sentence"]

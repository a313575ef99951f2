"""What is accepted and refused in form, and which instants can be true, at every door by which data comes in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bursar.access.actor import system
from bursar.audit.models import AuditLine
from bursar.core import strictjson
from bursar.plans.models import Discount
from bursar.product.importing import LINE_LENGTH, import_lines, lines_of
from bursar.tenants.models import Invitation, Login, Organisation, Person, Workspace, WorkspaceMembership
from bursar.usage.models import UsageEvent
from tests.cast import NOW, PASSWORD, Cast, prove, refusal_of, sign_in
from tests.product.test_door import call, event, make_key

BOM = b"\xef\xbb\xbf"
DAY = timedelta(days=1)
EVERYTHING = (Organisation, Workspace, Person, WorkspaceMembership, Invitation, Login, Discount, UsageEvent, AuditLine)


def stored() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in EVERYTHING]


def take(*lines: bytes) -> dict[int, str]:
    return import_lines(lines, system("test")).bad


def line(kind: str, **fields: Any) -> bytes:
    return json.dumps({"kind": kind, **fields}, default=str).encode()


PERSON = b'{"kind": "person", "external_id": "new", "name": "N"}'


def login(**fields: Any) -> bytes:
    return line("login", **{"person": "maud", "day": "2026-11-20", "count": 1, **fields})


def discount(**fields: Any) -> bytes:
    given = {"workspace": "lab", "type": "partner", "percent": 10, "from": NOW - DAY, **fields}
    return line("discount", **given)


def invitation(**fields: Any) -> bytes:
    given = {"external_id": "i", "workspace": "lab", "email": "a@b.example", "role": "member", "invited_at": NOW - DAY}
    return line("invitation", **{**given, **fields})


REFUSED_LINES: list[tuple[bytes, str]] = [
    (b'{"kind": "person", "external_id": "new", "name": "A", "name": "B"}', "the key “name” stands twice"),
    (b'{"kind": "discount", "kind": "person", "external_id": "new", "name": "\\u0022"}', "“kind” stands twice"),
    (discount(percent=True), "percent: must be a whole number"),
    (discount(percent="10"), "percent: must be a whole number"),
    (discount(percent=15.5), "percent: must be a whole number"),
    (discount(percent=101), "percent"),
    (discount(**{"from": 1764000000}), "from: must be an instant with its offset"),
    (discount(**{"from": "1764000000"}), "from: must be an instant with its offset"),
    (discount(**{"from": "2026-13-01T00:00:00Z"}), "from: must be an instant with its offset"),
    (discount(end_date=20261231), "end_date: must be a day"),
    (discount(end_date="2077-01-01"), "end_date: lies more than 50 years"),
    (discount(end_date="9999-12-31"), "end_date: lies more than 50 years"),
    (discount(until="2077-01-01T00:00:00Z"), "until: lies more than 50 years"),
    (login(day="2099-01-01"), "day: lies more than 24 hours"),
    (login(day="1900-01-01"), "day: lies before the year 2000"),
    (login(day=1764000000), "day: must be a day"),
    (login(count="3"), "count: must be a whole number"),
    (login(count=1.5), "count: must be a whole number"),
    (invitation(invited_at="2099-01-01T00:00:00Z"), "invited_at: lies more than 24 hours"),
    (invitation(invited_at="1900-01-01T00:00:00Z"), "invited_at: lies before the year 2000"),
    (invitation(invited_at="0001-01-01T00:00:00+02:00"), "invited_at"),
    (invitation(invited_at="9999-12-31T23:59:59-02:00"), "invited_at"),
    (invitation(role=True), "role"),
    (line("person", external_id="new", name="\u200b\u2060"), "name: holds nothing that can be seen"),
    (line("person", external_id="new", name="\u3164"), "name: holds nothing that can be seen"),
    (line("person", external_id="new", name="tseT \u202egnp.exe"), "U+202E"),
    (line("person", external_id="\u200b", name="N"), "external_id: holds nothing that can be seen"),
    (line("person", external_id="new", name="bell\x07"), "U+0007"),
    (line("person", external_id="new", name="N", email="İ" * 200 + "@b.nl"), "email: is longer"),
    (b'{"kind": "person", "external_id": "new", "name": "\\ud800"}', "not JSON"),
    (b'{"kind": "person", "external_id": "new", "name": "\\ud800\xff"}', "not UTF-8"),
    (b'{"kind": "person", "external_id": "new", "name": "nul\x00"}', "not JSON"),
    (b'{"kind": "login", "person": "maud", "day": "2026-11-20", "count": 1e999}', "not JSON"),
    (b'{"kind": "login", "person": "maud", "day": "2026-11-20", "count": 1e300}', "count"),
    (b'{"kind": "login", "person": "maud", "day": "2026-11-20", "count": ' + b"9" * 5000 + b"}", "not JSON"),
    (b'{"kind": "login", "person": "maud", "day": "2026-11-20", "count": NaN}', "not JSON"),
    (b"[" * 90_000, "not JSON"),
    (b'{"a":' * 500 + b"1" + b"}" * 500, "nested too deep"),
    (b'{"kind": ["person"]}', "no kind"),
    (b"true", "JSON object"),
    (line("paid", external_id="p", account={"organisation": "oost"}, source="managed", net="1e3", gross="1", booked_at=NOW,
          **{"from": NOW, "until": NOW + DAY}), "net: must be a number"),
    (line("paid", external_id="p", account={"organisation": "oost"}, source="managed", net=True, gross="1", booked_at=NOW,
          **{"from": NOW, "until": NOW + DAY}), "net: must be a number"),
    (line("paid", external_id="p", account={"organisation": "oost"}, source="managed", net=1, gross=1, booked_at=NOW + 2 * DAY,
          **{"from": NOW, "until": NOW + DAY}), "booked_at: lies more than 24 hours"),
    (line("organisation", external_id="new", name="N", created_at=NOW, is_partner="yes"), "is_partner"),
    (line("organisation", external_id="new", name="N", created_at=NOW, country="ß"), "country"),
    (line("organisation", external_id="new", name="N", created_at=NOW + 2 * DAY), "created_at: lies more than 24 hours"),
    (line("tier", workspace="lab", tier="free", **{"from": NOW + 2 * DAY}), "from: lies more than 24 hours"),
    (line("usage", source="r", id="x", workspace="lab", at="1999-12-31T23:59:59Z", seconds=1), "at: lies before the year 2000"),
    (line("usage", source="r", id="x", workspace="lab", at=NOW, seconds=True), "seconds: must be a whole number"),
    (b"x" * (LINE_LENGTH + 1), "longer than"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "words"), REFUSED_LINES, ids=range(len(REFUSED_LINES)))
def test_a_line_that_is_refused_is_named_and_changes_nothing(cast: Cast, bad: bytes, words: str) -> None:
    before = stored()
    told = take(b"", bad)
    assert list(told) == [2] and words in told[2], told
    assert stored() == before


def test_what_a_line_may_look_like(cast: Cast) -> None:
    organisation = line("organisation", external_id="be", name="Brussel", created_at=NOW, country="be")
    many = [
        BOM + PERSON,
        login(count=3.0),
        discount(percent=60.0, **{"from": "2026-11-23t09:00:00.5z"}),
        organisation.replace(b"+00:00", b"z"),
        line("usage", source="r", id="x", workspace="lab", at="2026-11-23 10:00:00+0100", seconds=60.0),
        line("person", external_id="rtl", name="\u200fنورا"),
        line("person", external_id="two", name='Anne "An" de\u00a0Wit'),
    ]
    assert not take(*many)
    assert Organisation.objects.get(external_id="be").country == "BE"
    assert Discount.objects.get().percent == 60
    assert UsageEvent.objects.get(event_id="x").at == datetime.fromisoformat("2026-11-23T09:00:00+00:00")
    assert Login.objects.get(person__external_id="maud", day="2026-11-20").count == 3
    before = stored()[:-1]
    assert not take(*many)
    assert stored()[:-1] == before
    prove()


def test_the_edges_of_what_can_be_true(cast: Cast) -> None:
    first, ahead = "2000-01-01T00:00:00Z", NOW + timedelta(hours=24)
    assert not take(
        login(day="2000-01-01"),
        login(day="2026-11-25"),
        invitation(invited_at=first),
        invitation(external_id="j", invited_at=ahead),
        discount(**{"from": first}, until="2076-11-24T14:02:11Z"),
        line("usage", source="r", id="x", workspace="lab", at=ahead, seconds=1),
    )
    late = {"a": ahead + timedelta(microseconds=1), "b": "2076-11-24T14:02:12Z"}
    assert len(take(invitation(external_id="k", invited_at=late["a"]), discount(until=late["b"]))) == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.binary(max_size=80), st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=8)),
    lambda inner: st.dictionaries(st.sampled_from(
        ["kind", "external_id", "name", "created_at", "percent", "from", "workspace", "account", "at"]), inner),
    max_leaves=9,
).map(lambda made: json.dumps(made).encode())), max_size=4))  # fmt: skip
@example([b"\x00", b"\xff\xfe{\x00", b'{"kind":"person","external_id":"x","name":"' + "ﷺ".encode() * 200 + b'"}'])
def test_an_import_never_ends_in_a_traceback(cast: Cast, lines: list[bytes]) -> None:
    report = import_lines(lines, system("test"))
    assert report.taken + len(report.bad) == report.lines


def test_a_name_that_is_longer_when_it_is_folded(cast: Cast, db: None) -> None:
    """One letter of it becomes eighteen in the key by which it is sorted and found."""
    assert not take(line("person", external_id="new", name="ﷺ" * 200))
    assert call("PUT", "/people/new", {"name": "ß" * 200, "changed_at": NOW}).status_code == 200


def test_a_file_without_end_or_none_at_all(cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Endless(BytesIO):
        left = 3

        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None and 0 < size <= LINE_LENGTH + 1
            self.left -= 1
            return b"x" * size if self.left > 0 else b""

    assert [len(found) for found in lines_of(Endless())] == [LINE_LENGTH + 1]
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import", str(tmp_path))
    file = tmp_path / "utf-16.ndjson"
    file.write_bytes(PERSON.decode().encode("utf-16"))
    with pytest.raises(CommandError, match="1 lines were left out"):
        call_command("import", str(file))
    assert "line 1: not UTF-8 text" in capsys.readouterr().err


# Pushed


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/organisations/samen", {"name": "S", "changed_at": "2099-01-01T00:00:00Z"}, "more than 5 minutes"),
        ("/organisations/samen", {"name": "S", "changed_at": NOW + timedelta(minutes=5, seconds=1)}, "5 minutes"),
        ("/organisations/samen", {"name": "S", "changed_at": "1900-01-01T00:00:00Z"}, "2000"),
        ("/organisations/samen", {"name": "S", "changed_at": 1764000000}, "instant with its offset"),
        ("/organisations/samen", {"name": "\u200b", "changed_at": NOW}, "nothing that can be seen"),
        ("/organisations/samen", {"name": "a\u202eb", "changed_at": NOW}, "U+202E"),
        ("/organisations/samen", {"name": "S", "deleted": "no", "changed_at": NOW}, "deleted"),
        ("/workspaces/lab/members/jan", {"role": "member", "changed_at": "2099-01-01T00:00:00Z"}, "5 minutes"),
        ("/people/maud/logins/2099-01-01", {"count": 1, "changed_at": NOW}, "more than 24 hours"),
        ("/people/maud/logins/1900-01-01", {"count": 1, "changed_at": NOW}, "2000"),
        ("/people/maud/logins/1764000000", {"count": 1, "changed_at": NOW}, "day"),
        ("/people/maud/logins/2026-11-20", {"count": "1", "changed_at": NOW}, "whole number"),
        ("/people/maud/logins/2026-11-20", {"count": True, "changed_at": NOW}, "whole number"),
    ],
)
def test_a_push_that_is_refused_changes_nothing(cast: Cast, path: str, body: dict[str, Any], words: str) -> None:
    key, before = make_key(), stored()
    answer = call("PUT", path, body, key)
    assert answer.status_code == 422 and words in json.dumps(answer.json(), ensure_ascii=False), answer.content
    assert stored() == before


def test_a_seat_cannot_be_frozen_by_a_push_of_2099(cast: Cast) -> None:
    key = make_key()
    assert call("PUT", "/workspaces/lab/members/jan", {"role": "owner", "changed_at": "2099-01-01T00:00:00Z"}, key)
    gone = call("PUT", "/workspaces/lab/members/jan", {"role": None, "changed_at": NOW}, key)
    assert gone.json()["result"] == "updated"
    prove()


def test_what_a_push_may_look_like(cast: Cast) -> None:
    key = make_key()
    body = BOM + b'{"name": "Samen", "country": "be", "changed_at": "2026-11-24t14:00:00z"}'
    assert call("PUT", "/organisations/samen", body, key).json()["result"] == "updated"
    assert Organisation.objects.get(external_id="samen").country == "BE"
    assert call("PUT", "/people/maud/logins/2026-11-20", {"count": 2.0, "changed_at": NOW}, key).status_code == 201
    twice = b'{"name": "A", "changed_at": "2026-11-24T14:00:00Z", "name": "B"}'
    answer = call("PUT", "/organisations/samen", twice, key)
    assert answer.status_code == 400 and "“name” stands twice" in answer.json()["sentence"]


def test_each_item_of_a_batch_is_judged_by_itself(cast: Cast) -> None:
    person = {"kind": "person", "external_id": "new", "name": "N", "changed_at": NOW}
    items = [17, None, "text", [person], person, {**person, "changed_at": "2099-01-01T00:00:00Z"}, {}]
    answer = call("POST", "/batch", {"items": items})
    results = answer.json()["results"]
    assert [row["result"] for row in results] == [*["refused"] * 4, "created", "refused", "refused"], answer.content
    assert all(row["sentence"] for row in results if row["result"] == "refused")
    assert "5 minutes" in results[5]["sentence"]
    prove()


# Usage


def test_one_event_as_well_as_an_array(cast: Cast) -> None:
    key = make_key()
    one = json.dumps(event(1)).encode()
    kind = {"Content-Type": "application/cloudevents+json"}
    assert call("POST", "/usage", BOM + one, key, **kind).json()["results"] == [{"result": "taken"}]
    assert call("POST", "/usage", [event(1)], key).json()["results"] == [{"result": "repeated"}]
    prove()


def test_bad_forms_of_usage(cast: Cast) -> None:
    key, before = make_key(), UsageEvent.objects.count()
    bad = [
        event(1, time="1900-01-01T00:00:00Z"), event(2, time="2099-01-01T00:00:00Z"), event(3, time=1764000000),
        event(4, data={"seconds": "60"}), event(5, data={"seconds": 60.5}), event(6, data={"seconds": True}),
        event(7, id="\u200b"), event(8, source="a\u202eb"), event(9, time="20261124T090000Z"),
        event(10, time="0001-01-01T00:00:00+01:00"),
    ]  # fmt: skip
    answer = call("POST", "/usage", bad, key).json()
    assert answer["refused"] == len(bad) and all(row["sentence"] for row in answer["results"])
    twice = json.dumps(event(11)).encode().replace(b'"seconds": 60', b'"seconds": 60, "seconds": 90')
    assert call("POST", "/usage", twice, key).status_code == 400
    assert UsageEvent.objects.count() == before
    good = [event(12, data={"seconds": 60.0}), event(13, time="2026-11-24t13:00:00z")]
    assert call("POST", "/usage", good, key).json()["taken"] == 2
    prove()


# Staff's own doors


@pytest.fixture
def iris(cast: Cast) -> Iterator[Any]:
    assert PASSWORD
    yield sign_in("iris@agora.example")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "partner", "percent": True}, "whole number"),
        ({"kind": "partner", "percent": "10"}, "whole number"),
        ({"kind": "partner", "percent": 15.5}, "whole number"),
        ({"kind": "partner", "percent": 10, "end_date": "2077-01-01"}, "50 years"),
        ({"kind": "partner", "percent": 10, "end_date": 20770101}, "end_date"),
    ],
)
@pytest.mark.parametrize("many", [False, True])
def test_the_admin_api_refuses_the_same(cast: Cast, iris: Any, data: dict[str, Any], words: str, many: bool) -> None:
    before = stored()
    verb, target = "plans.account.set_discount", cast.oost.public_id
    one = {"data": data, "reason": "x"}
    path = "bulk" if many else f"account/{target}/actions/set_discount"
    body = {"action": verb, "ids": [target], **one} if many else one
    answer = iris.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
    told = answer.content.decode()
    assert words in told and (answer.status_code == 422 or (many and '"status": 422' in told)), told
    assert stored() == before


def test_the_admin_api_takes_a_whole_number_with_a_point(cast: Cast, iris: Any) -> None:
    body = b'\xef\xbb\xbf{"data": {"kind": "partner", "percent": 20.0}, "reason": "x"}'
    path = f"/api/v1/account/{cast.oost.public_id}/actions/set_discount"
    assert iris.post(path, body.replace(b"x", b"x"), content_type="application/json").status_code == 200
    twice = b'{"data": {"kind": "partner", "percent": 20, "percent": 30}, "reason": "x"}'
    assert iris.post(path, twice, content_type="application/json").status_code == 400
    assert Discount.objects.get().percent == 20


@pytest.mark.parametrize("text", ["\u202eback", "\u200b"])
def test_forms_refuse_the_same_text(cast: Cast, text: str) -> None:
    refusal = refusal_of(
        "requests.organisation.ask_workspace", cast.maud, cast.haarlem.organisation.public_id,
        {"name": text, "visibility": "private", "tier": "free", "cadence": "yearly"},
    )  # fmt: skip
    assert refusal.status == 422 and "name" in refusal.fields  # type: ignore[attr-defined]  # an Invalid has them


def test_a_reason_cannot_turn_the_words_around(cast: Cast) -> None:
    data = {"tier": "guardian"}
    key = "plans.workspace.change_tier"
    assert refusal_of(key, cast.iris, cast.panel.public_id, data, reason="a\u202eb").status == 422


@given(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
))  # fmt: skip
def test_strict_reading_reads_what_json_reads(value: Any) -> None:
    for is_ascii in (True, False):
        try:
            body = json.dumps(value, ensure_ascii=is_ascii).encode()
        except UnicodeEncodeError:
            continue
        assert strictjson.loads(body) == value


@given(st.dictionaries(st.text(min_size=1), st.text(), min_size=1))
def test_strict_reading_finds_every_key_that_stands_twice(made: dict[str, str]) -> None:
    once = json.dumps(made)[:-1]
    name = next(iter(made))
    with pytest.raises(ValueError, match="stands twice"):
        strictjson.loads(f'{once}, {json.dumps(name)}: "\\u0022\\u0022"}}'.encode())

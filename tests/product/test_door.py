"""The product's door: pushes, usage, entitlements, keys."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.access.keys import digest_of
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.product.models import ApiKey, Scope
from bursar.product.usage_events import read_events
from bursar.rollup.models import AccountMonth
from bursar.tenants.models import Login, Organisation, Person, Workspace, WorkspaceMembership
from bursar.usage.models import UsageEvent
from bursar.usage.queries import get_standing
from bursar.usage.rules import calc_entitlement
from tests.cast import NOW, Cast, bring_all, fact, person, prove, refusal_of

BASE = "/api/product/v1"


def make_key(*scopes: str, name: str = "product") -> str:
    secret = f"bpk_{name}_{'_'.join(scopes)}"
    ApiKey.objects.create(
        name=name, digest=digest_of(secret), hint=secret[-4:], scopes=list(scopes or Scope.values), created_by="t"
    )
    return secret


def call(method: str, path: str, body: Any = None, secret: str = "", **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body, default=str)
    given = {"Authorization": f"Bearer {secret or make_key()}", **headers}
    content = headers.pop("Content-Type", "application/json")
    return Client(enforce_csrf_checks=True).generic(method, BASE + path, data, content_type=content, headers=given)


@pytest.fixture
def key(cast: Cast) -> str:
    return make_key()


def event(n: int, workspace: str = "panel", **more: Any) -> dict[str, Any]:
    at = (NOW - timedelta(minutes=n + 1)).isoformat()
    return {"specversion": "1.0", "id": f"e-{n}", "source": "recorder", "type": "t", "subject": workspace, "time": at,
            "data": {"seconds": 60}, **more}  # fmt: skip


# Pushing


def test_a_new_customer_comes_in_and_is_in_the_rollup(cast: Cast, key: str) -> None:
    at = {"changed_at": NOW}
    steps = [
        ("/organisations/new", {"name": "Provincie Nieuw", "country": "NL", **at}, 201),
        ("/people/nora", {"name": "Nora", "email": "Nora@new.example", **at}, 201),
        ("/workspaces/w-new", {"organisation": "new", "name": "Eerste", **at}, 201),
        ("/workspaces/w-new/members/nora", {"role": "owner", **at}, 201),
        ("/organisations/new/members/nora", {"role": "admin", **at}, 201),
        ("/people/nora/logins/2026-11-24", {"count": 3, **at}, 201),
    ]
    for path, body, status in steps:
        answer = call("PUT", path, body, key)
        assert (answer.status_code, answer.json()["result"]) == (status, "created"), answer.content
    for path, body, _ in steps:
        assert call("PUT", path, body, key).json()["result"] == "unchanged"
    account = Organisation.objects.get(external_id="new").accounts.get()
    assert (fact(account).seats, fact(account).klass, str(account)) == (1, "free", "Provincie Nieuw")
    line = AuditLine.objects.filter(key="product.company.push").latest("id")
    assert line.stream == "product" and line.actor_kind == "api_key"
    prove()


def test_older_does_not_undo_newer_and_newer_wins(cast: Cast, key: str) -> None:
    early, late = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    assert call("PUT", "/organisations/samen", {"name": "Samen", "changed_at": late}, key).json()["result"] == "updated"
    stale = call("PUT", "/organisations/samen", {"name": "Oud", "changed_at": early}, key)
    assert (stale.status_code, stale.json()["result"]) == (200, "stale")
    cast.samen.refresh_from_db()
    assert str(cast.samen) == "Samen"
    gone = {"organisation": "samen", "name": "Jeugdpanel", "deleted": True, "changed_at": NOW}
    assert call("PUT", "/workspaces/panel", gone, key).json()["result"] == "updated"
    assert fact(cast.samen).workspaces == 0
    back = {**gone, "deleted": False, "changed_at": NOW + timedelta(minutes=5)}
    assert call("PUT", "/workspaces/panel", back, key).json()["result"] == "updated"
    prove()


def test_a_command_of_staff_waits_for_the_product(cast: Cast, key: str) -> None:
    maud, ali = Person.objects.get(external_id="maud"), Person.objects.get(external_id="ali")
    data = {"new_admin": ali.public_id, "old_admin": maud.public_id}
    run("tenants.workspace.change_admin", cast.ties, cast.klimaat.public_id, data, reason="Maud leaves")
    live = WorkspaceMembership.objects.filter(workspace=cast.klimaat, valid_until=None)
    assert set(live.values_list("person__external_id", "role", "is_commanded")) == {
        ("ali", "admin", True),
        ("maud", "member", True),
    }
    path = "/workspaces/klimaat/members/"
    with clock.frozen(NOW + timedelta(hours=1)):
        old = {"role": "member", "changed_at": NOW - timedelta(minutes=1)}
        assert call("PUT", path + "ali", old, key).json()["result"] == "stale"
        same = {"role": "admin", "changed_at": NOW + timedelta(minutes=1)}
        assert call("PUT", path + "ali", same, key).json()["result"] == "unchanged"
        assert not live.get(person=ali).is_commanded
        newer = {"role": "owner", "changed_at": NOW + timedelta(minutes=2)}
        assert call("PUT", path + "maud", newer, key).json()["result"] == "updated"
        line = AuditLine.objects.filter(key="product.company.push").latest("id")
        assert any(change["label"] == "Overruled" for change in line.changes)
        gone = {"role": None, "changed_at": NOW + timedelta(minutes=3)}
        assert call("PUT", path + "maud", gone, key).json()["result"] == "updated"
        assert call("PUT", path + "maud", newer, key).json()["result"] == "stale"
        assert fact(cast.haarlem).seats == 1
        prove()


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/workspaces/x", {"organisation": "nowhere", "name": "X"}, 409, "no organisation"),
        ("/workspaces/panel", {"organisation": "haarlem", "name": "X"}, 409, "handoff"),
        ("/workspaces/panel/members/lotte", {"role": "observer"}, 409, "Observers"),
        ("/workspaces/panel/members/nobody", {"role": "member"}, 409, "no person"),
        ("/workspaces/panel/members/lotte", {"role": "king"}, 422, "role"),
        ("/organisations/samen", {"name": ""}, 422, "name"),
        ("/organisations/samen", {"name": "X", "discount": 50}, 422, "discount"),
        ("/people/lotte", {"name": "nul\0"}, 422, "cannot be kept"),
        ("/people/lotte/logins/never", {"count": 1}, 422, "day"),
    ],
)
def test_bad_pushes_change_nothing(cast: Cast, key: str, path: str, body: Any, status: int, words: str) -> None:
    before = list(Workspace.objects.values()), list(Person.objects.values()), list(WorkspaceMembership.objects.values())
    answer = call("PUT", path, {**body, "changed_at": NOW}, key)
    assert answer.status_code == status and words in answer.content.decode(), answer.content
    assert before == (
        list(Workspace.objects.values()), list(Person.objects.values()), list(WorkspaceMembership.objects.values())
    )  # fmt: skip


def test_a_batch_takes_what_is_good(cast: Cast, key: str) -> None:
    at = NOW.isoformat()
    items = [
        {"kind": "person", "external_id": "a", "name": "A", "changed_at": at},
        {"kind": "planet", "external_id": "b", "changed_at": at},
        {"kind": "workspace_member", "workspace": "nope", "person": "a", "role": "member", "changed_at": at},
        {"kind": "workspace_member", "workspace": "panel", "person": "a", "role": "member", "changed_at": at},
    ]
    answer = call("POST", "/batch", {"items": items}, key)
    assert [row["result"] for row in answer.json()["results"]] == ["created", "refused", "refused", "created"]
    assert AuditLine.objects.filter(key="product.company.push").count() == 1
    assert call("POST", "/batch", {"items": items[:1] * 1001}, key).status_code == 422
    prove()


# Usage


def test_usage_in_bulk_gzipped_and_again(cast: Cast, key: str) -> None:
    events = [event(n) for n in range(20)]
    body = gzip.compress(json.dumps(events).encode())
    answer = call("POST", "/usage", body, key, **{"Content-Encoding": "gzip"})
    assert answer.json()["taken"] == 20, answer.content
    again = call("POST", "/usage", [*events[:3], event(99)], key).json()
    assert (again["taken"], again["repeated"]) == (1, 3)
    assert [row["result"] for row in again["results"]] == ["repeated"] * 3 + ["taken"]
    assert get_standing(cast.panel, NOW).counted == 3720 + 21 * 60
    assert AuditLine.objects.filter(key="product.company.take_usage").count() == 2
    prove()


def test_each_bad_event_by_itself(cast: Cast, key: str) -> None:
    call("POST", "/usage", [event(1)], key)
    bad = [
        event(1, data={"seconds": 61}), event(2, "nowhere"), event(3, time="yesterday"), event(4, data={"seconds": -1}),
        event(5, data={"seconds": True}), event(6, time=(NOW + timedelta(hours=25)).isoformat()), "text", event(7, id=""),
        event(8, time="2026-11-24T09:00:00"), event(9, source="nul\0"), event(10, specversion="2.0"),
    ]  # fmt: skip
    answer = call("POST", "/usage", [*bad, event(11), event(11), event(11, data={"seconds": 5})], key).json()
    assert [row["result"] for row in answer["results"]] == ["refused"] * 11 + ["taken", "repeated", "refused"]
    assert all(row["sentence"] for row in answer["results"][:11])
    assert UsageEvent.objects.filter(source="recorder", event_id__startswith="e-").count() == 2
    prove()


def test_who_recorded_comes_in_with_the_event(cast: Cast, key: str) -> None:
    bring_all(*person("erin", "Erin"))
    named = event(1, data={"seconds": 60, "person": "erin"})
    answer = call("POST", "/usage", [named, event(2), event(3, data={"seconds": 60, "person": None})], key).json()
    assert (answer["taken"], answer["refused"]) == (3, 0)
    stored = dict(UsageEvent.objects.filter(event_id__startswith="e-").values_list("event_id", "person__name"))
    assert stored == {"e-1": "Erin", "e-2": None, "e-3": None}
    assert call("POST", "/usage", [named, event(2)], key).json()["repeated"] == 2
    prove()


def test_nobody_unknown_is_counted(cast: Cast, key: str) -> None:
    names = ("nobody", "", 7, True, ["lotte"], {"id": "lotte"}, "nul\0", "x" * 5000)
    answer = call("POST", "/usage", [event(n, data={"seconds": 60, "person": who}) for n, who in enumerate(names)], key)
    results = answer.json()["results"]
    assert [row["result"] for row in results] == ["refused"] * len(names)
    assert results[0]["sentence"] == "data.person: there is no person 'nobody'."
    assert "as a text" in results[2]["sentence"] and all(len(row["sentence"]) < 200 for row in results)
    assert UsageEvent.objects.count() == 1 and get_standing(cast.panel, NOW).counted == 3720
    prove()


def test_the_same_event_by_somebody_else_is_refused(cast: Cast, key: str) -> None:
    bring_all(*person("erin", "Erin"))
    by = [event(1, data={"seconds": 60, **more}) for more in ({"person": "lotte"}, {"person": "erin"}, {})]
    together = call("POST", "/usage", by, key).json()
    assert [row["result"] for row in together["results"]] == ["taken", "refused", "refused"]
    later = call("POST", "/usage", [by[1], event(2)], key).json()["results"]
    assert [row["result"] for row in later] == ["refused", "taken"] and "with other content" in later[0]["sentence"]
    assert call("POST", "/usage", [by[2]], key).json()["results"][0]["result"] == "refused"
    assert call("POST", "/usage", [event(2, data={"seconds": 60, "person": "lotte"})], key).json()["refused"] == 1
    assert call("POST", "/usage", [by[0]], key).json()["repeated"] == 1
    assert get_standing(cast.panel, NOW).counted == 3720 + 2 * 60
    assert UsageEvent.objects.filter(event_id="e-1", person__name="Lotte").exists()
    prove()


def test_people_are_looked_up_once_and_only_when_named(cast: Cast) -> None:
    def statements(events: list[dict[str, Any]]) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert not read_events(events).refused
        return [query["sql"] for query in captured.captured_queries]

    assert len(statements([event(n) for n in range(50)])) == 1
    named = statements([event(n, data={"seconds": 1, "person": "lotte"}) for n in range(50)])
    assert len(named) == 2 and "tenants_person" in named[1]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"{}", {}, 200),
        (b'"text"', {}, 400),
        (b"[]", {}, 422),
        (b"not gzip", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b" " * 30_000_000), {"Content-Encoding": "gzip"}, 413),
        (b" " * 20_000_001, {}, 413),
        (b'[{"subject": "a\\u0000b"}]', {}, 200),
    ],
    ids=["broken", "bad event", "text", "empty", "no gzip", "bomb", "large", "nul"],
)
def test_bad_bodies_change_nothing(cast: Cast, key: str, body: bytes, headers: dict[str, str], status: int) -> None:
    before = AuditLine.objects.count()
    assert call("POST", "/usage", body, key, **headers).status_code == status
    assert AuditLine.objects.count() == before and UsageEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_batch_twice_at_once_counts_once(committed: Cast) -> None:
    secret = make_key()
    events = [{**event(n), "time": (clock.now() - timedelta(minutes=n + 1)).isoformat()} for n in range(50)]
    answers: list[Any] = []

    def push() -> None:
        answers.append(call("POST", "/usage", events, secret).json())
        connection.close()

    threads = [threading.Thread(target=push) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer["taken"] for answer in answers) == [0, 0, 50]
    prove()


# Entitlements


@pytest.mark.parametrize(
    ("effect", "counted", "may_record", "uploads_locked"),
    [
        ("lock_uploads", 3599, True, False),
        ("lock_uploads", 3600, True, True),
        ("hard_block", 3599, True, False),
        ("hard_block", 3600, False, True),
    ],
)
def test_what_a_cap_gates(effect: str, counted: int, may_record: bool, uploads_locked: bool) -> None:
    made = calc_entitlement("x", 3600, counted, effect)
    assert (made.may_record, made.uploads_locked) == (may_record, uploads_locked)
    assert calc_entitlement("x", None, counted, "none").uploads_locked is False


def test_entitlements_with_an_etag_and_no_names(cast: Cast, key: str) -> None:
    answer = call("GET", "/entitlements/panel", "", key)
    made = answer.json()
    assert (made["tier"], made["may_record"], made["uploads_locked"], made["counted_seconds"]) == (
        "free",
        True,
        True,
        3720,
    )
    assert "Jeugdpanel" not in answer.content.decode() and "Samen" not in answer.content.decode()
    same = call("GET", "/entitlements/panel", "", key, **{"If-None-Match": answer["ETag"]})
    assert same.status_code == 304 and not same.content
    cast.reset_panel()
    moved = call("GET", "/entitlements/panel", "", key, **{"If-None-Match": answer["ETag"]})
    assert moved.status_code == 200 and moved.json()["uploads_locked"] is False
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="x")
    trial = call("GET", "/entitlements/panel", "", key).json()
    assert (trial["tier"], trial["cap_seconds"], trial["valid_until"][:10]) == ("changemaker", None, "2026-12-24")
    with clock.frozen(NOW + timedelta(days=40)):
        assert call("GET", "/entitlements/panel", "", key).json()["tier"] == "free"
    assert call("GET", "/entitlements/nothing", "", key).status_code == 404


# Keys


DOORS = [
    ("push", "PUT", "/organisations/samen", {"name": "Samen", "changed_at": NOW}),
    ("push", "POST", "/batch", {"items": [{"kind": "x"}]}),
    ("usage", "POST", "/usage", [event(1)]),
    ("entitlements", "GET", "/entitlements/panel", ""),
    ("sign_in", "POST", "/sign-in-links", {"person": "lotte"}),
]


@pytest.mark.parametrize("held", Scope.values)
def test_each_scope_opens_its_own_doors_only(cast: Cast, held: str) -> None:
    secret = make_key(held)
    for scope, method, path, body in DOORS:
        assert call(method, path, body, secret).status_code == (200 if scope == held else 403), (held, path)


def test_no_key_a_wrong_one_a_session_or_a_dead_one(cast: Cast) -> None:
    from tests.cast import sign_in

    secret = make_key()
    for client in (Client(), sign_in("iris@agora.example")):
        assert client.get(f"{BASE}/entitlements/panel").status_code == 401
    assert call("GET", "/entitlements/panel", "", "bpk_wrong").status_code == 401
    assert Client().get("/api/v1/rollup", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    run("product.key.revoke", cast.iris, ApiKey.objects.get().public_id, reason="Leaked")
    assert call("GET", "/entitlements/panel", "", secret).status_code == 401
    codes = [call("GET", "/entitlements/panel", "", "bpk_wrong").status_code for _ in range(40)]
    assert codes[-1] == 429


def test_made_rotated_and_never_kept(cast: Cast) -> None:
    made = run(
        "product.company.create_key", cast.iris, "company", {"name": "backend", "scopes": ["entitlements"]}, reason="x"
    )
    key = ApiKey.objects.get()
    assert key.digest == digest_of(made.secret) and made.secret not in str(list(AuditLine.objects.values()))
    assert call("GET", "/entitlements/panel", "", made.secret).status_code == 200
    key.refresh_from_db()
    assert key.last_used_at == NOW
    rotated = run("product.key.rotate", cast.iris, key.public_id, reason="Yearly")
    for secret in (made.secret, rotated.secret):
        assert call("GET", "/entitlements/panel", "", secret).status_code == 200
    assert refusal_of("product.key.rotate", cast.iris, key.public_id, reason="x").status == 409
    with clock.frozen(NOW + timedelta(hours=25)):
        assert call("GET", "/entitlements/panel", "", made.secret).status_code == 401
        assert call("GET", "/entitlements/panel", "", rotated.secret).status_code == 200
    assert (
        refusal_of(
            "product.company.create_key", cast.noor, "company", {"name": "b", "scopes": ["push"]}, reason="x"
        ).status
        == 403
    )


def test_staff_cannot_push_by_hand(cast: Cast) -> None:
    for key in ("push", "take_usage", "make_sign_in_link"):
        refusal = refusal_of(f"product.company.{key}", cast.iris, "company", {"batch": "x"})
        assert refusal.status == 403 and "key with the scope" in refusal.sentence


# Signing customers in


def test_a_one_time_link_signs_a_customer_in_once(cast: Cast, key: str) -> None:
    call("PUT", "/people/nora", {"name": "Nora", "email": "nora@new.example", "changed_at": NOW}, key)
    path = call("POST", "/sign-in-links", {"person": "nora"}, key).json()["path"]
    browser = Client()
    assert "works once" in browser.get(path).content.decode()
    assert browser.post(path)["Location"] == "/" and browser.get("/").status_code == 200
    assert Client().post(path).status_code == 410
    late = call("POST", "/sign-in-links", {"person": "nora"}, key).json()["path"]
    with clock.frozen(NOW + timedelta(minutes=6)):
        assert Client().post(late).status_code == 410
    assert call("POST", "/sign-in-links", {"person": "nobody"}, key).status_code == 409


def test_the_product_cannot_sign_anybody_in_as_staff(cast: Cast, key: str) -> None:
    call("PUT", "/people/evil", {"name": "Evil", "email": "iris@agora.example", "changed_at": NOW}, key)
    assert call("POST", "/sign-in-links", {"person": "evil"}, key).json()["path"] == ""
    assert Person.objects.get(external_id="evil").user is None


# Erasing


def test_an_erased_person_is_nowhere_and_the_chain_holds(cast: Cast, key: str) -> None:
    maud, ali = Person.objects.get(external_id="maud"), Person.objects.get(external_id="ali")
    call("PUT", "/people/maud/logins/2026-11-24", {"count": 3, "changed_at": NOW}, key)
    data = {"new_admin": ali.public_id, "old_admin": maud.public_id}
    run("tenants.workspace.change_admin", cast.ties, cast.klimaat.public_id, data, reason="x", idempotency_key="k")
    erase = "product.person.erase"
    assert refusal_of(erase, cast.noor, maud.public_id, {"typed": "Maud"}, reason="x").status == 403
    assert refusal_of(erase, cast.iris, maud.public_id, {"typed": "Mau"}, reason="x").status == 422
    run(erase, cast.iris, maud.public_id, {"typed": "Maud"}, reason="She asked")
    dump = "".join(_everything())
    assert "Maud" not in dump and "maud@client" not in dump
    assert not Login.objects.filter(person=maud).exists()
    assert refusal_of(erase, cast.iris, maud.public_id, {"typed": "Erased person"}, reason="x").status == 409
    push = call(
        "PUT", "/people/maud", {"name": "Maud", "email": "m@x.example", "changed_at": NOW + timedelta(minutes=1)}, key
    )
    assert push.json()["result"] == "stale" and "Maud" not in "".join(_everything())
    assert "erased" in sign_in_page(cast)
    prove()


def sign_in_page(cast: Cast) -> str:
    from tests.cast import sign_in

    return sign_in("iris@agora.example").get(f"/panel/book/?q={cast.klimaat.public_id}").content.decode()


def _everything() -> list[str]:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_session'")
        texts = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            texts += [row[0] for row in cursor.fetchall()]
    return texts


def test_the_openapi_shows_an_example_of_each(cast: Cast) -> None:
    schema = Client().get(f"{BASE}/openapi.json").json()
    assert len(schema["paths"]) >= 9
    assert "rec-0001" in json.dumps(schema) and "Gemeente Haarlem" in json.dumps(schema)


def test_a_workspace_that_comes_back_leaves_the_months_without_it_alone(cast: Cast, key: str) -> None:
    body = {"organisation": "samen", "name": "Jeugdpanel", "visibility": "private"}
    gone, back = NOW + timedelta(days=1), NOW + timedelta(days=50)
    with clock.frozen(gone):
        sent = {**body, "deleted": True, "changed_at": gone.isoformat()}
        assert call("PUT", "/workspaces/panel", sent, key).status_code == 200
        assert call("PUT", "/workspaces/panel", sent, key).json()["result"] == "unchanged"
    with clock.frozen(NOW + timedelta(days=40)):
        prove()
    with clock.frozen(back):
        sent = {**body, "deleted": False, "changed_at": back.isoformat()}
        assert call("PUT", "/workspaces/panel", sent, key).json()["result"] == "updated"
        prove()
        counts = dict(AccountMonth.objects.filter(account=cast.samen).values_list("month", "workspaces"))
        assert [counts[Month.of(at).first] for at in (gone, NOW.replace(month=10), back)] == [0, 1, 1]

"""Pending invitations: pushed and imported, shown to those who see people, in no figure, erased with their person."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.access.models import User
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.product.models import Scope
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.refresh import refresh
from bursar.tenants.models import Invitation, InvitationState, Person, WorkspaceRole
from bursar.tenants.queries import list_admin_contacts, list_admin_logins, list_people_by_role
from tests.cast import NOW, Cast, bring, bring_all, person, prove, seat, sign_in
from tests.product.test_door import BASE, _everything, call, make_key

ADDRESS = "newcomer@client.example"
EARLY = NOW - timedelta(days=2)


@pytest.fixture
def key(cast: Cast) -> str:
    return make_key()


def invitation(**more: Any) -> dict[str, Any]:
    made = {"workspace": "klimaat", "email": ADDRESS, "role": "member", "invited_by": "maud", "invited_at": EARLY}
    return {**made, "changed_at": EARLY, **more}


def push(key: str, ref: str = "inv-1", **more: Any) -> Any:
    return call("PUT", f"/invitations/{ref}", invitation(**more), key)


def line(ref: str = "inv-1", **more: Any) -> dict[str, Any]:
    made = {"kind": "invitation", "external_id": ref, **invitation(**more)}
    del made["changed_at"]
    return made


def figures() -> list[Any]:
    """Everything that is counted, billed or shown as a contact. The tests that use it have nothing else change it."""
    refresh(clock.now())
    months = [list(model.objects.order_by("id").values()) for model in (AccountMonth, WorkspaceMonth)]
    ids = [row["account_id"] for row in months[0]]
    iris = sign_in("iris@agora.example")
    totals, risk = (iris.get(f"/api/v1/{path}").json() for path in ("rollup", "at-risk"))
    assert len(totals["accounts"]) == 3 and "Jeugdpanel" in str(risk)
    return [months, totals, risk, list_admin_contacts(ids, NOW), list_admin_logins(ids, NOW)]


# The product's door


def test_made_once_changed_by_newer_and_ended(cast: Cast, key: str) -> None:
    made = push(key)
    assert (made.status_code, made.json()["result"]) == (201, "created")
    kept = Invitation.objects.get()
    assert kept.public_id.startswith("ivt_") and kept.invited_by == Person.objects.get(external_id="maud")
    assert (kept.email, kept.role, kept.state, kept.ended_at) == (ADDRESS, "member", "pending", None)
    assert push(key).json()["result"] == "unchanged"
    assert push(key, role="admin", changed_at=EARLY + timedelta(hours=1)).json()["result"] == "updated"
    stale = push(key, role="billing", changed_at=EARLY + timedelta(minutes=1))
    assert (stale.status_code, stale.json()["result"]) == (200, "stale")
    ended = EARLY + timedelta(hours=2)
    assert push(key, role="admin", state="accepted", changed_at=ended).json()["result"] == "updated"
    again = ended + timedelta(hours=1)
    assert push(key, role="admin", state="accepted", changed_at=again).json()["result"] == "unchanged"
    kept.refresh_from_db()
    assert (kept.role, kept.state, kept.ended_at, kept.changed_at) == ("admin", "accepted", ended, again)
    assert kept.email == "" and ADDRESS not in "".join(_everything())
    assert push(key, changed_at=NOW).json()["result"] == "updated"
    kept.refresh_from_db()
    assert (kept.email, kept.state, kept.ended_at) == (ADDRESS, "pending", None)
    prove()


def test_the_end_is_never_ahead_of_the_clock(cast: Cast, key: str) -> None:
    push(key)
    push(key, state="withdrawn", changed_at=NOW + timedelta(minutes=5))
    assert Invitation.objects.get().ended_at == NOW
    with clock.frozen(NOW + timedelta(seconds=1)):
        page = sign_in("iris@agora.example").get(f"/panel/workspaces/{cast.klimaat.public_id}").content.decode()
    assert 'id="invited"' not in page


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"workspace": "nowhere"}, 409, "There is no workspace “nowhere”."),
        ({"invited_by": "nobody"}, 409, "There is no person “nobody”."),
        ({"role": "observer"}, 409, "Observers exist only in workspaces for external clients."),
        ({"workspace": "panel"}, 409, "An invitation stays with its workspace"),
        ({"role": "king"}, 422, "role"),
        ({"email": "no address"}, 422, "email"),
        ({"email": ""}, 422, "email"),
        ({"state": "lost"}, 422, "state"),
        ({"changed_at": EARLY - timedelta(seconds=1)}, 422, "before"),
        ({"invited_at": "yesterday"}, 422, "invited_at"),
        ({"seat": True}, 422, "seat"),
    ],
)
def test_bad_ones_are_refused_and_change_nothing(
    cast: Cast, key: str, body: dict[str, Any], status: int, words: str
) -> None:
    push(key)
    before = list(Invitation.objects.values())
    answer = push(key, **body)
    assert answer.status_code == status and words in json.dumps(answer.json(), ensure_ascii=False), answer.content
    assert list(Invitation.objects.values()) == before


def test_in_a_batch_each_by_itself_and_nothing_names_the_address(cast: Cast, key: str) -> None:
    good, bad = {"kind": "invitation", "external_id": "a", **invitation()}, {"workspace": "nowhere"}
    items = [good, {**good, "external_id": "b", **bad}, {**good, "external_id": "c", "role": "king"}, good]
    answer = call("POST", "/batch", {"items": items}, key)
    assert [row["result"] for row in answer.json()["results"]] == ["created", "refused", "refused", "unchanged"]
    assert ADDRESS not in answer.content.decode()
    said = AuditLine.objects.filter(key="product.company.push").values()
    assert len(said) == 1 and ADDRESS not in str(said)
    prove()


def test_the_scope_is_that_of_memberships(cast: Cast) -> None:
    secret = make_key(*[scope for scope in Scope.values if scope != Scope.PUSH], name="other")
    assert (
        push(secret).status_code == 403 and call("PUT", "/invitations/x", invitation(), "bpk_none").status_code == 401
    )
    assert not Invitation.objects.exists()
    assert push(make_key(Scope.PUSH, name="pusher")).status_code == 201


def test_the_openapi_has_an_example(cast: Cast) -> None:
    schema = Client().get(f"{BASE}/openapi.json").json()
    fields = schema["components"]["schemas"]["InvitationIn"]["properties"]
    assert "/api/product/v1/invitations/{external_id}" in schema["paths"]
    assert all(fields[name].get("examples") for name in ("workspace", "email", "role", "invited_at", "state"))


# The import


def test_imported_twice_and_bad_lines(cast: Cast) -> None:
    gone = line("inv-2", state="expired", ended_at=NOW - timedelta(days=1))
    assert not bring(line(), gone).bad
    before = list(Invitation.objects.order_by("external_id").values())
    assert [(row["email"], row["state"]) for row in before] == [(ADDRESS, "pending"), ("", "expired")]
    assert not bring(line(), gone).bad
    assert list(Invitation.objects.order_by("external_id").values()) == before
    report = bring(
        line("inv-3", workspace="nowhere"),
        line("inv-4", invited_by="nobody"),
        line("inv-5", role="observer"),
        line("inv-6", state="accepted"),
        line("inv-7", state="accepted", ended_at=EARLY - timedelta(days=1)),
        line("inv-8"),
    )
    assert report.bad == {
        1: "there is no workspace “nowhere”",
        2: "there is no person “nobody”",
        3: "Observers exist only in workspaces for external clients.",
        4: "an invitation has “ended_at” once it is no longer pending, and only then",
        5: "“ended_at” is before “invited_at”",
    }
    assert set(Invitation.objects.values_list("external_id", flat=True)) == {"inv-1", "inv-2", "inv-8"}
    prove()


# Shown, not billed


MANY = st.lists(
    st.tuples(
        st.sampled_from(["klimaat", "noord", "panel", "lab"]),
        st.sampled_from([role for role in WorkspaceRole.values if role != "observer"]),
        st.sampled_from(InvitationState.values),
        st.sampled_from(["maud", "ali", None]),
        st.integers(0, 400),
    ),
    min_size=1,
    max_size=8,
)


@given(many=MANY)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_invitation_moves_a_figure(cast: Cast, key: str, many: list[tuple[str, str, str, str | None, int]]) -> None:
    before = figures()
    items = []
    for number, (place, role, state, by, days) in enumerate(many):
        since: datetime = NOW - timedelta(days=days, hours=1)
        items.append(
            {"kind": "invitation", "external_id": f"i-{number}",
             **invitation(workspace=place, role=role, state=state, invited_by=by, invited_at=since, changed_at=since,
                          email=f"x{number}@client.example")}
        )  # fmt: skip
    Invitation.objects.all().delete()
    answer = call("POST", "/batch", {"items": items}, key)
    assert {row["result"] for row in answer.json()["results"]} == {"created"}
    assert figures() == before
    prove()


def test_the_seat_popover_says_how_many_then_and_now(cast: Cast, key: str) -> None:
    iris = sign_in("iris@agora.example")
    address = popover(cast)
    assert "not billed" not in iris.get(address).content.decode()
    people = list_people_by_role(cast.haarlem, NOW)
    october = NOW - timedelta(days=40)
    push(key)
    push(key, "inv-2", workspace="noord", role="external", invited_at=october, changed_at=october)
    push(key, "inv-3", invited_at=october, changed_at=october)
    push(key, "inv-3", invited_at=october, state="withdrawn", changed_at=NOW - timedelta(days=1))
    push(key, "inv-4", workspace="lab")
    assert "2 invited, not billed" in iris.get(address).content.decode()
    assert "2 invited, not billed" in iris.get(f"{address}?month=2026-10").content.decode()  # the third was open then
    assert "not billed" not in iris.get(f"{address}?month=2026-09").content.decode()
    assert list_people_by_role(cast.haarlem, NOW) == people


def popover(cast: Cast) -> str:
    return reverse("rollup:seats", args=[cast.haarlem.public_id])


def test_staff_see_who_was_invited_as_what_since_when_and_by_whom(cast: Cast, key: str) -> None:
    push(key)
    push(key, "inv-2", workspace="noord", invited_by=None, email="second@client.example", role="external")
    iris = sign_in("iris@agora.example")
    places = {
        f"/panel/workspaces/{cast.klimaat.public_id}": 1,
        f"/panel/accounts/{cast.haarlem.public_id}": 2,
        f"/panel/organisations/{cast.haarlem.organisation.public_id}": 2,
    }
    for address, count in places.items():
        page = iris.get(address).content.decode().split('id="invited"')[1].split("</section>")[0]
        for words in (f"{count}, not billed", ADDRESS, "member", "22 Nov", "Maud"):
            assert words in page, (address, words)
        assert ("second@client.example" in page) == (count == 2)
        told = iris.get(address.replace("/panel/", "/api/v1/")).json()["invited"]
        assert told["count"] == count == len(told["invitations"])
        mine = told["invitations"][-1]
        assert (mine["email"], mine["role"], mine["invited_by"]["name"]) == (ADDRESS, "member", "Maud")
        assert (mine["workspace"]["name"], mine["invited_at"]) == ("Burgerberaad Klimaat", EARLY.isoformat())
    others = iris.get(f"/panel/workspaces/{cast.lab.public_id}").content.decode()
    assert 'id="invited"' not in others and ADDRESS not in others
    push(key, state="accepted", changed_at=NOW)
    assert ADDRESS not in iris.get(f"/panel/accounts/{cast.haarlem.public_id}").content.decode()
    lotte = sign_in("lotte@client.example")
    for address in places:
        assert lotte.get(address).status_code == lotte.get(address.replace("/panel/", "/api/v1/")).status_code == 404


def test_customers_who_see_people_see_who_is_invited(cast: Cast, key: str) -> None:
    bring_all(*person("guest", "Guest"), seat("klimaat", "guest", "external", NOW - timedelta(days=9)))
    push(key)
    address = f"/workspaces/{cast.klimaat.public_id}"
    governs = sign_in("maud@client.example").get(address).content.decode()
    assert ADDRESS in governs and "takes no seat until they accept" in governs
    sits = sign_in("ali@client.example").get(address).content.decode()
    part = sits.split('id="invited"')[1].split("</section>")[0]
    assert ADDRESS not in sits and "member" in part and "Maud" in part and "22 November 2026" in part
    assert sign_in("lotte@client.example").get(address).status_code == 404
    make_user("guest")
    guest = sign_in("guest@client.example").get(address)
    assert guest.status_code == 200 and 'id="invited"' not in guest.content.decode()
    assert ADDRESS not in guest.content.decode()
    for query in ("invited=0", "invited=x"):
        assert sign_in("maud@client.example").get(f"{address}?{query}").status_code == 400


def make_user(who: str) -> None:
    user = User.objects.create_user(f"{who}@client.example", who.capitalize(), "the guest's long password")
    Person.objects.filter(external_id=who).update(user=user)


def test_customers_are_not_told_which_colleague_invited(cast: Cast, key: str) -> None:
    visit = {**seat("klimaat", "visitor", "admin", NOW - timedelta(days=5)), "is_support": True}
    bring_all(*person("visitor", "Veerle Verborgen"), visit)
    push(key, invited_by="visitor")
    page = sign_in("maud@client.example").get(f"/workspaces/{cast.klimaat.public_id}").content.decode()
    assert "Verborgen" not in page and "the Agora Voices team" in page
    staff = sign_in("ties@agora.example").get(f"/panel/workspaces/{cast.klimaat.public_id}").content.decode()
    assert "Veerle Verborgen" in staff


def test_the_statements_do_not_grow_and_every_page_is_reached(cast: Cast, key: str) -> None:
    def count(client: Client, address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    iris, maud = sign_in("iris@agora.example"), sign_in("maud@client.example")
    places = [
        (iris, popover(cast)),
        (iris, f"/panel/accounts/{cast.haarlem.public_id}"),
        (iris, f"/panel/workspaces/{cast.klimaat.public_id}"),
        (iris, f"/panel/organisations/{cast.haarlem.organisation.public_id}"),
        (iris, f"/api/v1/accounts/{cast.haarlem.public_id}"),
        (iris, f"/api/v1/workspaces/{cast.klimaat.public_id}"),
        (iris, f"/api/v1/organisations/{cast.haarlem.organisation.public_id}"),
        (maud, f"/workspaces/{cast.klimaat.public_id}"),
    ]
    bring_all(line())
    for client, address in places:
        client.get(address)
    before = [count(client, address) for client, address in places]
    people = [entry for n in range(70) for entry in person(f"s{n}", f"Sender {n}")]
    bring_all(*people, *[line(f"m-{n}", email=f"m{n}@client.example", invited_by=f"s{n}") for n in range(70)])
    assert [count(client, address) for client, address in places] == before
    for client, address in places[1:]:
        first, second = (
            client.get(address, {"invited": page}).content.decode().count("@client.example") for page in (1, 2)
        )
        assert first >= 50 and second >= 21
        assert client.get(address, {"invited": 99}).status_code == 200
    assert 'href="?invited=2#invited"' in iris.get(places[1][1]).content.decode()


# Erasing


def test_erasing_blanks_invitations_to_them_and_keeps_those_they_sent(cast: Cast, key: str) -> None:
    maud, lotte = Person.objects.get(external_id="maud"), Person.objects.get(external_id="lotte")
    push(key, email="Lotte@client.example")
    push(key, "inv-2", workspace="panel", invited_by="lotte")
    run("product.person.erase", cast.iris, lotte.public_id, {"typed": "Lotte"}, reason="She asked")
    assert "lotte@client" not in "".join(_everything()).lower()
    to_them, sent = Invitation.objects.get(external_id="inv-1"), Invitation.objects.get(external_id="inv-2")
    assert (to_them.email, to_them.erased_at, to_them.invited_by) == ("", NOW, maud)
    assert (sent.email, sent.invited_by, sent.invited_by and sent.invited_by.name) == (ADDRESS, lotte, "Erased person")
    back = push(key, email="lotte@client.example", role="admin", changed_at=NOW)
    assert back.json() == {"result": "updated", "sentence": "The address was erased here and is not kept."}
    assert "erased here and is not kept" in bring(line(email="lotte@client.example")).bad[1]
    assert "lotte@client" not in "".join(_everything()).lower()
    for client, address in (
        ("iris@agora.example", f"/panel/workspaces/{cast.klimaat.public_id}"),
        ("maud@client.example", f"/workspaces/{cast.klimaat.public_id}"),
    ):
        assert "address erased" in sign_in(client).get(address).content.decode()
    told = AuditLine.objects.get(key="product.person.erase").changes
    assert [one["after"] for one in told if one["label"] == "Invitations to them"] == ["1 blanked"]
    prove()

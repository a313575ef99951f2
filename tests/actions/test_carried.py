"""A job carries the actor as it was, and asks before each row what still holds of it. Every door asks the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from bursar.access.actor import Actor, operator, system
from bursar.access.keys import digest_of
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.actions import bulk
from bursar.actions.models import BulkResult, BulkRun
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.config.carried import load_actor
from bursar.core import clock
from bursar.core.errors import Forbidden, Refused
from bursar.plans.models import Discount
from bursar.staff.models import ApiToken, Role, StaffMember
from tests.cast import NOW, Cast, confirmed, prove, sign_in

SET = "plans.account.set_discount"
HALF: dict[str, Any] = {"kind": "scholarship", "percent": "50", "end_date": ""}
BEARER: Any = {"Authorization": "Bearer secret"}


def make_token(who: str, *rights: Right) -> ApiToken:
    member = StaffMember.objects.get(user__email=f"{who}@agora.example")
    return ApiToken.objects.create(
        member=member,
        name="report",
        digest=digest_of("secret"),
        hint="cret",
        rights=[right.value for right in rights],
        created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )


def many(cast: Cast) -> list[str]:
    """The three accounts first, and enough beside them that a job does it."""
    named = [account.public_id for account in (cast.haarlem, cast.samen, cast.oost)]
    return [*named, *(f"acc_{place}" for place in range(bulk.AT_ONCE))]


def begin(cast: Cast, client: Client, **more: Any) -> Any:
    body = {"action": SET, "ids": many(cast), "data": {**HALF, "percent": 50}, "reason": "spring"}
    return client.post("/api/v1/bulk", json.dumps({**body, **more}), content_type="application/json", headers=BEARER)


def carry_on() -> list[BulkResult]:
    """As the worker does. The rows, in their order."""
    made = BulkRun.objects.get()
    bulk.resume_as_stored(made.public_id)
    return list(made.results.order_by("id"))


def test_a_job_of_a_token_has_the_tokens_rights_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused singly and performed in a job: that was so, because the job looked its person's rights up again."""
    token = make_token("iris", Right.READ, Right.ACT)
    assert begin(cast, Client()).status_code == 200
    stored = BulkRun.objects.get().actor
    assert (stored["token"], stored["rights"], stored["door"]) == (token.public_id, ["act", "read"], "api")
    monkeypatch.setitem(ACTIONS.things, SET, replace(ACTIONS[SET], permission=Right.SET_TIER))
    before = AuditLine.objects.count()
    rows = carry_on()
    assert {row.status for row in rows} == {403} and "set tier" in rows[0].sentence
    assert (Discount.objects.count(), AuditLine.objects.count()) == (0, before)
    prove()


def revoke(cast: Cast) -> None:
    ApiToken.objects.update(revoked_at=clock.now())


def expire(cast: Cast) -> None:
    ApiToken.objects.update(expires_at=clock.now())


def narrow(cast: Cast) -> None:
    ApiToken.objects.update(rights=["read"])


def lose_role(cast: Cast) -> None:
    member = StaffMember.objects.get(user__email="ties@agora.example")
    member.roles.set(Role.objects.filter(slug="auditor"))


def lose_all_roles(cast: Cast) -> None:
    StaffMember.objects.get(user__email="ties@agora.example").roles.clear()


def be_deactivated(cast: Cast) -> None:
    run("staff.staff.deactivate", cast.iris, cast.ties.id, {}, reason="Left us")


def be_shut_out(cast: Cast) -> None:
    User.objects.filter(email="ties@agora.example").update(is_active=False)


LOSSES = [
    (revoke, "token that began this works no more"),
    (expire, "token that began this works no more"),
    (narrow, "need the right"),
    (lose_role, "need the right"),
    (lose_all_roles, "token that began this works no more"),
    (be_deactivated, "token that began this works no more"),
    (be_shut_out, "cannot sign in any more"),
]


@pytest.mark.parametrize(("lose", "words"), LOSSES)
def test_what_a_token_loses_meanwhile_stops_the_rows_that_are_left(
    cast: Cast, lose: Callable[[Cast], None], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_token("ties", Right.READ, Right.ACT)
    assert begin(cast, Client()).status_code == 200 and ProcrastinateJob.objects.exists()
    _lose_after_the_first(cast, lose, monkeypatch)
    rows = carry_on()
    assert [row.status for row in rows] == [200, *[403] * (len(rows) - 1)]
    assert all(words in row.sentence for row in rows[1:])
    assert Discount.objects.count() == 1 and BulkRun.objects.get().state == "done"
    prove()


@pytest.mark.parametrize(
    ("lose", "words"),
    [(lose_role, "need the right"), (lose_all_roles, "not staff any more"), (be_deactivated, "not staff any more")],
)
def test_what_a_person_loses_meanwhile_does_so_too(
    cast: Cast, lose: Callable[[Cast], None], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk.start(SET, cast.ties, many(cast), HALF, "spring")
    _lose_after_the_first(cast, lose, monkeypatch)
    rows = carry_on()
    assert [row.status for row in rows] == [200, *[403] * (len(rows) - 1)]
    assert all(words in row.sentence for row in rows[1:]) and Discount.objects.count() == 1


def _lose_after_the_first(cast: Cast, lose: Callable[[Cast], None], monkeypatch: pytest.MonkeyPatch) -> None:
    verb = ACTIONS[SET].verb

    def once(*args: Any) -> Any:
        outcome = verb(*args)
        monkeypatch.setitem(ACTIONS.things, SET, replace(ACTIONS[SET], verb=verb))
        lose(cast)
        return outcome

    monkeypatch.setitem(ACTIONS.things, SET, replace(ACTIONS[SET], verb=once))


def test_a_right_that_came_since_is_not_used(cast: Cast) -> None:
    """An auditor's token begins nothing; a member's job does not grow with a later promotion."""
    stored = cast.ties.reference()
    StaffMember.objects.get(public_id=cast.ties.id).roles.add(Role.objects.get(slug="lead"))
    assert Right.MANAGE_STAFF in confirmed("ties@agora.example").rights
    assert load_actor(stored).rights == cast.ties.rights


def test_an_actor_comes_back_as_it_was(cast: Cast) -> None:
    for actor in (cast.ties, cast.iris, operator("root"), system("test")):
        back = load_actor(json.loads(json.dumps(actor.reference())))
        assert back == replace(actor, account_ids=back.account_ids, own_account_ids=back.own_account_ids)


def test_a_second_factor_that_was_lost_stops_a_job(cast: Cast, settings: Any) -> None:
    settings.BURSAR_SECOND_FACTOR = True
    with pytest.raises(Forbidden, match="second factor"):
        load_actor(cast.ties.reference())


def test_what_an_earlier_release_began_is_not_done_with_unknown_rights(cast: Cast) -> None:
    old = {name: cast.ties.reference()[name] for name in ("kind", "id", "name", "user_id")}
    with pytest.raises(Forbidden, match="Begin it anew"):
        load_actor(old)


# What is not offered for many is refused to many, and what asks for a confirmation asks for it there too


ONE_AT_A_TIME = sorted(key for key, action in ACTIONS.items() if not action.bulk)


def test_what_does_not_declare_bulk_is_refused_in_bulk_at_every_door(cast: Cast) -> None:
    lead, before = confirmed("iris@agora.example"), AuditLine.objects.count()
    fresh = sign_in("iris@agora.example")
    for key in ONE_AT_A_TIME:
        action, ids = ACTIONS[key], [cast.target_id(ACTIONS[key].target_slug)]
        if not lead.can(action.permission):
            continue
        with pytest.raises(Refused, match="one at a time"):
            bulk.start(key, lead, ids, {}, "x")
        body = json.dumps({"action": key, "ids": ids, "reason": "x"})
        answer = fresh.post("/api/v1/bulk", body, content_type="application/json")
        assert answer.status_code == 409 and "one at a time" in answer.json()["sentence"], key
        address = f"/panel/actions/bulk/{action.target_slug}/{action.verb_name}"
        assert fresh.post(address, {action.target_slug: ids, "reason": "x"}).status_code == 404, key
        with pytest.raises(CommandError):
            call_command("act", key, *ids, "another", "--reason", "x")
    assert not BulkRun.objects.exists() and AuditLine.objects.count() == before


def dangerous_in_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACTIONS.things, SET, replace(ACTIONS[SET], danger=True))


def test_a_stale_session_is_asked_at_every_door(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    dangerous_in_bulk(monkeypatch)
    stale, before = sign_in("ties@agora.example"), AuditLine.objects.count()
    addresses: list[tuple[str, dict[str, Any]]] = [
        ("/api/v1/bulk", {"action": SET, "ids": many(cast)[:2]}),
        ("/api/v1/bulk", {"action": SET, "ids": many(cast)}),
        (f"/api/v1/account/{cast.samen.public_id}/actions/set_discount", {}),
    ]
    for address, body in addresses:
        body |= {"data": {**HALF, "percent": 50}, "reason": "x"}
        answer = stale.post(address, json.dumps(body), content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "confirm"), address
    posted = {"account": many(cast)[:2], "reason": "x", **HALF}
    page = stale.post("/panel/actions/bulk/account/set_discount", posted)
    assert page.status_code == 403 and "Confirm first that it is you" in page.content.decode()
    assert not BulkRun.objects.exists() and AuditLine.objects.count() == before
    prove()


def test_a_confirmation_that_ran_out_stops_the_rows_that_are_left(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    dangerous_in_bulk(monkeypatch)
    bulk.start(SET, replace(cast.ties, confirmed_at=NOW), many(cast), HALF, "spring")
    with clock.frozen(NOW + timedelta(minutes=15)):
        rows = carry_on()
    assert {row.status for row in rows} == {403} and "Confirm first" in rows[0].sentence
    assert not Discount.objects.exists()


def test_another_action_and_an_undo_ask_for_it_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is called by `also` is asked as if it were pulled by itself; a rehearsal is not, for it changes nothing."""
    dangerous_in_bulk(monkeypatch)
    stale: Actor = replace(cast.ties, confirmed_at=NOW - timedelta(minutes=15))
    note = "tenants.account.add_note"

    def calling(act: Any, account: Any, data: Any) -> Any:
        return act.also(SET, account, HALF)

    monkeypatch.setitem(ACTIONS.things, note, replace(ACTIONS[note], verb=calling, calls=(SET,)))
    with pytest.raises(Forbidden, match="Confirm first"):
        run(note, stale, cast.samen.public_id, {"text": "x"})
    assert not Discount.objects.exists()
    done = run(SET, cast.ties, cast.samen.public_id, HALF, reason="x")
    monkeypatch.setitem(ACTIONS.things, SET, replace(ACTIONS[SET], danger=False))
    back = "plans.account.remove_discount"
    monkeypatch.setitem(ACTIONS.things, back, replace(ACTIONS[back], danger=True))
    with pytest.raises(Forbidden, match="Confirm first"):
        run(back, stale, cast.samen.public_id, {}, reason="x", undoes=done.line_id)
    assert Discount.objects.filter(valid_until=None).count() == 1

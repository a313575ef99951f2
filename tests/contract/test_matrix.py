"""Every address and every action × everybody who might come: the answer in each cell is the expected one.

The expectation follows from the declarations (right, scope, scope of the fetch), never from a list kept beside them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from bursar.access.keys import digest_of
from bursar.access.rights import Right
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Action, Reason
from bursar.audit.models import AuditLine
from bursar.config.actors import actor_for
from bursar.core.errors import Forbidden, Refusal
from bursar.product.models import ApiKey, Scope
from bursar.staff.models import ApiToken, Role, StaffMember
from tests.cast import NOW, Cast, bring_all, seat, sign_in
from tests.walk import ROUTES, filled

CUSTOMERS = ("stranger", "member", "billing", "owner")
ROLES = ("auditor", "staff", "support", "training", "success", "finance", "partnerships", "lead")
KEYS = tuple(f"key:{scope}" for scope in Scope.values)
WHO = ("anonymous", *CUSTOMERS, *ROLES, *KEYS, "token:read")


class Crowd:
    """A client, and the headers it sends, for each of WHO."""

    def __init__(self, cast: Cast) -> None:
        old = NOW.replace(month=9)
        bring_all(
            {"kind": "person", "external_id": "bill", "name": "Bill", "email": "bill@client.example"},
            {"kind": "person", "external_id": "odd", "name": "Odd", "email": "odd@client.example"},
            seat("panel", "bill", "billing", old),
        )
        mails = {"stranger": "odd", "member": "ali", "billing": "bill", "owner": "lotte"}
        self.clients: dict[str, Client] = {"anonymous": Client()}
        from bursar.access.models import User
        from bursar.tenants.models import Person

        for who, name in mails.items():
            user, _ = User.objects.get_or_create(email=f"{name}@client.example", defaults={"name": name})
            Person.objects.filter(external_id=name).update(user=user)
            self.clients[who] = sign_in(user.email)
        for role in ROLES:
            user = User.objects.create_user(f"m-{role}@agora.example", role)
            StaffMember.objects.create(user=user).roles.add(Role.objects.get(slug=role))
            self.clients[role] = sign_in(user.email)
        self.headers: dict[str, dict[str, str]] = {}
        for who in KEYS:
            scope = who.partition(":")[2]
            self.clients[who] = Client()
            self.headers[who] = {"Authorization": f"Bearer {who}"}
            ApiKey.objects.create(name=who, digest=digest_of(who), hint="h", scopes=[scope], created_by="t")
        self.clients["token:read"] = Client()
        self.headers["token:read"] = {"Authorization": "Bearer token"}
        lead = StaffMember.objects.get(user__email="m-lead@agora.example")
        ApiToken.objects.create(member=lead, name="t", digest=digest_of("token"), hint="h", rights=["read"])

    def ask(self, who: str, method: str, path: str, body: str = "") -> Any:
        return self.clients[who].generic(
            method, path, body, content_type="application/json", headers=self.headers.get(who, {})
        )


def expected_gate(who: str, route: str) -> set[int]:
    """What the gate answers to this one at this address, before anything else is looked at."""
    if route.startswith("/api/product/"):
        if route.endswith("openapi.json"):
            return {200}
        return {400, 403, 404, 405, 409, 422, 200, 201} if who.startswith("key:") else {401, 404, 405}
    if route.startswith("/api/"):
        return {401} if who in ("anonymous", *KEYS) else {404} if who in CUSTOMERS else {200, 400, 404, 405}
    if route.startswith(("/panel", "/handbook")):
        return (
            {302}
            if who in ("anonymous", *KEYS, "token:read")
            else {404}
            if who in CUSTOMERS
            else {200, 301, 302, 400, 404, 405}
        )
    if route.startswith("/notices/stop/"):
        return {200}  # the signed link is enough
    if route.startswith("/notices/"):
        return {302} if who in ("anonymous", *KEYS, "token:read") else {200, 404, 405}
    return set()


@pytest.fixture
def crowd(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    monkeypatch.setattr("bursar.config.middleware.BAD_TOKENS", 10**6)  # the walk knocks more often than a guesser may
    return Crowd(cast)


def test_every_address_for_everybody(cast: Cast, crowd: Crowd) -> None:
    wrong, lines = [], AuditLine.objects.count()
    for route in ROUTES:
        path = filled(route, cast)
        for who in WHO:
            if route.endswith("sign-out/"):
                continue
            answer = crowd.ask(who, "GET", path)
            expected = expected_gate(who, route)
            if answer.status_code >= 500 or (expected and answer.status_code not in expected):
                wrong.append((who, path, answer.status_code, sorted(expected)))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == lines, "a GET wrote into the book"


def expected_action(who: str, action: Action) -> set[int]:
    """By the declaration alone. 409, 422: let through to the lever's own predicates and form."""
    if who in ("anonymous", *KEYS):
        return {401}
    if who in CUSTOMERS:
        return {404}
    if action.permission is None:
        return {404, 422}  # everybody settles their own, and reaches nobody else's
    rights = {Right.READ} if who == "token:read" else {Right(right) for right in Role.objects.get(slug=who).rights}
    if action.permission is not None and action.permission not in rights:
        return {403}
    if action.danger and who != "token:read":
        return {403, 404, 409, 422}
    return {404, 409, 422}


def test_every_action_for_everybody(cast: Cast, crowd: Crowd) -> None:
    """With a body that fits no form, so that nothing changes for the next in line: one company serves all cells."""
    before, wrong = AuditLine.objects.count(), []
    for key, action in sorted(ACTIONS.items()):
        path = f"/api/v1/{action.target_slug}/{cast.target_id(action.target_slug)}/actions/{action.verb_name}"
        body: dict[str, Any] = {"data": {"no_such_field": "x"}}
        if action.reason is not Reason.NONE:
            body["reason"] = "x"
        for who in WHO:
            status = crowd.ask(who, "POST", path, json.dumps(body)).status_code
            expected = expected_action(who, action)
            # a body that fits no schema is told before the right is looked at; both are refusals
            if status not in expected | ({422} if 403 in expected else set()):
                wrong.append((key, who, status, sorted(expected)))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == before


def test_the_right_decides_when_the_body_fits(cast: Cast, crowd: Crowd) -> None:
    """Through the door itself, where no schema stands before the permission."""
    wrong = [
        (key, role, sentence) for role in ROLES for key in sorted(ACTIONS) for sentence in _odd_answers(role, key, cast)
    ]
    assert not wrong, wrong[:10]


def _odd_answers(role: str, key: str, cast: Cast) -> list[str]:
    member = StaffMember.objects.select_related("user").get(user__email=f"m-{role}@agora.example")
    actor, action = actor_for(member.user), ACTIONS[key]
    try:
        run(key, actor, cast.target_id(action.target_slug), {"no_such_field": "x"}, reason="x")
    except Forbidden as refusal:
        return [refusal.sentence] if actor.can(action.permission) else []
    except Refusal as refusal:
        return [] if actor.can(action.permission) else [refusal.sentence]
    return ["got through with a field that does not exist"]

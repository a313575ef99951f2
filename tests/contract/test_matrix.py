"""Every address and every action × everybody who might come: the answer in each cell is the expected one.

The expectation follows from the declarations (right, scope, scope of the fetch), never from a list kept beside them.
"""

from __future__ import annotations

import json
import re
from functools import cache
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
from bursar.product.api import api as product_api
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


def is_nobody(who: str) -> bool:
    """Neither a browser that signed in, nor, on pages, anything else."""
    return who in ("anonymous", "token:read", *KEYS)


# Open to strangers; everything else is closed to them, and an address that is to be open has to come in here.
OPEN = ("/healthz", "/readyz", "/metrics", "/sign-in/", "/account/inactive", "/api/product/v1/openapi.json",
        "/notices/stop/")  # fmt: skip
# Addresses of the panel that answer the lead with a refusal, and why.
TOLD = {
    "/panel/actions/bulk/<slug:slug>/<slug:verb>": 400,  # no row is picked
    "/panel/actions/bulk-runs/<slug:run_id>": 404,  # no such run
    "/panel/usage/exports/<slug:export_id>": 404,  # no such file
    "/panel/mail/<slug:mail_id>": 404,  # nothing was sent yet
    "/panel/mail/<slug:mail_id>/html": 404,
    "/api/v1/": 404,
    "/api/v1/bulk/<run_id>": 404,
    "/api/v1/book/<line_id>": 404,
}
FINE = {200, 301, 302, 405}  # 405: it wants a POST


def expected_of_lead(route: str) -> set[int]:
    if route in TOLD:
        return {TOLD[route]}
    return ({200} if is_read(route) else {405}) if route.startswith("/api/v1/") else FINE


def is_read(route: str) -> bool:
    return "/actions/" not in route and route != "/api/v1/bulk"


def expected_at(who: str, route: str, lead: int) -> set[int]:
    """By the gate alone; who may read sees just what the lead sees."""
    if route.startswith("/api/product/"):
        return expected_of_product(who, route)
    if route.startswith("/api/"):
        return {401} if who in ("anonymous", *KEYS) else {404} if who in CUSTOMERS else {lead}
    if is_nobody(who):
        return {302}
    if route.startswith(("/panel", "/handbook")):
        return {404} if who in CUSTOMERS else {lead}
    return {
        *FINE,
        404,
        *([403] if route.startswith(("/account/2fa/", "/account/confirm/")) else []),
    }  # a page of one's own, or none of one's own


def expected_of_product(who: str, route: str) -> set[int]:
    """Keys alone; by GET there are the entitlements, and what a later release adds to them."""
    operation = product_paths().get(route.replace("<", "{").replace(">", "}"), {}).get("get")
    if operation is None:
        return {404} if route.endswith("/v1/") else {405}
    if not who.startswith("key:"):
        return {401}
    return {200, 404} if who == f"key:{scope_of(operation)}" else {403}


@cache
def product_paths() -> dict[str, Any]:
    paths: dict[str, Any] = product_api.get_openapi_schema()["paths"]
    return paths


@cache
def product_schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = product_api.get_openapi_schema()["components"]["schemas"]
    return schemas


def scope_of(operation: dict[str, Any]) -> str:
    """The tag of an operation is its scope; “sign-in” is the one that cannot be spelt the same."""
    return str(operation["tags"][0]).replace("-", "_")


@pytest.fixture
def crowd(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Crowd:
    monkeypatch.setattr("bursar.config.middleware.BAD_TOKENS", 10**6)  # the walk knocks more often than a guesser may
    return Crowd(cast)


def test_every_address_for_everybody(cast: Cast, crowd: Crowd) -> None:
    wrong, lines = [], AuditLine.objects.count()
    for route in ROUTES:
        if route.endswith("sign-out/"):
            continue
        path = filled(route, cast)
        lead = crowd.ask("lead", "GET", path).status_code
        if route.startswith(("/panel", "/api/v1/")) and lead not in expected_of_lead(route):
            wrong.append(("lead", path, lead, sorted(expected_of_lead(route))))
        if route.startswith(OPEN) and route != "/sign-in/with/":  # that one lists one's own
            answer = crowd.ask("anonymous", "GET", path)
            if answer.status_code >= 500 or "/sign-in/?next=" in answer.headers.get("Location", ""):
                wrong.append(("anonymous", path, answer.status_code, [200]))
            continue
        # one key stands for all of them where none of them is let in
        for who in WHO if route.startswith("/api/product/") else (one for one in WHO if one not in KEYS[1:]):
            answer = crowd.ask(who, "GET", path)
            expected = expected_at(who, route, lead)
            is_led_in = answer.status_code == 302 and is_nobody(who) and "/sign-in/" not in answer["Location"]
            if answer.status_code not in expected or is_led_in:
                wrong.append((who, path, answer.status_code, sorted(expected)))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == lines, "a GET wrote into the book"


PRODUCT_WRITES = sorted(
    (method.upper(), path) for path, operations in product_paths().items() for method in operations if method != "get"
)


@pytest.mark.parametrize(("method", "path"), PRODUCT_WRITES)
def test_every_write_of_the_product_for_everybody(cast: Cast, crowd: Crowd, method: str, path: str) -> None:
    """With the body that the description itself gives as its example: the scope alone decides."""
    operation = product_paths()[path][method.lower()]
    scope, body = scope_of(operation), json.dumps(example_of(operation))
    assert scope in Scope.values
    address = re.sub(r"{\w+}", "2026-11-02" if "{day}" in path else "nothing-known", path)
    for who in WHO:
        status = crowd.ask(who, method, address, body).status_code
        if who == f"key:{scope}":
            assert status in (200, 201, 404, 409), (who, status)
        else:
            assert status == (403 if who.startswith("key:") else 401), (who, status)


def example_of(operation: dict[str, Any]) -> Any:
    content = next(iter(operation["requestBody"]["content"].values()))
    if "example" in content:
        return content["example"]
    name = content["schema"]["$ref"].rpartition("/")[2]
    schema = product_schemas()[name]
    return {field: made["examples"][0] for field, made in schema["properties"].items() if field in schema["required"]}


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
        return {403}  # nobody here confirmed lately that it is them
    return {422}  # let through to the form, which knows no such field


def test_every_action_for_everybody(cast: Cast, crowd: Crowd) -> None:
    """Who may pull it sends a field that does not exist, so that nothing changes for the next in line; who may not
    sends a body that fits where one can be made of nothing, so that the right alone decides.
    """
    before, wrong = AuditLine.objects.count(), []
    for key, action in sorted(ACTIONS.items()):
        path = f"/api/v1/{action.target_slug}/{cast.target_id(action.target_slug)}/actions/{action.verb_name}"
        reason = {"reason": "x"} if action.reason is not Reason.NONE else {}
        reason |= {"message": "x"} if action.message is Reason.REQUIRED else {}
        odd, fitting = json.dumps({"data": {"no_such_field": "x"}, **reason}), json.dumps({"data": {}, **reason})
        asks_nothing = not any(field.required for field in action.form.base_fields.values())  # type: ignore[attr-defined]
        for who in WHO:
            expected = expected_action(who, action)
            is_let_in = 422 in expected
            status = crowd.ask(who, "POST", path, odd if is_let_in or not asks_nothing else fitting).status_code
            # a body that fits no schema is told before the right is looked at; both are refusals
            if status not in expected | ({422} if 403 in expected and not asks_nothing else set()):
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

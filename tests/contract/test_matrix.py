"""Every address and every action × everybody who might come: the answer in each cell is the expected one.

The expectation follows from the declarations (right, scope, scope of the fetch), never from a list kept beside them.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from bursar.access.actor import Actor, operator, system
from bursar.access.keys import digest_of
from bursar.access.models import User
from bursar.access.rights import By, Own, Right, explain_missing, explain_out_of_reach
from bursar.actions import bulk
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.run import run
from bursar.actions.spec import Action, Case, Reason
from bursar.audit.models import AuditLine
from bursar.config.actors import actor_for
from bursar.core.errors import Forbidden, NotFound, Refusal
from bursar.product.api import api as product_api
from bursar.product.models import ApiKey, Scope
from bursar.staff.matrix import build_matrix, list_shipped_roles
from bursar.staff.models import ApiToken, Role, StaffMember
from bursar.tenants.models import Person, Workspace
from tests.cast import NOW, Cast, bring_all, client_workspace, confirmed, person, refusal_of, seat, sign_in
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

        self.cast = cast
        # Asked for once, for each of thousands of questions: whoever is refused changes none of it.
        self.id_of = cache(cast.target_id)
        self.actor_of = cache(actor_of_role)
        self.rights_of = cache(lambda role: {Right(right) for right in Role.objects.get(slug=role).rights})
        self.finds = cache(lambda actor, slug: finds(actor, slug, cast))
        self.need_of = cache(lambda actor, key: need_of(actor, ACTIONS[key], cast))

    def reaches(self, who: str, slug: str) -> bool:
        """Whether they find the cast's one of these on their own pages: by its fetch, in the customer's hat."""
        user = User.objects.get(pk=self.clients[who].session["_auth_user_id"])
        return self.finds(actor_for(user).as_customer(), slug)

    def ask(self, who: str, method: str, path: str, body: str = "") -> Any:
        return self.clients[who].generic(
            method, path, body, content_type="application/json", headers=self.headers.get(who, {})
        )


def finds(actor: Actor, slug: str, cast: Cast) -> bool:
    try:
        TARGETS[slug].fetch(actor, cast.target_id(slug))
    except NotFound:
        return False
    return True


def is_nobody(who: str) -> bool:
    """Neither a browser that signed in, nor, on pages, anything else."""
    return who in ("anonymous", "token:read", *KEYS)


# Open to strangers; everything else is closed to them, and an address that is to be open has to come in here.
OPEN = ("/healthz", "/readyz", "/metrics", "/sign-in/", "/account/inactive", "/api/product/v1/openapi.json",
        "/notices/stop/", "/mollie/hook", "/pay/thanks", "/certificates/")  # fmt: skip
# What a GET says to whoever may stand there, where that is not 200: to colleagues, or to everybody who signed in.
TOLD = {
    "/panel": 302,
    "/panel/": 302,
    "/panel/actions/<slug:slug>/<slug:target_id>/<slug:verb>/preview": 405,
    "/panel/actions/bulk/<slug:slug>/<slug:verb>": 400,  # no row is picked
    "/panel/actions/bulk/<slug:slug>/<slug:verb>/preview": 405,
    "/panel/actions/bulk-runs/<slug:run_id>": 404,  # no such run
    "/panel/at-risk/export": 405,
    "/panel/book/export": 405,
    "/panel/notices/<slug:notice_id>/open": 405,
    "/panel/invoices/": 302,
    "/panel/invoices/balances/export": 405,
    "/panel/invoices/bundles/make": 405,
    "/panel/invoices/list/export": 405,
    "/panel/invoices/list/export-accounting": 405,
    "/panel/payments/export": 405,
    "/panel/payments/gap/export": 405,
    "/panel/partners/export": 405,
    "/panel/partners/<slug:organisation_id>/self-billing/<slug:quarter>": 404,  # nothing like it settled that
    "/panel/partners/<slug:organisation_id>/self-billing/<slug:quarter>/e-invoice": 404,
    "/panel/notices/read": 405,
    "/panel/training/export": 405,
    "/panel/training/licences/export": 405,
    "/panel/usage/export": 405,
    "/panel/usage/movements/export": 405,
    "/panel/files/<slug:file_id>": 404,  # no such file
    "/panel/visits/<slug:workspace_id>": 403,  # nobody is in
    "/panel/files/upload/<slug:kind>": 405,
    "/api/v1/files/<file_id>": 404,
    "/panel/mail/<slug:mail_id>": 404,  # nothing was sent yet
    "/panel/mail/<slug:mail_id>/html": 404,
    "/handbook": 302,
    "/handbook/": 404,  # none is built here
    "/handbook/<path:path>": 404,
    "/api/v1/": 404,
    "/api/v1/invoices/<invoice_id>/<kind>": 422,  # “new” is no kind of file
    "/api/v1/bulk": 405,
    "/api/v1/bulk/<run_id>": 404,
    "/api/v1/book/<line_id>": 404,
    "/actions/<slug:slug>/<slug:target_id>/<slug:verb>": 404,  # a lever of staff
    "/actions/<slug:slug>/<slug:target_id>/<slug:verb>/preview": 405,
    "/actions/bulk-runs/<slug:run_id>": 404,
    "/actions/bulk/<slug:slug>/<slug:verb>": 404,
    "/actions/bulk/<slug:slug>/<slug:verb>/preview": 405,
    "/actions/menu/<slug:slug>/<slug:target_id>": 404,
    "/notices/<slug:notice_id>/open": 405,
    "/notices/read": 405,
    "/pay/<slug:charge_id>": 404,  # no such charge
    "/training/sessions/<slug:session_id>/calendar": 404,  # none of theirs has a day
    "/partner-programme/<slug:organisation_id>": 404,  # nobody's here sells for a partner
    "/partner-programme/<slug:organisation_id>/statements/<slug:quarter>": 404,
    "/partner-programme/<slug:organisation_id>/self-billing/<slug:quarter>": 404,
    "/partner-programme/<slug:organisation_id>/self-billing/<slug:quarter>/e-invoice": 404,
    "/api/product/v1/invitations/<external_id>": 404,  # no such invitation
    "/api/product/v1/documents/<invoice>/pdf": 404,  # it is being made
    "/api/product/v1/documents/<invoice>/e-invoice": 404,
}
# Of the open ones: to strangers.
TO_STRANGERS = {
    "/mollie/hook": 405,
    "/mollie/hook/<slug:token>": 405,
    "/sign-in/closed": 302,
    "/sign-in/oidc/<slug:provider_id>/login/": 404,  # no issuer is set here
    "/sign-in/oidc/<slug:provider_id>/login/callback/": 404,
    "/sign-in/with/": 302,
    "/sign-in/with/login/error/": 401,
    "/sign-in/with/signup/": 302,
}
# One's own sign-in: (those with a password, colleagues here have none). 302: to a confirmation, or to where it is set.
SIGN_IN = {
    "/account/2fa/authenticate/": (302, 302),
    "/account/2fa/reauthenticate/": (302, 403),
    "/account/2fa/recovery-codes/": (404, 404),
    "/account/2fa/recovery-codes/download/": (404, 404),
    "/account/2fa/recovery-codes/generate/": (302, 200),
    "/account/2fa/totp/activate/": (302, 200),
    "/account/2fa/totp/deactivate/": (404, 404),
    "/account/2fa/webauthn/add/": (302, 200),
    "/account/2fa/webauthn/keys/<int:pk>/edit/": (302, 404),
    "/account/2fa/webauthn/keys/<int:pk>/remove/": (302, 404),
    "/account/2fa/webauthn/reauthenticate/": (302, 403),
    "/account/confirm/": (200, 403),
    "/account/password/": (200, 302),
    "/account/password/set/": (302, 200),
}


BY_PRODUCT = {"workspace": "panel", "person": "lotte"}
"""The product's own ids, in the places of its addresses."""


def expected_at(who: str, route: str, crowd: Crowd) -> int:
    """By the gate, the method and the reach of the fetch."""
    if route.startswith("/api/product/"):
        return expected_of_product(who, route)
    if route.startswith("/api/"):
        may_not = route.endswith("/texts") and who != "lead"  # whoever may erase people
        return 401 if who in ("anonymous", *KEYS) else 404 if who in CUSTOMERS else 403 if may_not else told(route)
    if is_nobody(who):
        return 302
    if route.startswith(("/panel", "/handbook")):
        return 404 if who in CUSTOMERS else told(route)
    if route in SIGN_IN:
        return SIGN_IN[route][who in ROLES]
    owned = re.fullmatch(r"/\w+/<slug:(\w+)_id>|/training/licences/<slug:(licence)_id>/certificate", route)
    if owned and (slug := owned[1] or owned[2]) in TARGETS:
        return 200 if crowd.reaches(who, slug) else 404
    return told(route)


def told(route: str) -> int:
    return 405 if route.startswith("/api/v1/") and "/actions/" in route else TOLD.get(route, 200)


def expected_of_product(who: str, route: str) -> int:
    """Keys alone; by GET there are the entitlements, and what a later release adds to them."""
    operation = product_paths().get(route.replace("<", "{").replace(">", "}"), {}).get("get")
    if operation is None:
        return 404 if route.endswith("/v1/") else 405
    if not who.startswith("key:"):
        return 401
    return told(route) if who == f"key:{scope_of(operation)}" else 403


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
def crowd(cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Crowd:
    monkeypatch.setattr("bursar.config.middleware.BAD_TOKENS", 10**6)  # the walk knocks more often than a guesser may
    settings.BURSAR_HANDBOOK = tmp_path
    return Crowd(cast)


def test_every_address_for_everybody(cast: Cast, crowd: Crowd) -> None:
    wrong, lines = [], AuditLine.objects.count()
    for route in ROUTES:
        if route.endswith("sign-out/"):
            continue
        path = filled(route, cast, BY_PRODUCT if route.startswith("/api/product/") else None)
        if route.startswith(OPEN):
            answer = crowd.ask("anonymous", "GET", path)
            if answer.status_code != TO_STRANGERS.get(route, 200):
                wrong.append(("anonymous", path, answer.status_code, TO_STRANGERS.get(route, 200)))
            continue
        # one key stands for all of them where none of them is let in
        for who in WHO if route.startswith("/api/product/") else (one for one in WHO if one not in KEYS[1:]):
            answer = crowd.ask(who, "GET", path)
            expected = expected_at(who, route, crowd)
            is_led_in = answer.status_code == 302 and is_nobody(who) and "/sign-in/" not in answer["Location"]
            if answer.status_code != expected or is_led_in:
                wrong.append((who, path, answer.status_code, expected))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == lines, "a GET wrote into the book"


PRODUCT_WRITES = sorted(
    (method.upper(), path) for path, operations in product_paths().items() for method in operations if method != "get"
)
# With the scope and the example, about things that nobody knows: 201 makes one, 404 and 409 want one that there is, 200
# says so item by item. An address that comes new has to come in here.
WITH_THE_EXAMPLE = {
    ("POST", "/api/product/v1/batch"): 200,
    ("POST", "/api/product/v1/documents/{invoice}/delivery"): 404,
    ("POST", "/api/product/v1/organisations/{organisation}/workspace-requests"): 404,
    ("POST", "/api/product/v1/sign-in-links"): 409,
    ("POST", "/api/product/v1/usage"): 200,
    ("POST", "/api/product/v1/workspaces/{workspace}/upgrade-requests"): 404,
    ("PUT", "/api/product/v1/invitations/{external_id}"): 409,
    ("PUT", "/api/product/v1/organisations/{external_id}"): 201,
    ("PUT", "/api/product/v1/organisations/{organisation}/members/{person}"): 409,
    ("PUT", "/api/product/v1/people/{external_id}"): 201,
    ("PUT", "/api/product/v1/people/{person}/logins/{day}"): 409,
    ("PUT", "/api/product/v1/workspaces/{external_id}"): 409,
    ("PUT", "/api/product/v1/workspaces/{workspace}/members/{person}"): 409,
}
BROKEN = "{"


@pytest.mark.parametrize(("method", "path"), PRODUCT_WRITES)
def test_every_write_of_the_product_for_everybody(cast: Cast, crowd: Crowd, method: str, path: str) -> None:
    """With the body that the description itself gives as its example, one that fits nothing, and one that is no JSON:
    without the scope, each says the same.
    """
    operation = product_paths()[path][method.lower()]
    scope = scope_of(operation)
    assert scope in Scope.values
    address = re.sub(r"{\w+}", "2026-11-02" if "{day}" in path else "nothing-known", path)
    unfit = 400 if path.endswith("/usage") else 422  # its body is a list and nothing else
    bodies = {json.dumps(example_of(operation)): WITH_THE_EXAMPLE[method, path], '"x"': unfit, BROKEN: 400}
    wrong = []
    for who in WHO:
        for body, status in bodies.items():
            expected = status if who == f"key:{scope}" else 403 if who.startswith("key:") else 401
            found = crowd.ask(who, method, address, body).status_code
            if found != expected:
                wrong.append((who, body, found, expected))
    assert not wrong, wrong


def example_of(operation: dict[str, Any]) -> Any:
    content = next(iter(operation["requestBody"]["content"].values()))
    if "example" in content:
        return content["example"]
    name = content["schema"]["$ref"].rpartition("/")[2]
    schema = product_schemas()[name]
    return {field: made["examples"][0] for field, made in schema["properties"].items() if field in schema["required"]}


LET_IN = 0  # to the form


def expected_action(who: str, action: Action, crowd: Crowd) -> int:
    """By the declaration alone; LET_IN: the form answers."""
    if who in ("anonymous", *KEYS):
        return 401
    if who in CUSTOMERS:
        return 404
    actor = crowd.actor_of("lead" if who == "token:read" else who)
    if who == "token:read":
        actor = replace(actor, rights=frozenset({Right.READ}))
    if not crowd.finds(actor, action.target_slug):  # everybody settles their own, and reaches nobody else's
        return 404
    rights = {Right.READ} if who == "token:read" else crowd.rights_of(who)
    if action.permission is not None and action.permission not in rights:
        return 403
    need = crowd.need_of(actor, action.key)
    if need is not None and need not in rights:
        return 403
    if action.danger and who != "token:read":
        return 403  # nobody here confirmed lately that it is them
    return LET_IN


def need_of(actor: Actor, action: Action, cast: Cast) -> Right | None:
    """The further right that it takes there, whatever is filled in."""
    target = TARGETS[action.target_slug].fetch(actor, cast.target_id(action.target_slug))
    need = action.needs(Case(actor, target, NOW), None) if action.needs else None
    return Right(need.right) if need else None


def lacks(actor: Actor, action: Action, crowd: Crowd) -> bool:
    if not actor.can(action.permission):
        return True
    return crowd.finds(actor, action.target_slug) and not (
        (need := crowd.need_of(actor, action.key)) is None or actor.can(need)
    )


def actor_of_role(role: str) -> Actor:
    return confirmed(f"m-{role}@agora.example")


def missing_words(actor: Actor, action: Action, crowd: Crowd) -> str:
    if action.permission is not None and not actor.can(action.permission):
        return explain_missing(action.permission)
    need = crowd.need_of(actor, action.key)
    assert need is not None
    return explain_missing(need)


def fitting(action: Action) -> str:
    """A body that could do something, where the form asks for nothing."""
    reason = {"reason": "x"} if action.reason is not Reason.NONE else {}
    return json.dumps({"data": {}, **reason, **({"message": "x"} if action.message is Reason.REQUIRED else {})})


@pytest.mark.parametrize(
    ("body", "when_let_in"), [(BROKEN, 400), ('{"data": {"no_such_field": "x"}, "reason": "x"}', 422), ("", 0)]
)
def test_every_action_for_everybody(cast: Cast, crowd: Crowd, body: str, when_let_in: int) -> None:
    """Whoever may not pull it hears just that, whatever they send; whoever may hears what is wrong with it.

    The last body fits; it is sent by those alone who may not, so that nothing changes for the next in line.
    """
    before, wrong = AuditLine.objects.count(), []
    for key, action in sorted(ACTIONS.items()):
        path = f"/api/v1/{action.target_slug}/{crowd.id_of(action.target_slug)}/actions/{action.verb_name}"
        # one key stands for all of them, but once: none of them is let in
        for who in (one for one in WHO if one not in KEYS[1:] or body == BROKEN):
            expected = expected_action(who, action, crowd) or when_let_in
            if expected:
                status = crowd.ask(who, "POST", path, body or fitting(action)).status_code
                if status != expected:
                    wrong.append((key, who, status, expected))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == before


def test_every_dialog_for_whoever_may_not(cast: Cast, crowd: Crowd) -> None:
    """The page's own submit: the sentence about the right, before any about the form or about confirming."""
    before, wrong = AuditLine.objects.count(), []
    for key, action in sorted(ACTIONS.items()):
        path = f"{action.target_slug}/{crowd.id_of(action.target_slug)}/{action.verb_name}"
        for who in ROLES:
            if expected_action(who, action, crowd) == 403 and lacks(crowd.actor_of(who), action, crowd):
                answer = crowd.clients[who].post(f"/panel/actions/{path}", {"reason": "x" * 3000, "confirm": "guess"})
                if (
                    answer.status_code != 403
                    or html.escape(missing_words(crowd.actor_of(who), action, crowd)) not in answer.content.decode()
                ):
                    wrong.append((key, who, answer.status_code))
                if crowd.clients[who].post(f"/panel/actions/{path}/preview", {"odd": "x"}).status_code != 403:
                    wrong.append((f"{key}, preview", who, 200))
        for who in CUSTOMERS if not action.is_for_customers else ():
            if crowd.clients[who].post(f"/actions/{path}", {}).status_code != 404:
                wrong.append((key, who, 404))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == before


def test_every_bulk_for_whoever_may_not(cast: Cast, crowd: Crowd) -> None:
    wrong = []
    for key, action in ((key, action) for key, action in sorted(ACTIONS.items()) if action.bulk):
        slug, picked = action.target_slug, crowd.id_of(action.target_slug)
        for who in (who for who in ROLES if not crowd.actor_of(who).can(action.permission)):  # whatever the row is
            page = crowd.clients[who].post(f"/panel/actions/bulk/{slug}/{action.verb_name}", {slug: picked})
            body = json.dumps({"action": key, "ids": [], "data": {"no_such_field": "x"}})
            if (page.status_code, crowd.ask(who, "POST", "/api/v1/bulk", body).status_code) != (403, 403):
                wrong.append((key, who, page.status_code))
    assert not wrong, wrong[:10]


def test_the_right_decides_when_the_body_fits(cast: Cast, crowd: Crowd) -> None:
    """Through the door itself, where no schema stands before the permission."""
    wrong = [
        (key, role, sentence)
        for role in ROLES
        for key in sorted(ACTIONS)
        for sentence in _odd_answers(role, key, crowd)
    ]
    assert not wrong, wrong[:10]


def _odd_answers(role: str, key: str, crowd: Crowd) -> list[str]:
    actor, action = crowd.actor_of(role), ACTIONS[key]
    try:
        run(key, actor, crowd.id_of(action.target_slug), {"no_such_field": "x"}, reason="x")
    except Forbidden as refusal:
        return [] if lacks(actor, action, crowd) else [refusal.sentence]
    except Refusal as refusal:
        return [refusal.sentence] if lacks(actor, action, crowd) else []
    return ["got through with a field that does not exist"]


# What customers do, by their role at a workspace or at the organisation: DOMAIN 8. It stands here once more, as the domain says it.
PAYING = {key for key, action in ACTIONS.items() if action.permission is Own.PAY}
LETTING_IN = {key for key, action in ACTIONS.items() if action.permission is Own.LET_IN}
CLIENT_SPACE = "partners.organisation.create_client_workspace"
OPENED = {
    "owner": {"requests.workspace.ask_upgrade", *LETTING_IN},
    "admin": {"requests.workspace.ask_upgrade", *LETTING_IN},
    "billing": {"requests.workspace.ask_upgrade"},
    "member": {"requests.workspace.ask_upgrade"},
    "external": set(),
    "observer": set(),
    "organisation owner": {
        "requests.organisation.ask_workspace",
        "training.organisation.ask_training",
        CLIENT_SPACE,
        *PAYING,
        *LETTING_IN,
    },
    "organisation admin": {
        "requests.organisation.ask_workspace",
        "training.organisation.ask_training",
        CLIENT_SPACE,
        *PAYING,
        *LETTING_IN,
    },
    "organisation billing": PAYING,
    "organisation member": set(),
}


CELLS = [(who, at) for who in sorted(OPENED) for at in ("panel", "raad")]
CELLS = [(who, at) for who, at in CELLS if at == ("raad" if who == "observer" else "panel" if " " in who else at)]


@pytest.mark.parametrize(("who", "at"), CELLS)
def test_every_customers_action_by_their_role(cast: Cast, who: str, at: str) -> None:
    """Out of reach is 404, out of their role 403 with the sentence, and else the form answers: through the door.

    At an internal workspace and at one for an external client; observers sit in no other.
    """
    old, (role, above) = NOW.replace(month=9), ("", who.split()[1]) if " " in who else (who, "")
    bring_all(*person("who", "Who"), *client_workspace(old))
    cast = replace(cast, panel=Workspace.objects.get(external_id=at))
    if role:
        bring_all(seat(at, "who", role, old))
    if above:
        row = {"organisation": "haarlem", "person": "who", "role": above, "from": old}
        bring_all({"kind": "organisation_member", **row})
    user = User.objects.create_user("who@client.example", "Who")
    Person.objects.filter(external_id="who").update(user=user)
    actor, before, wrong = actor_for(user).as_customer(), AuditLine.objects.count(), []
    assert finds(actor, "workspace" if role else "organisation", cast)
    for key, action in sorted(ACTIONS.items()):
        if not isinstance(action.permission, Own) or action.target_slug == "request":
            continue
        refusal = refusal_of(key, actor, cast.target_id(action.target_slug), {"no_such_field": "x"})
        if not finds(actor, action.target_slug, cast):
            right = isinstance(refusal, NotFound)
        elif key in OPENED[who]:
            right = not isinstance(refusal, Forbidden | NotFound)
        else:
            right = isinstance(refusal, Forbidden) and refusal.sentence == explain_out_of_reach(action.permission)
        if not right:
            wrong.append((key, refusal.status, refusal.sentence))
    assert not wrong, wrong
    assert AuditLine.objects.count() == before


def test_what_no_role_opens_is_refused_to_every_human(cast: Cast, crowd: Crowd) -> None:
    """Base staff stood in the matrix for actions that refuse every human."""
    by = {key: action for key, action in ACTIONS.items() if isinstance(action.permission, By)}
    assert {"product.company.import", "plans.account.tell_grant_end", "webhooks.endpoint.switch_off"} <= set(by)
    rows = {row.action.key: row for row in build_matrix(list_shipped_roles())}
    for key, action in by.items():
        assert (
            not any(may for _, may in rows[key].cells)
            and action.permission
            and rows[key].words == action.permission.label
        )
        target = crowd.id_of(action.target_slug)
        for role in ROLES:
            assert isinstance(refusal_of(key, crowd.actor_of(role), target, {}), Forbidden), (key, role)
        shell = refusal_of(key, operator("root"), target, {"no_such_field": "x"})
        assert isinstance(shell, Forbidden) is (action.permission is not By.SHELL), (key, shell)
        assert not isinstance(refusal_of(key, system("clock"), target, {"no_such_field": "x"}), Forbidden)


def test_a_right_that_the_form_asks_for_is_a_403_at_every_door(cast: Cast, crowd: Crowd) -> None:
    """Sharing a view takes the right to act; keeping it for oneself takes none."""
    auditor, shared = crowd.clients["auditor"], {"name": "Mine", "query": "", "shared": True}
    before = AuditLine.objects.count()
    address = "company/company/save_view"
    by_api = auditor.post(
        "/api/v1/company/company/actions/save_view", json.dumps({"data": shared}), content_type="application/json"
    )
    by_page = auditor.post(f"/panel/actions/{address}", {**shared, "shared": "on"})
    assert (by_api.status_code, by_page.status_code) == (403, 403)
    sentence = by_api.json()["sentence"]
    assert sentence.startswith("You need the right “pull everyday levers”. Without it your views are yours alone. ")
    assert sentence.endswith(" have it.")  # whom to ask
    assert isinstance(refusal_of("rollup.company.save_view", actor_of_role("auditor"), "company", shared), Forbidden)
    assert AuditLine.objects.count() == before
    assert auditor.post(f"/panel/actions/{address}", {"name": "Mine", "query": ""}).status_code == 302


def test_a_missing_right_is_a_403_in_the_row_of_a_bulk(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second trial within a year takes `override`: the row says so, and the others are done."""
    key = "plans.account.grant_trial"
    monkeypatch.setitem(ACTIONS.things, key, replace(ACTIONS[key], bulk=True))
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="x")
    run("plans.account.end_trial", cast.ties, cast.samen.public_id, reason="x")
    made = bulk.start("plans.account.grant_trial", cast.ties, [cast.samen.public_id, "acc_nothing"], {}, "x")
    assert [row.status for row in made.results.order_by("id")] == [403, 404]

"""Every address × everybody who might come: the answer in each cell is the expected one.

The expectation follows from the declarations (gate, method, scope, reach of the fetch), never from a list kept beside
them; `test_who_may_act.py` asks the same of the actions.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest

from bursar.actions.registry import TARGETS
from bursar.audit.models import AuditLine
from bursar.product.api import api as product_api
from bursar.product.models import Scope
from tests.cast import Cast
from tests.contract.crowd import BROKEN, CUSTOMERS, KEYS, ROLES, WHO, Crowd
from tests.walk import ROUTES, filled


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

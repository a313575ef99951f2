"""What HTTP asks of every address: HEAD, OPTIONS, the methods it does not take, and the shape of the APIs' refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from bursar.audit.models import AuditLine
from tests.cast import Cast, sign_in
from tests.contract.test_matrix import PRODUCT_WRITES, example_of, product_paths
from tests.product.test_door import call, make_key
from tests.walk import ROUTES, filled

ODD = ("PATCH", "TRACE", "QUATSCH")
# Addresses that only lead on: they do so before they look at the method.
LEADS_ON = {"/panel", "/panel/", "/handbook", "/api/v1/", "/api/product/v1/"}
OURS = [r for r in ROUTES if not r.startswith(("/account/", "/sign-in/", "/sign-out/")) and r not in LEADS_ON]


def is_refusal(answer: Any) -> bool:
    body = answer.json()
    return (
        answer["Content-Type"] == "application/json"
        and set(body) == {"code", "sentence", "fields"}
        and bool(body["sentence"])
    )


def test_every_address_of_ours_by_every_method(cast: Cast) -> None:
    lead, key = sign_in("iris@agora.example"), {"Authorization": f"Bearer {make_key()}"}
    wrong: list[Any] = []
    lines = AuditLine.objects.count()
    for route in OURS:
        headers = key if route.startswith("/api/product/") else {}
        path = filled(route, cast, {"workspace": "panel"} if headers else None)

        def ask(method: str, path: str = path, headers: Any = headers) -> Any:
            return lead.generic(method, path, headers=headers)

        got, head, options = ask("GET"), ask("HEAD"), ask("OPTIONS")
        if (head.status_code, head.content) != (got.status_code, b""):
            wrong.append((path, "HEAD", head.status_code, got.status_code))
        if options.status_code != 204 or options.content or "Content-Length" in options:
            wrong.append((path, "OPTIONS", options.status_code, options.content))
        if "OPTIONS" not in options.headers.get("Allow", ""):
            wrong.append((path, "OPTIONS", options.status_code, options.headers))
        if ("GET" in options.headers.get("Allow", "")) != (got.status_code != 405):
            wrong.append((path, "Allow", options.headers.get("Allow"), got.status_code))
        for method in ODD:
            answer = ask(method)
            if answer.status_code != 405 or answer.headers.get("Allow") != options.headers.get("Allow"):
                wrong.append((path, method, answer.status_code, answer.headers))
            if int(answer["Content-Length"]) != len(answer.content):
                wrong.append((path, method, "Content-Length", answer.headers))
            if route.startswith("/api/") and not is_refusal(answer):
                wrong.append((path, method, answer.content[:80]))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == lines


@pytest.mark.parametrize("route", [r for r in ROUTES if r not in OURS])
def test_what_the_library_brings_answers_head_as_get(cast: Cast, route: str) -> None:
    path, lead = filled(route, cast), sign_in("iris@agora.example")
    got, head = lead.get(path), lead.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert lead.generic("TRACE", path).status_code in (302, 403, 404, 405)


def test_open_addresses_answer_head_to_a_probe(cast: Cast) -> None:
    for path in ("/healthz", "/readyz", "/sign-in/", "/api/product/v1/openapi.json"):
        answer = Client().head(path)
        assert (answer.status_code, answer.content) == (200, b"") and int(answer["Content-Length"]) > 2


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/v1/nothing", "/api/product", "/api/product/v1/no"]
)
def test_no_such_address_in_the_apis_has_their_shape(cast: Cast, path: str) -> None:
    answer = sign_in("iris@agora.example").get(path)
    assert answer.status_code == 404 and is_refusal(answer) and answer.json()["code"] == "not_found"
    assert int(answer["Content-Length"]) == len(answer.content)
    assert sign_in("iris@agora.example").get("/panel/nothing")["Content-Type"].startswith("text/html")


# Bodies


OTHERS = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "json",
]


@pytest.mark.parametrize("kind", OTHERS)
def test_another_content_type_is_told_so(cast: Cast, kind: str) -> None:
    secret, lines = make_key(), AuditLine.objects.count()
    for method, path in PRODUCT_WRITES:
        address = path.removeprefix("/api/product/v1").replace("{day}", "2026-11-02").replace("{", "").replace("}", "")
        body = json.dumps(example_of(product_paths()[path][method.lower()]))
        answer = call(method, address, body.encode(), secret, **{"Content-Type": kind})
        assert answer.status_code == 415 and is_refusal(answer), (address, answer.content)
    lead = sign_in("iris@agora.example")
    for address in (f"/api/v1/account/{cast.samen.public_id}/actions/add_note", "/api/v1/bulk"):
        answer = lead.generic("POST", address, '{"data": {"text": "x"}}', content_type=kind)
        assert answer.status_code == 415 and is_refusal(answer) and "application/json" in answer.json()["sentence"]
    assert AuditLine.objects.count() == lines


def test_json_under_its_other_names(cast: Cast) -> None:
    body = json.dumps({"data": {"no_such_field": "x"}})
    for kind in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"):
        address = f"/api/v1/account/{cast.samen.public_id}/actions/add_note"
        assert sign_in("iris@agora.example").generic("POST", address, body, content_type=kind).status_code == 422


def test_a_body_packed_otherwise(cast: Cast) -> None:
    secret = make_key()
    for packed, status in (("br", 415), ("deflate", 415), ("gzip, gzip", 415), ("identity", 400), ("GZIP", 400)):
        answer = call("POST", "/usage", b"{", secret, **{"Content-Encoding": packed})
        assert answer.status_code == status and is_refusal(answer), packed
    assert call("POST", "/batch", b"{}", secret, **{"Content-Encoding": "gzip"}).status_code == 415


def test_without_the_right_nothing_else_is_told(cast: Cast) -> None:
    auditor = sign_in("ada@agora.example")
    address = f"/api/v1/staff/{cast.ties.id}/actions/set_roles"
    assert auditor.generic("POST", address, "x", content_type="text/plain").json()["code"] == "forbidden"
    answer = call("PUT", "/people/x", b"x", make_key("usage"), **{"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


# Entitlements, kept by the product


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ("*", 304),
        ('"other", W/{tag}', 304),
        ('"a,b",{tag}', 304),
        ('"other"', 200),
        ("{bare}", 200),
        ("", 200),
        ('"', 200),
    ],
)
def test_entitlements_that_are_known_already(cast: Cast, known: str, status: int) -> None:
    secret = make_key()
    tag = call("GET", "/entitlements/panel", "", secret)["ETag"]
    sent = known.format(tag=tag, bare=tag.strip('"'))
    answer = call("GET", "/entitlements/panel", "", secret, **{"If-None-Match": sent})
    assert (answer.status_code, answer["ETag"]) == (status, tag)
    assert bool(answer.content) == (status == 200) and answer["Cache-Control"] == "private, no-cache"
    head = call("HEAD", "/entitlements/panel", "", secret, **{"If-None-Match": sent})
    assert (head.status_code, head["ETag"], head.content) == (status, tag, b"")


def test_entitlements_are_the_same_whatever_packing_is_wished(cast: Cast) -> None:
    """Packing is left to the proxy, which makes the tag weak: that compares as well."""
    secret = make_key()
    plain = call("GET", "/entitlements/panel", "", secret)
    wished = call("GET", "/entitlements/panel", "", secret, **{"Accept-Encoding": "gzip, br;q=0.9, *;q=0"})
    assert (wished.content, wished["ETag"], wished.headers.get("Content-Encoding")) == (
        plain.content,
        plain["ETag"],
        None,
    )

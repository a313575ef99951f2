"""Hostile requests to every route of both APIs and every form: made from what is declared, then spoilt.

`storm` is deterministic: the same seed asks the same. Nothing may answer with a 5xx, and what is refused writes nothing.
"""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from django import forms
from django.db import connection, transaction
from django.test import Client

from bursar.access.keys import digest_of
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.spec import Action
from bursar.audit.models import AuditLine
from bursar.config.urls import api
from bursar.product.api import api as product_api
from bursar.product.models import ApiKey, Scope
from bursar.staff.models import ApiToken, StaffMember
from tests.cast import PASSWORD, Cast, sign_in
from tests.walk import PLAIN, ROUTES, filled

SECRET = "a secret that only this test knows"
TEXTS = [
    "", " ", "\0", "a\0b", "\x01", "\x7f", "\u202eabc", "\ud800", "\udfff x", "\ufeff", "\ufffe", "\u2028", "\u3164", "🏳️‍🌈" * 20,
    "%00", "%ED%A0%80", "%", "%zz", "q=%00", "q=%ED%A0%80", "month=9999-99", "sort=-nothing", "page=99999999999999999999", "cursor=AAAA",
    "NaN", "nan", "sNaN", "Infinity", "-Infinity", "1e999", "-1e999", "1E+400", "0x10", "1_000", "１２３", "٣", "½", "--1", "1,5",
    "9" * 400, "-1", "0", "2147483648", "9223372036854775808", "-9223372036854775809", "1e-400", "0.005", "99.999999999999999999",
    "0000-00-00", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z", "2026-02-30", "2026-11-02T25:00:00Z", "2026-11-02T00:00:00+99:99",
    "acc_" + "0" * 16, "acc_" + "0" * 30, "x" * 25, "x" * 101, "x" * 256, "x" * 2001, "x" * 70_000, "../../etc/passwd", "'; DROP TABLE x; --",
    "<script>alert(1)</script>", "{{ 7*7 }}", "${x}", "{\"a\":1}", "[]", "null", "true", "İ", "ß" * 200, "a@b", "A" * 260 + "@b.example",
    "http://[::1", "http://\0", "javascript:alert(1)", "\r\nX: y", "e\u0301" * 500, "\U0001f600" * 100, "\u200b",
]  # fmt: skip
NUMBERS = [0, -1, 2**31, 2**63, -(2**63) - 1, 10**30, 10**400, 0.1, 1e308, -1e308, 5e-324, 1.5]
RAW = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "1" + "0" * 400,
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    "-0",
    "1E400",
]
HEADERS = (
    "Referer",
    "Origin",
    "HX-Current-URL",
    "HX-Target",
    "Accept-Language",
    "Accept",
    "If-None-Match",
    "X-Forwarded-For",
)
ODD_BODIES = [
    b"", b"{", b"[]", b"null", b"1e999", b"NaN", b'"\\ud800"', b"\xff\xfe{}", b"\xef\xbb\xbf{}", b'{"a":1,"a":2}', b"[" * 5000, b'{"data":' * 3000,
    b"\0", b'{"\\u0000": 1}', b'{"data": {"\\ud800": 1}}',
]  # fmt: skip


class Raw(str):
    """Stands in a body as it is written here, which is no JSON that Python would write."""


@dataclass
class Storm:
    cast: Cast
    random: random.Random
    counts: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lead = StaffMember.objects.get(public_id=self.cast.iris.id)
        rights = [right.value for right in Right]
        self.token = ApiToken.objects.create(
            member=self.lead, name="s", digest=digest_of(SECRET), hint="h", rights=rights
        )
        ApiKey.objects.create(name="s", digest=digest_of(SECRET), hint="h", scopes=Scope.values, created_by="t")
        self.anybody = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {SECRET}"})
        self.browsers = {mail: self._browser(mail) for mail in ("iris@agora.example", "maud@client.example")}

    def _browser(self, mail: str) -> Client:
        client = sign_in(mail)
        client.raise_request_exception = False
        return client

    def ask(self, who: Client, method: str, path: str, body: bytes, kind: str, **headers: str) -> None:
        lines = AuditLine.objects.count()
        before = transaction.savepoint() if connection.in_atomic_block else ""
        headers = self._odd_headers() | headers
        answer = who.generic(method, path, body, content_type=kind, headers=headers)
        if connection.needs_rollback:  # only where the test itself is a transaction
            connection.needs_rollback = False
            transaction.savepoint_rollback(before)
        if answer.status_code in (302, 401):
            self._come_back()
        self.counts[answer.status_code] += 1
        told = f"{answer.status_code} {method} {path[:300]} {headers} {body[:700]!r}"
        if answer.status_code >= 500:
            self.faults.append(f"{getattr(answer, 'exc_info', ('', ''))[1]!r}: {told}")
        elif answer.status_code in (400, 404, 405, 413, 415, 422) and AuditLine.objects.count() != lines:
            self.faults.append(f"refused, and done: {told}")

    def _odd_headers(self) -> dict[str, str]:
        """Now and then one that browsers and proxies send, and that nobody can trust."""
        said = self.text()[:300].encode("ascii", "replace").decode()
        return {self.random.choice(HEADERS): said} if self.random.random() < 0.15 and said.isprintable() else {}

    def _come_back(self) -> None:
        """Levers may turn off the very person who pulls them."""
        ApiToken.objects.filter(pk=self.token.pk).update(revoked_at=None, expires_at=None)
        ApiKey.objects.filter(name="s").update(revoked_at=None)
        StaffMember.objects.filter(pk=self.lead.pk).update(is_active=True)
        User.objects.update(is_active=True)
        for mail, client in self.browsers.items():
            client.force_login(User.objects.get(email=mail), "bursar.staff.backend.SignInBackend")

    # what is sent

    def text(self) -> str:
        return self.random.choice(TEXTS)

    def cursor(self) -> str:
        """Well packed, and nothing that Bursar gave out."""
        values = [self.evil() for _ in range(self.random.choice((1, 2, 2, 3)))]
        known = self.random.choice(([1], ["2026-11-01T00:00:00Z", 1], ["x", 1], [1, 1]))
        body = written(self.random.choice((values, [*known[:-1], self.evil()], [self.evil(), *known[1:]])))
        return base64.urlsafe_b64encode(body).decode().rstrip("=")[:4000]

    def evil(self) -> Any:
        choices: list[Callable[[], Any]] = [
            self.text, self.text, lambda: self.random.choice(NUMBERS), lambda: Raw(self.random.choice(RAW)), lambda: None,
            lambda: self.random.choice([True, [], {}, [[]], {"a": {"b": []}}]), lambda: [self.text()], lambda: {self.text(): self.text()},
        ]  # fmt: skip
        return self.random.choice(choices)()

    def spoil(self, value: Any) -> Any:
        """One place of it, at any depth, is no longer what it was."""
        if isinstance(value, dict) and value and self.random.random() < 0.85:
            name = self.random.choice(list(value))
            if self.random.random() < 0.07:
                return {**value, self.text(): self.evil()}
            if self.random.random() < 0.07:
                return {key: one for key, one in value.items() if key != name}
            return {**value, name: self.spoil(value[name])}
        if isinstance(value, list) and value and self.random.random() < 0.85:
            place = self.random.randrange(len(value))
            return [self.spoil(one) if number == place else one for number, one in enumerate(value)]
        return self.evil()

    def body(self, value: Any) -> bytes:
        if self.random.random() < 0.05:
            return self.random.choice(ODD_BODIES)
        for _ in range(self.random.choice((0, 1, 1, 1, 2, 3))):
            value = self.spoil(value)
        return written(value)

    def place(self, route: str, name: str) -> str:
        """An id where one belongs; now and then anything else."""
        if self.random.random() < 0.2:
            return quote(self.text()[:300].encode("utf-8", "surrogatepass"), safe="") or "x"
        slug = PLAIN.get(name, name.removesuffix("_id"))
        if name == "target_id":
            slug = route.split("/")[1]
        known = {"organisation": "haarlem", "workspace": "panel", "person": "maud", "external_id": "panel", "day": "2026-11-02", "month": "2026-10", "kind": "new"}  # fmt: skip
        return self.cast.target_id(slug) if slug in TARGETS else known.get(name, "x")

    # the doors

    def operations(self) -> Iterator[Callable[[], None]]:
        for prefix, made in (("/api/v1", api), ("/api/product/v1", product_api)):
            schema: Any = made.get_openapi_schema()
            for path, operations in schema["paths"].items():
                for method, operation in operations.items():
                    yield partial(self._operation, prefix, path, method, operation, schema)

    def _operation(
        self, prefix: str, path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]
    ) -> None:
        address = path
        for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
            address = address.replace(f"{{{name}}}", self.place(path.removeprefix(prefix), name))
        asked = {
            one["name"]: self.cursor() if one["name"] in ("cursor", "before") else self.text()
            for one in operation.get("parameters", [])
            if one["in"] == "query" and self.random.random() < 0.6
        }
        query = f"?{urlencode(asked, errors='surrogatepass')}" if asked else ""
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        body = self.body(sample(content["schema"], schema)) if content else b""
        headers = (
            {"Idempotency-Key": self.text()[:200].encode("ascii", "replace").decode()}
            if self.random.random() < 0.2
            else {}
        )
        headers = {name: value for name, value in headers.items() if value.isprintable()}
        self.ask(self.anybody, method.upper(), address + query, body, "application/json", **headers)

    def bulks(self) -> Iterator[Callable[[], None]]:
        for action in ACTIONS.values():
            yield partial(self._bulk, action)

    def _bulk(self, action: Action) -> None:
        ids = [self.cast.target_id(action.target_slug)] + [self.text() for _ in range(self.random.choice((0, 1, 2)))]
        self.random.shuffle(ids)
        value = {"action": action.key, "ids": ids, "data": plausible(action), "reason": "x"}
        self.ask(self.anybody, "POST", "/api/v1/bulk", self.body(value), "application/json")

    def forms(self) -> Iterator[Callable[[], None]]:
        for action in ACTIONS.values():
            for way in ("", "/preview", "bulk"):
                yield partial(self._form, action, way)
        for route in ROUTES:
            for method in ("POST", "GET"):
                yield partial(self._page, route, method)

    def _form(self, action: Action, way: str) -> None:
        target_id, front = (
            self.cast.target_id(action.target_slug),
            self.random.choice(("/panel/actions", "/panel/actions", "/actions")),
        )
        fields: dict[str, Any] = {**plausible(action), "reason": "x", "confirm": PASSWORD, "idempotency_key": "", "seen": "", "undoes": "", "next": "", "message": ""}  # fmt: skip
        path = f"{front}/{action.target_slug}/{target_id}/{action.verb_name}{way}"
        if way == "bulk":
            path, fields[action.target_slug] = (
                f"/panel/actions/bulk/{action.target_slug}/{action.verb_name}",
                [target_id, self.text()],
            )
        self._post(path, fields)

    def _page(self, route: str, method: str) -> None:
        """Any other page: what a form of any of them may be called, and any query."""
        names = [
            "query", "rows", "layout", "q", "month", "sort", "page", "cursor", "before", "name", "next", "login", "password", "code",
            "id", "file", "kind", "key", "actor", "tier", "state", "type", "undo", "since", "until",
        ]  # fmt: skip
        path = filled(route, self.cast, {"target_id": self.place(route, "account"), "x": "x"})
        picked = self.random.sample(names, 5)
        fields = {name: self.cursor() if name in ("cursor", "before") else self.text() for name in picked}
        if method == "POST" and not route.startswith(("/healthz", "/readyz")):
            return self._post(path, fields)
        query = urlencode(fields, errors="surrogatepass")
        return self.ask(self._somebody(), "GET", f"{path}?{query}", b"", "", **self._htmx())

    def _post(self, path: str, fields: dict[str, Any]) -> None:
        for name in self.random.sample(list(fields), min(len(fields), self.random.choice((0, 1, 1, 2, 3)))):
            fields[name] = self.text()
        if self.random.random() < 0.15:  # as a form with parts, where nothing is decoded
            boundary = "x-x-x"
            parts = [
                f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()
            ]
            body = "".join([*parts, f"--{boundary}--\r\n"]).encode("utf-8", "surrogatepass")
            return self.ask(
                self._somebody(), "POST", path, body, f"multipart/form-data; boundary={boundary}", **self._htmx()
            )
        body = urlencode(fields, doseq=True, errors="surrogatepass").encode()
        return self.ask(self._somebody(), "POST", path, body, "application/x-www-form-urlencoded", **self._htmx())

    def _somebody(self) -> Client:
        return self.browsers[self.random.choice(("iris@agora.example",) * 4 + ("maud@client.example",))]

    def _htmx(self) -> dict[str, str]:
        return {"HX-Request": "true"} if self.random.random() < 0.5 else {}

    def run(self, requests: int) -> None:
        """Every door in turn, in an order of its own each time, until so many were asked."""
        doors = [*self.operations(), *self.bulks(), *self.forms()]
        while sum(self.counts.values()) < requests:
            self.random.shuffle(doors)
            for door in doors[: requests - sum(self.counts.values())]:
                door()


def written(value: Any) -> bytes:
    """As JSON, lone halves of characters as escapes; what is `Raw` as it is."""
    kept: list[str] = []

    def mark(one: Any) -> Any:
        if isinstance(one, Raw):
            kept.append(str(one))
            return f"raw-{len(kept) - 1}-raw"
        if isinstance(one, dict):
            return {str(name): mark(inner) for name, inner in one.items()}
        return [mark(inner) for inner in one] if isinstance(one, list) else one

    text = json.dumps(mark(value))
    for number, raw in enumerate(kept):
        text = text.replace(f'"raw-{number}-raw"', raw)
    return text.encode()


def plausible(action: Action) -> dict[str, Any]:
    """What the action's form could hold."""
    found: dict[str, Any] = {}
    for name, one in action.form.base_fields.items():  # type: ignore[attr-defined]  # set by Django's form metaclass
        choices = getattr(one, "choices", None)
        values = (
            [str(value) for value, _ in choices if value not in ("", None)] if choices and not callable(choices) else []
        )
        if isinstance(one, forms.MultipleChoiceField):
            found[name] = values[:1]
        elif values:
            found[name] = values[0]
        elif isinstance(one, forms.BooleanField):
            found[name] = True
        elif isinstance(one, forms.IntegerField | forms.DecimalField):
            found[name] = 10
        elif isinstance(one, forms.DateField):
            found[name] = "2026-12-24"
        else:
            found[name] = "x"
    return found


def sample(schema: Any, whole: dict[str, Any], depth: int = 0) -> Any:
    """Something that the schema allows, as far as one sees."""
    if "$ref" in schema:
        return sample(whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]], whole, depth)
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return sample(schema[name][0], whole, depth)
    for name in ("const", "default"):
        if schema.get(name) is not None:
            return schema[name]
    for name in ("enum", "examples"):
        if schema.get(name):
            return schema[name][0]
    kind = schema.get("type", "")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        return {name: sample(inner, whole, depth + 1) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema.get("items", {}), whole, depth + 1)] if depth < 6 else []
    return {"integer": 10, "number": 10, "boolean": True, "null": None}.get(kind, "x")

"""What is shown once is kept nowhere: not in an outcome, a line, an outbox row, a notice, a file or a session."""

from __future__ import annotations

import inspect
import io
import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from bursar.access.actor import operator
from bursar.access.keys import digest_of
from bursar.actions.idempotency import SHOWN_ONCE
from bursar.actions.models import IdempotencyKey
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.product.models import ApiKey
from bursar.staff.models import ApiToken
from bursar.webhooks.models import WebhookEndpoint
from tests.cast import NOW, PASSWORD, Cast, bring_all

FRESH = {"email": "fresh@agora.example", "name": "Fresh", "role": "staff"}
ENDPOINT = {
    "url": "https://product.example/hook",
    "description": "Product",
    "events": ["usage.reset", "workspace.tier_changed"],
}
YIELDING: dict[str, dict[str, Any]] = {
    "product.company.create_key": {"name": "crm", "scopes": ["push", "usage"]},
    "product.company.make_sign_in_link": {"person": "per"},
    "product.key.rotate": {},
    "staff.company.add": FRESH,
    "staff.company.create_token": {"name": "report", "rights": ["read"], "last_day": "2026-12-24"},
    "webhooks.company.create_endpoint": ENDPOINT,
    "webhooks.endpoint.rotate_secret": {},
}
TEXTS = """
    SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
    WHERE table_schema = current_schema() AND (data_type IN ('json', 'jsonb', 'text', 'character varying', 'bytea')
        OR (data_type = 'ARRAY' AND udt_name IN ('_text', '_varchar')))
    GROUP BY table_name
"""


def list_holding(secret: str) -> Iterator[str]:
    """Every text and JSON of the whole database in which it stands, and every session once it is unpacked."""
    with connection.cursor() as cursor:
        cursor.execute(TEXTS)
        tables = cursor.fetchall()
        assert len(tables) > 50 and "outcome" in dict(tables)["actions_idempotencykey"]
        for table, columns in tables:
            found = " OR ".join(f'position(%s in "{column}"::text) > 0' for column in columns)
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {found}', [secret] * len(columns))
            if cursor.fetchone()[0]:
                yield table
    yield from (f"session {one.pk}" for one in Session.objects.all() if secret in json.dumps(one.get_decoded()))


def actor_of(key: str, cast: Cast) -> Any:
    if key != "product.company.make_sign_in_link":
        return cast.iris
    from bursar.product.queries import actor_of_key

    made = ApiKey.objects.create(name="door", digest="x", hint="h", scopes=["sign_in"], created_by="t")
    return actor_of_key(made)


def test_every_action_that_yields_a_secret_stands_here() -> None:
    found = {key for key, action in ACTIONS.items() if "secret" in inspect.getsource(action.verb)}
    made = {key for key in found if re.search(r"secret=|\.secret = |\.secret\b", inspect.getsource(ACTIONS[key].verb))}
    assert made | {"staff.company.add"} == set(YIELDING)


@pytest.mark.parametrize("key", sorted(YIELDING))
def test_it_is_shown_once_and_kept_nowhere(cast: Cast, key: str) -> None:
    bring_all({"kind": "person", "external_id": "per", "name": "Per", "email": "per@client.example"})
    actor, target = actor_of(key, cast), cast.target_id(ACTIONS[key].target_slug)
    more: dict[str, Any] = {"idempotency_key": "once"}
    if ACTIONS[key].reason.value == "required":
        more["reason"] = "for the system"
    first = run(key, actor, target, YIELDING[key], **more)
    secret = first.secret.rpartition("/")[2] if first.secret.startswith("/") else first.secret
    assert len(secret) > 30 and not list(list_holding(secret))
    lines = AuditLine.objects.count()
    again = run(key, actor, target, YIELDING[key], **more)
    assert (again.line_id, again.secret, again.secret_was_shown) == (first.line_id, "", True)
    assert again.sentence == f"{first.sentence} {SHOWN_ONCE}" and AuditLine.objects.count() == lines


def test_the_walk_finds_what_stands_somewhere(cast: Cast) -> None:
    IdempotencyKey.objects.create(
        actor_id="a", key="k", digest="d", outcome={"data": {"x": "needle-1"}}, created_at=NOW
    )
    cast.reset_panel(message="needle-2")
    client = Client()
    session = client.session
    session["x"] = "needle-3"
    session.save()
    assert list(list_holding("needle-1")) == ["actions_idempotencykey"]
    assert "audit_auditline" in list(list_holding("needle-2"))
    assert list(list_holding("needle-3")) == [f"session {session.session_key}"]


def test_links_that_an_earlier_release_kept_leave(cast: Cast) -> None:
    kept = {"sentence": "Fresh is Staff now.", "data": {"staff": "stf_x", "link": "/sign-in/link/old"}}
    for key, outcome in (("a", kept), ("b", {**kept, "data": {"staff": "stf_y", "link": ""}}), ("c", None)):
        IdempotencyKey.objects.create(actor_id="a", key=key, digest="d", outcome=outcome, created_at=NOW)
    migration = import_module("bursar.actions.migrations.0004_links_leave_kept_outcomes").Migration
    with connection.cursor() as cursor:
        cursor.execute(migration.operations[0].sql)
    left: dict[str, Any] = dict(IdempotencyKey.objects.values_list("key", "outcome"))
    assert left["a"] == {**kept, "data": {"staff": "stf_x"}, "secret_was_shown": True} and left["c"] is None
    assert left["b"]["data"] == {"staff": "stf_y", "link": ""}


def test_the_panel_shows_the_link_of_a_new_colleague_once(cast: Cast) -> None:
    """As a whole address: it was lost here, and stood in the kept outcome instead."""
    lead = Client()
    lead.post("/sign-in/", {"login": "iris@agora.example", "password": PASSWORD})
    address, posted = "/panel/actions/company/company/add", {**FRESH, "idempotency_key": "k"}
    page = lead.post(address, posted).content.decode()
    link = re.search(r"<code>http://testserver(/sign-in/link/([\w-]+))</code>", page)
    assert link and not list(list_holding(link[2]))
    again = lead.post(address, posted, headers={"HX-Request": "true"})
    assert again.status_code == 204 and SHOWN_ONCE in json.loads(again["HX-Trigger"])["toast"]["text"]
    assert Client().post(link[1]).status_code == 302


def test_the_api_tells_it_once(cast: Cast) -> None:
    lead = Client()
    lead.post("/sign-in/", {"login": "iris@agora.example", "password": PASSWORD})
    address, body = "/api/v1/company/company/actions/create_key", {"data": YIELDING["product.company.create_key"]}

    def ask() -> Any:
        sent = json.dumps({**body, "reason": "x"})
        return lead.post(address, sent, content_type="application/json", headers={"Idempotency-Key": "k"}).json()

    first, again = ask(), ask()
    assert ApiKey.objects.get().digest == digest_of(first["secret"]) and not first["secret_was_shown"]
    assert (again["secret"], again["secret_was_shown"]) == ("", True) and not list(list_holding(first["secret"]))


# The command line


def act(*arguments: str) -> str:
    out = io.StringIO()
    call_command("act", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_line_prints_it_once(cast: Cast) -> None:
    """It was lost there, while the old key stops within a day."""
    made = act("product.company.create_key", "company", "--set", "name=crm", "--set", "scopes=push", "--set",
               "scopes=usage", "--reason", "x", "--idempotency-key", "k")  # fmt: skip
    secret = made.split("kept nowhere: ")[1].strip()
    key = ApiKey.objects.get()
    assert (key.digest, key.scopes) == (digest_of(secret), ["push", "usage"])
    assert "kept nowhere: " not in act(
        "product.company.create_key", "company", "--set", "name=crm", "--set", "scopes=push", "--set", "scopes=usage",
        "--reason", "x", "--idempotency-key", "k",
    )  # fmt: skip
    told = json.loads(act("product.key.rotate", key.public_id, "--reason", "x", "--json"))
    assert ApiKey.objects.latest("id").digest == digest_of(told["secret"])
    assert "kept nowhere" in act("staff.company.add", "company", *(f"--set={k}={v}" for k, v in FRESH.items()))


def test_a_preview_shows_none(cast: Cast) -> None:
    arguments = ["webhooks.company.create_endpoint", "company", "--set", "url=https://product.example/", "--preview"]
    told = act(*arguments, "--set", "description=Product")
    assert "whsec_" not in told and not WebhookEndpoint.objects.exists()
    assert "secret" not in json.loads(act(*arguments, "--set", "description=Product", "--json"))


def test_lists_on_the_command_line(cast: Cast) -> None:
    base = ["webhooks.company.create_endpoint", "company", "--reason", "x", "--set", "url=https://product.example/"]
    act(*base, "--set", "description=Some", "--set", "events=usage.reset", "--set", "events=workspace.tier_changed")
    act(*base, "--set", "description=All", "--set", "events=")
    made = {one.description: one.events for one in WebhookEndpoint.objects.all()}
    assert made == {"Some": ["usage.reset", "workspace.tier_changed"], "All": []}
    for wrong, words in (
        (["--set", "description=a", "--set", "description=b"], "given twice"),
        (["--set", "x"], "FIELD=VALUE"),
    ):
        with pytest.raises(CommandError, match=words):
            act(*base, *wrong)
    with pytest.raises(CommandError, match="events"):
        act(*base, "--set", "description=Odd", "--set", "events=nothing.happened")
    assert WebhookEndpoint.objects.count() == 2


def test_a_token_is_made_in_the_panel_alone(cast: Cast) -> None:
    """So that no shell and no program makes one for somebody else."""
    with pytest.raises(CommandError, match="signed in to the panel"):
        act("staff.company.create_token", "company", "--set", "name=x", "--set", "rights=read")
    assert not ApiToken.objects.exists() and operator("root").staff_id is None

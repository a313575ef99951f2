"""Who asks, and how, in the tests of requests."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from bursar.access.actor import Actor
from bursar.access.keys import digest_of
from bursar.actions.run import run
from bursar.core import clock
from bursar.outbox.models import OutboxRow
from bursar.plans.models import BaseTier
from bursar.product.models import ApiKey
from bursar.requests.models import UpgradeRequest
from bursar.tenants.models import Person, Workspace
from bursar.tenants.queries import customer_of

KEY = "bpk_of_the_requests_tests"


def customer(ref: str) -> Actor:
    """The person in the customer's hat, with the memberships of now."""
    return customer_of(Person.objects.get(external_id=ref), clock.now())


def ask(ref: str, workspace: Workspace, tier: str = "changemaker", **more: Any) -> UpgradeRequest:
    run("requests.workspace.ask_upgrade", customer(ref), workspace.public_id, {"tier": tier, **more})
    return UpgradeRequest.objects.latest("id")


def ask_workspace(ref: str, organisation: Any, **more: Any) -> UpgradeRequest:
    data = {"name": "Nieuw panel", "visibility": "private", "tier": "free", **more}
    run("requests.organisation.ask_workspace", customer(ref), organisation.public_id, data)
    return UpgradeRequest.objects.latest("id")


def decide(verb: str, who: Actor, request: UpgradeRequest, data: dict[str, Any] | None = None, **more: Any) -> Any:
    more.setdefault("reason", "Agreed by phone")
    return run(f"requests.request.{verb}", who, request.public_id, data, **more)


def tier_of(workspace: Workspace) -> str:
    row = BaseTier.objects.filter(workspace=workspace, valid_until=None).first()
    return row.tier if row else "free"


def events() -> list[tuple[str, dict[str, Any]]]:
    rows = OutboxRow.objects.filter(kind="webhook").order_by("id")
    return [(row.payload["event"], row.payload["data"]) for row in rows]


class Product:
    """The product's own door, with a key of the given scopes."""

    def __init__(self, *scopes: str) -> None:
        ApiKey.objects.create(
            name="product", digest=digest_of(KEY), hint="ests", scopes=list(scopes), created_by="tests"
        )
        self.client = Client(headers={"Authorization": f"Bearer {KEY}"})

    def post(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        return self.client.post(
            f"/api/product/v1/{path}", json.dumps(body), content_type="application/json", headers=headers
        )

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self.client.put(f"/api/product/v1/{path}", json.dumps(body), content_type="application/json")

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/product/v1/{path}")

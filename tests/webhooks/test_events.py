"""Every event that an action sends is documented, with the very details that it carries."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from bursar.actions.closing import list_declaration_faults
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Outcome
from bursar.core import clock
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.plans.jobs import tell_ends, tell_lapses
from bursar.plans.models import GrantKind, TierGrant
from bursar.tenants.models import Person, Workspace
from bursar.webhooks.events import EVENTS, TEST, make_example
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from tests.billing.levers import pull_levers_of_invoices
from tests.billing.payer import TOWN
from tests.billing.test_proposing import seller
from tests.cast import NOW, Cast, bring_all, client_workspace, seat
from tests.partners.levers import pull_levers_of_partners
from tests.payments.story import live_through_everything
from tests.requests.helpers import ask_workspace, decide
from tests.support.levers import pull_levers_of_support
from tests.training.levers import pull_levers_of_licences, pull_levers_of_sessions

__all__ = ["seller"]


@pytest.mark.parametrize("key", sorted(key for key, action in ACTIONS.items() if action.event))
def test_what_an_action_declares_is_documented(key: str) -> None:
    assert ACTIONS[key].event in EVENTS, (
        f"{key} sends “{ACTIONS[key].event}”: describe it in the `webhook_events.py` of its room"
    )


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_the_docs_have_it(name: str) -> None:
    assert f"## `{name}`" in (settings.ROOT / "docs" / "reference" / "events.md").read_text()


def test_the_products_openapi_text_has_them_all(db: None) -> None:
    schema = Client().get("/api/product/v1/openapi.json").json()
    assert set(schema["webhooks"]) == set(EVENTS) and schema["openapi"].startswith("3.1")
    example = schema["webhooks"]["usage.reset"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert example == make_example("usage.reset")


def listen() -> None:
    WebhookEndpoint.objects.create(url="https://product.example/", description="Product", created_at=NOW)


def sent() -> list[dict[str, Any]]:
    """The bodies written so far, oldest first; nothing is sent."""
    outbox.deliver_due(clock.now() + timedelta(minutes=1))
    rows = WebhookMessage.objects.select_related("row").order_by("id")
    return [json.loads(one.row.payload["body"]) for one in rows]


BY_CLOCK = {
    "trial.ending", "grant.ending", "grant.ended", "plan.ending", "plan.ended", "discount.ending", "discount.ended",
    "price.ending", "price.ended",
}  # fmt: skip
BY_MOLLIE = {
    "subscription.pending", "subscription.started", "checkout.ended", "method.changed", "subscription.renewed",
    "charge.paid", "subscription.past_due", "payment.failed", "payment.retried", "payment.charged_back",
    "payment.charge_back_reversed", "payment.refunded", "payment.unexpected", "subscription.ended_by_mollie",
    "subscription.over", "subscription.amount_changed", "seats.charged", "renewal.announced", "method.needed",
    "checkout.needed", "plan.changed",
}  # fmt: skip
OF_PAYING = {
    "checkout.begun", "plan.offered", "plan.change_asked", "plan.change_withdrawn", "payment.tried",
    "method.change_begun", "subscription.cancelled", "subscription.resumed",
}  # fmt: skip
"""Levers of customers before a simulator of Mollie: `tests/payments/test_levers.py` pulls them all."""


def pull_every_lever(cast: Cast) -> None:
    def do(key: str, actor: Any, target: Any, **data: Any) -> None:
        run(key, actor, target.public_id, data, reason="Agreed with them")

    discount = {"kind": "scholarship", "percent": "50", "end_date": ""}
    cast.reset_panel()
    for target, slug in ((cast.samen, "account"), (cast.panel, "workspace")):
        do(f"plans.{slug}.set_discount", cast.ties, target, **discount)
        do(f"plans.{slug}.remove_discount", cast.ties, target)
    do("plans.account.grant_trial", cast.ties, cast.samen)
    do("plans.account.end_trial", cast.ties, cast.samen)
    do("plans.workspace.change_tier", cast.noor, cast.panel, tier="changemaker")
    do("plans.account.set_self_serve", cast.ties, cast.samen, keep_until="")
    do("plans.account.set_managed", cast.ties, cast.samen, cadence="yearly")
    do("billing.account.set_billing_details", cast.ties, cast.samen, **TOWN)
    do("billing.account.accept_vat_id", cast.iris, cast.samen, consultation="WAPI1")
    do("tenants.workspace.set_visibility", cast.iris, cast.panel, visibility="private")
    do("tenants.organisation.set_partner", cast.iris, cast.samen.organisation, partner="yes")
    ali = Person.objects.get(external_id="ali").public_id
    maud = Person.objects.get(external_id="maud").public_id
    do("tenants.workspace.change_admin", cast.ties, cast.klimaat, new_admin=ali, old_admin=maud, keep_old=False)
    line = {"kind": "organisation_member", "organisation": "samen", "person": "lotte", "role": "owner"}
    bring_all({**line, "from": NOW - timedelta(days=9)})
    decide("approve", cast.noor, ask_workspace("lotte", cast.samen.organisation))
    bring_all(*client_workspace(NOW - timedelta(days=9)), seat("raad", "lotte", "observer", NOW - timedelta(days=9)))
    raad, lotte = Workspace.objects.get(external_id="raad"), Person.objects.get(external_id="lotte").public_id
    do("partners.workspace.hand_off", cast.iris, raad, admin=lotte, typed="Raad")
    pull_levers_of_invoices(cast)
    pull_levers_of_sessions(cast)
    pull_levers_of_licences(cast)
    pull_levers_of_support(cast)
    pull_levers_of_partners(cast)


def test_each_carries_the_details_that_its_example_shows(cast: Cast, seller: Any) -> None:
    listen()
    pull_every_lever(cast)
    found = sent()
    unsent = set(EVENTS) - {TEST} - BY_CLOCK - BY_MOLLIE - OF_PAYING - {body["type"] for body in found}
    assert not unsent, f"Pull the levers that send these too, in `pull_every_lever`: {sorted(unsent)}"
    for body in found:
        assert set(body["data"]["details"]) == set(EVENTS[body["type"]].details), body["type"]
        assert set(body["data"]) == set(make_example(body["type"])["data"])
    assert OutboxRow.objects.filter(kind="webhook").exclude(state=OutboxState.DONE).count() == 0


def test_a_changed_admin_is_a_command_that_the_product_can_follow(cast: Cast) -> None:
    listen()
    ali, maud = (Person.objects.get(external_id=ref).public_id for ref in ("ali", "maud"))
    data = {"new_admin": ali, "old_admin": maud}
    run("tenants.workspace.change_admin", cast.ties, cast.klimaat.public_id, data, reason="Maud leaves")
    (body,) = sent()
    assert body["data"]["workspaces"] == ["klimaat"] and body["data"]["organisation"] == "haarlem"
    assert body["data"]["details"] == {
        "members": [{"person": "ali", "role": "admin"}, {"person": "maud", "role": "member"}],
        "changed_at": NOW.isoformat(),
    }
    text = json.dumps(body)
    assert not any(name in text for name in ("Maud", "Ali", "Ties", "leaves"))


def test_ends_of_trials_and_of_approvals_are_told_apart(cast: Cast) -> None:
    listen()
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="Try it")
    TierGrant.objects.create(
        workspace=cast.noord, tier="guardian", kind=GrantKind.APPROVAL, valid_from=NOW,
        valid_until=NOW + timedelta(days=2), planned_until=NOW + timedelta(days=2), granted_by_id=cast.ties.staff_id,
    )  # fmt: skip
    end = TierGrant.objects.get(workspace=cast.panel).valid_until
    assert end is not None
    for at in (NOW + timedelta(days=1), NOW + timedelta(days=3), end - timedelta(days=1), end + timedelta(hours=1)):
        with clock.frozen(at):
            tell_ends(at)
            tell_lapses(at)
            everything = sent()
    lapses = [body["data"]["details"] for body in everything if body["type"] == "workspace.tier_changed"]
    assert [(lapse["tier_before"], lapse["tier"]) for lapse in lapses] == [
        ("guardian", "changemaker"), ("changemaker", "free"),
    ]  # fmt: skip
    found = [body for body in everything if body["type"] != "workspace.tier_changed"]
    assert [body["type"] for body in found] == [
        "trial.started", "grant.ending", "grant.ended", "trial.ending", "trial.ended",
    ]  # fmt: skip
    assert found[0]["data"]["details"]["ends_at"] == found[4]["data"]["details"]["ends_at"] == end.isoformat()
    assert found[1]["data"]["details"]["tier"] == "guardian" and "granters" not in json.dumps(found)
    assert found[3]["data"]["workspaces"] == ["panel"]


def test_what_the_clock_tells_carries_the_details_that_its_example_shows(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="Try it")
    run("plans.account.set_self_serve", cast.ties, cast.oost.public_id, {"keep_until": "2026-12-01"}, reason="x")
    approval = {"tier": "guardian", "end_date": "2026-12-01"}
    with clock.frozen(NOW + timedelta(hours=1)):
        run("plans.workspace.grant_tier", cast.noor, cast.panel.public_id, approval, reason="x")
    discount = {"kind": "scholarship", "percent": "50", "end_date": "2026-12-01"}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, discount, reason="x")
    kept = {"kind": "price", "account": {"organisation": "haarlem"}, "tier": "changemaker", "cadence": "yearly"}
    bring_all({**kept, "rate": 60, "from": NOW - timedelta(days=30), "until": NOW + timedelta(days=20)})
    listen()
    OutboxRow.objects.all().delete()
    for days in range(34):
        with clock.frozen(NOW + timedelta(days=days, hours=2)):
            tell_ends(clock.now())
            tell_lapses(clock.now())
            everything = sent()
    found = [body for body in everything if body["type"] in BY_CLOCK | {"trial.ended"}]
    assert {body["type"] for body in found} == BY_CLOCK | {"trial.ended"}
    for body in found:
        assert set(body["data"]["details"]) == set(EVENTS[body["type"]].details), body["type"]


def test_what_payments_tell_carries_the_details_that_its_example_shows(cast: Cast, settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = "test_key"
    listen()
    live_through_everything(cast.samen, cast)
    with clock.frozen(NOW + timedelta(days=900)):
        found = [body for body in sent() if body["type"] in BY_MOLLIE]
    assert {body["type"] for body in found} == BY_MOLLIE
    for body in found:
        assert set(body["data"]["details"]) == set(EVENTS[body["type"]].details), body["type"]


def test_an_event_that_nobody_described_is_named_at_start() -> None:
    action = ACTIONS["usage.workspace.reset_usage"]
    assert list_declaration_faults(action) == []
    odd = replace(action, event="made.up", events=("usage.reset", "dreamt.up"))
    words = "usage.workspace.reset_usage: sends the event {}, which no `webhook_events.py` describes"
    assert list_declaration_faults(odd) == [words.format("dreamt.up"), words.format("made.up")]


def test_an_event_that_its_action_does_not_declare_is_a_fault_at_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "usage.workspace.reset_usage"
    odd = replace(ACTIONS[key], verb=lambda act, target, data: Outcome("Done.", event="trial.ended"))
    monkeypatch.setitem(ACTIONS.things, key, odd)
    with pytest.raises(RuntimeError, match=r"sends the event trial\.ended and does not declare it"):
        run(key, cast.ties, cast.panel.public_id, reason="x")
    assert not OutboxRow.objects.exists()

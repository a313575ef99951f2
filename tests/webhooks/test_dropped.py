"""What waits for an endpoint that is off: sent or dropped when it is resumed, dropped when it has waited too long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse

from bursar.access.actor import system
from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.core import clock, naming
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.webhooks import jobs
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from tests.cast import Cast, prove, refusal_of, sign_in
from tests.webhooks.receiver import Receiver, deliver, make_endpoint
from tests.webhooks.test_delivery import TIER, three_events

RESUME = "webhooks.endpoint.resume"
CALLS = OutboxRow.objects.filter(kind="webhook_call")


def paused_with_three(cast: Cast, product: Receiver) -> WebhookEndpoint:
    endpoint, _ = make_endpoint(cast, product.url)
    run("webhooks.endpoint.pause", cast.iris, endpoint.public_id, reason="Maintenance")
    three_events(cast)
    deliver()
    assert CALLS.filter(state=OutboxState.WAITING).count() == 3
    return endpoint


def test_the_dialog_says_how_many_wait_and_asks(here: Cast, product: Receiver) -> None:
    endpoint = paused_with_three(here, product)
    page = sign_in("iris@agora.example").get(f"/panel/actions/endpoint/{endpoint.public_id}/resume").content.decode()
    assert "Send it, in order: 3 messages" in page and "Drop 3 messages: start from now" in page
    foreseen = preview(RESUME, here.iris, endpoint.public_id, {"waiting": "drop"})
    assert "3 messages that waited are dropped" in foreseen.sentence
    assert CALLS.filter(state=OutboxState.WAITING).count() == 3 and not WebhookEndpoint.objects.get().is_active


def test_resumed_from_now_on_what_waited_is_dropped_and_stays_in_the_log(here: Cast, product: Receiver) -> None:
    endpoint = paused_with_three(here, product)
    done = run(RESUME, here.iris, endpoint.public_id, {"waiting": "drop"}, reason="They fetched everything anew")
    run(TIER, here.noor, here.panel.public_id, {"tier": "guardian"}, reason="Agreed")
    run("plans.workspace.remove_discount", here.ties, here.panel.public_id, reason="Over")
    deliver()
    deliver(timedelta(days=1))
    assert product.types == ["workspace.tier_changed", "discount.changed"], "in order, and nothing of before"
    line = AuditLine.objects.get(public_id=done.line_id)
    assert [(one["label"], one["after"]) for one in line.changes] == [
        ("State", "active"),
        ("Waiting messages", "dropped"),
    ]
    iris = sign_in("iris@agora.example")
    log = iris.get(f"/panel/webhooks/{endpoint.public_id}?state=dropped").content.decode()
    assert log.count("never. By Iris, when the endpoint was resumed.") == 3
    told = iris.get(f"/api/v1/webhooks/{endpoint.public_id}/messages?state=dropped").json()["messages"]
    assert [one["state"] for one in told] == ["dropped"] * 3
    assert told[0]["dropped_why"] == "By Iris, when the endpoint was resumed." and told[0]["dropped_at"]
    assert iris.get("/api/v1/webhooks").json()[0]["waiting"] == 0
    assert ">dropped<" in iris.get(reverse("notifications:deliveries"), {"state": "dropped"}).content.decode()
    prove()


def test_resumed_without_a_word_everything_is_sent(here: Cast, product: Receiver) -> None:
    endpoint = paused_with_three(here, product)
    refusal = refusal_of(RESUME, here.iris, endpoint.public_id, {"waiting": "burn"}, reason="x")
    assert refusal.status == 422 and not WebhookEndpoint.objects.get().is_active
    run(RESUME, here.iris, endpoint.public_id, reason="Back")
    deliver()
    assert product.types == ["usage.reset", "workspace.tier_changed", "discount.changed"]


def test_a_dropped_message_can_be_replayed_behind_what_waits_and_in_no_other_way(here: Cast, product: Receiver) -> None:
    endpoint = paused_with_three(here, product)
    run(RESUME, here.iris, endpoint.public_id, {"waiting": "drop"}, reason="Start anew")
    first = WebhookMessage.objects.order_by("id")[0]
    assert "“Replay”" in refusal_of("webhooks.message.try_now", here.iris, first.public_id).sentence
    again = refusal_of("notifications.delivery.retry", here.iris, first.row.public_id)
    assert "was dropped" in again.sentence
    page = sign_in("iris@agora.example").get(f"/panel/webhooks/messages/{first.public_id}").content.decode()
    assert "This message was dropped" in page
    run("webhooks.message.replay", here.iris, first.public_id, reason="They need this one")
    deliver()
    assert product.types == ["usage.reset"] and product.got[0].id == first.message_id


def test_what_waited_too_long_is_dropped_once_and_visibly(here: Cast, product: Receiver, settings: Any) -> None:
    endpoint = paused_with_three(here, product)
    settings.BURSAR_WEBHOOK_WAITS = timedelta(days=30)
    old = CALLS.order_by("id")[:2]
    CALLS.filter(pk__in=[row.pk for row in old]).update(created_at=clock.now() - timedelta(days=20))
    lines = AuditLine.objects.filter(key="webhooks.endpoint.drop_old")
    jobs.drop_old(clock.now() + timedelta(days=10))
    assert not lines.exists() and CALLS.filter(state=OutboxState.DROPPED).count() == 0
    for _ in range(2):
        jobs.drop_old(clock.now() + timedelta(days=12))
    assert lines.count() == 1 and "2 messages" in lines.get().changes[0]["after"]
    assert [row.state for row in CALLS.order_by("id")] == ["dropped", "dropped", "waiting"]
    log = sign_in("ada@agora.example").get(f"/panel/webhooks/{endpoint.public_id}").content.decode()
    assert log.count("never. Waited longer than 30 days.") == 2 and "1 message waits" in log
    run(RESUME, here.iris, endpoint.public_id, reason="Back")
    deliver()
    assert product.types == ["discount.changed"]


def test_an_active_endpoint_loses_nothing_however_long_it_fails(here: Cast, product: Receiver) -> None:
    make_endpoint(here, product.url)
    product.answers = [503]
    here.reset_panel()
    deliver()
    CALLS.update(created_at=clock.now() - timedelta(days=90))
    jobs.drop_old(clock.now())
    assert CALLS.get().state == OutboxState.WAITING


def test_deleting_drops_what_waits(here: Cast, product: Receiver) -> None:
    endpoint = paused_with_three(here, product)
    run("webhooks.endpoint.delete", here.iris, endpoint.public_id, reason="Gone")
    assert {naming.read(row.last_error) for row in CALLS} == {"By Iris, when the endpoint was deleted."}
    assert not OutboxRow.objects.filter(state=OutboxState.WAITING, kind="webhook_call").exists()


def test_nobody_drops_old_ones_by_hand_nor_at_an_active_endpoint(here: Cast, product: Receiver) -> None:
    endpoint = paused_with_three(here, product)
    data = {"before": clock.now().isoformat(), "days": "30"}
    key = "webhooks.endpoint.drop_old"
    assert "by itself" in refusal_of(key, here.iris, endpoint.public_id, data).sentence
    run(RESUME, here.iris, endpoint.public_id, reason="Back")
    assert "active" in refusal_of(key, system("webhooks"), endpoint.public_id, data).sentence
    assert not CALLS.filter(state=OutboxState.DROPPED).exists()

"""The carriers: an event becomes one message an endpoint, a message goes out signed, at least once and in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from standardwebhooks.webhooks import Webhook

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.audit.queries import lines
from bursar.core import clock
from bursar.core.cipher import Unreadable
from bursar.core.errors import Refusal
from bursar.outbox.carriers import NotDelivered, NotYet, Outgoing, carrier
from bursar.outbox.models import OutboxRow
from bursar.webhooks import queries, sender, store
from bursar.webhooks.body import make_body
from bursar.webhooks.events import TEST
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from bursar.webhooks.rules import HELD_UNTIL

GONE = 410


@carrier("webhook", "event")
def fan_out(row: OutboxRow) -> str:
    """One message for each endpoint that wants the event; repeated after a crash, it adds only what is missing."""
    event = row.payload["event"]
    line = lines().get(public_id=row.payload["line"])
    with transaction.atomic():
        endpoints = list(queries.list_wanting(event).select_for_update(no_key=True))
        body = make_body(event, line, row.payload["data"]) if endpoints else ""
        for endpoint in endpoints:
            key = f"{line.public_id}:{endpoint.public_id}"
            if not OutboxRow.objects.filter(key=key).exists():
                message = WebhookMessage(
                    endpoint=endpoint, message_id=line.public_id, type=event, subject_id=line.target_id
                )
                store.add_message(message, body, row.order_key, row.due_at, key)
    for endpoint in endpoints:
        store.start_delivery(endpoint.public_id)
    return f"to {len(endpoints)} endpoint{'' if len(endpoints) == 1 else 's'}"


def _describe(rows: Sequence[OutboxRow]) -> dict[int, Outgoing]:
    found = {one.row_id: one for one in queries.messages().filter(row__in=[row.pk for row in rows])}
    names = queries.list_names([one.subject_id for one in found.values()])
    return {key: _tell(one, names.get(one.subject_id, "")) for key, one in found.items()}


def _tell(message: WebhookMessage, subject: str) -> Outgoing:
    what = f"{message.type}: {subject}" if subject else message.type
    return Outgoing(what, str(message.endpoint), reverse("webhooks:message", args=[message.public_id]))


@carrier(queries.KIND, "webhook message", apart=True, describe=_describe)
def send(row: OutboxRow) -> str:
    """Raises NotYet while the endpoint is paused or left alone, NotDelivered when it did not take the message."""
    message, now = queries.get_message_of(row), clock.now()
    endpoint = message.endpoint
    _check_may_go(message, now)
    body = row.payload["body"]
    try:
        headers = sign(endpoint, message.message_id, body, now)
        answer = sender.post(endpoint.url, body, headers)
    except Unreadable as unreadable:
        raise NotDelivered(f"{unreadable} Rotate the secret.") from unreadable
    except sender.NoAnswer as nothing:
        store.note_away(endpoint, now)
        _keep_answer(message, None, str(nothing))
        raise NotDelivered(str(nothing)) from nothing
    _keep_answer(message, answer.status, answer.text)
    detail = f"HTTP {answer.status} in {answer.ms} ms"
    if answer.is_taken:
        store.note_success(endpoint, now)
        return detail
    store.note_refusal(endpoint, now)
    if answer.status == GONE and endpoint.is_active:
        _switch_off(endpoint, "The receiver answered that it is gone for good (HTTP 410).")
    raise NotDelivered(f"{detail}: {answer.text[:200]}" if answer.text.strip() else detail)


def _check_may_go(message: WebhookMessage, now: datetime) -> None:
    endpoint = message.endpoint
    if endpoint.deleted_at is not None:
        raise NotYet(HELD_UNTIL)
    if message.type == TEST:
        return
    if not endpoint.is_active:
        raise NotYet(HELD_UNTIL)
    if endpoint.ask_again_at is not None and endpoint.ask_again_at > now:
        raise NotYet(endpoint.ask_again_at)


def sign(endpoint: WebhookEndpoint, message_id: str, body: str, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks; a signature for each secret that holds, newest first. Raises Unreadable."""
    made = [Webhook(secret).sign(message_id, now, body) for secret in queries.list_live_secrets(endpoint, now)]
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(made),
    }


def _keep_answer(message: WebhookMessage, status: int | None, text: str) -> None:
    WebhookMessage.objects.filter(pk=message.pk).update(last_status=status, last_answer=text)


def _switch_off(endpoint: WebhookEndpoint, why: str) -> None:
    """Somebody may have paused it in this very moment; then there is nothing to do."""
    try:
        run("webhooks.endpoint.switch_off", system("webhooks"), endpoint.public_id, {"why": why})
    except Refusal:
        return

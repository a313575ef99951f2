"""Writes messages, secrets, and how an endpoint does. The bodies and states are the outbox's."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from bursar.core import cipher
from bursar.outbox import store as outbox
from bursar.webhooks.events import TEST
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage, WebhookSecret
from bursar.webhooks.queries import KIND, SECRET, list_waiting
from bursar.webhooks.rules import HELD_UNTIL, calc_pause

CALLED_BACK_AFTER = timedelta(minutes=10)


def add_secret(endpoint: WebhookEndpoint, now: datetime) -> str:
    """Makes a secret in the form of Standard Webhooks and returns it, readable for this once."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    WebhookSecret.objects.create(endpoint=endpoint, sealed=cipher.encrypt(SECRET, secret), created_at=now)
    return secret


def end_secrets(endpoint: WebhookEndpoint, at: datetime) -> None:
    """No secret signs after `at`; those that end earlier stay as they are."""
    later = Q(ends_at=None) | Q(ends_at__gt=at)
    WebhookSecret.objects.filter(later, endpoint=endpoint).update(ends_at=at)


def add_message(message: WebhookMessage, body: str, order: str, now: datetime, key: str = "") -> WebhookMessage:
    """Saves a message with its outbox row. Held while its endpoint is paused; a test goes out all the same.

    `order`: messages of one endpoint with the same order go out one after the other.
    """
    is_held = not message.endpoint.is_active and message.type != TEST
    row = outbox.put(
        KIND,
        key or message.public_id,
        {"body": body},
        now,
        order_key=f"{message.endpoint.public_id}:{order}",
        due_at=HELD_UNTIL if is_held else None,
    )
    message.row, message.created_at = row, now
    message.message_id = message.message_id or message.public_id
    message.save()
    return message


def repeat(message: WebhookMessage, now: datetime) -> WebhookMessage:
    """The same body under the same `webhook-id`, behind whatever of its stream waits."""
    again = WebhookMessage(
        endpoint=message.endpoint,
        message_id=message.message_id,
        type=message.type,
        subject_id=message.subject_id,
        is_replay=True,
    )
    return add_message(again, message.row.payload["body"], message.row.order_key.partition(":")[2], now)


def hold(endpoint: WebhookEndpoint) -> None:
    list_waiting(endpoint).update(due_at=HELD_UNTIL)


def release(endpoint: WebhookEndpoint, now: datetime) -> int:
    """Whatever waits is due now, in its order. Returns how many."""
    return list_waiting(endpoint).update(due_at=now)


def drop(endpoint: WebhookEndpoint, why: str, now: datetime, before: datetime | None = None) -> int:
    """What waits, or what was written before an instant, is never sent; the log keeps it. Returns how many."""
    waiting = list_waiting(endpoint)
    return outbox.drop(waiting.filter(created_at__lt=before) if before else waiting, why, now)


def start_delivery(endpoint_id: str) -> None:
    """One job an endpoint, so that a slow one holds up nobody else; at most one more waits behind it."""
    name = f"webhooks:{endpoint_id}"
    try:
        with transaction.atomic():
            app.configure_task("webhooks.deliver", lock=name, queueing_lock=name).defer(endpoint_id=endpoint_id)
    except AlreadyEnqueued:
        pass


def note_success(endpoint: WebhookEndpoint, now: datetime) -> None:
    """An endpoint that was gone for a while is back: what waited out its long pauses goes out now."""
    was_gone = endpoint.failing_since is not None and now - endpoint.failing_since > CALLED_BACK_AFTER
    _update(endpoint, last_success_at=now, failing_since=None, ask_again_at=None, times_away=0)
    if was_gone and endpoint.is_active:
        release(endpoint, now)
        start_delivery(endpoint.public_id)


def note_refusal(endpoint: WebhookEndpoint, now: datetime) -> None:
    """It answered, but did not take the message: another message may fare better, so it is not left alone."""
    _update(endpoint, ask_again_at=None, times_away=0)
    _note_failing(endpoint, now)


def note_away(endpoint: WebhookEndpoint, now: datetime) -> None:
    """Nothing answered: all its messages wait a little, instead of each finding out for itself."""
    _update(endpoint, ask_again_at=now + calc_pause(endpoint.times_away), times_away=F("times_away") + 1)
    _note_failing(endpoint, now)


def _note_failing(endpoint: WebhookEndpoint, now: datetime) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk, failing_since=None).update(failing_since=now)


def _update(endpoint: WebhookEndpoint, **values: object) -> None:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**values)

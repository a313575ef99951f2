"""kill -9 after the receiver answered and before that was written down: sent again, under the same id, and marked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from bursar.core import clock
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxState
from bursar.webhooks.models import WebhookMessage
from tests.actions.test_killed import wait_for_a_waiter, wait_until_gone
from tests.cast import Cast, prove
from tests.processes import kill, start
from tests.webhooks.receiver import Receiver, deliver, make_endpoint

pytestmark = pytest.mark.django_db(transaction=True)


def test_killed_between_the_answer_and_the_mark(
    committed: Cast, product: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BURSAR_WEBHOOK_INSECURE = True
    monkeypatch.setenv("BURSAR_WEBHOOK_INSECURE", "yes")
    _, secret = make_endpoint(committed, product.url)
    committed.reset_panel()
    outbox.deliver_due(clock.now())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE outbox_outboxattempt IN EXCLUSIVE MODE")
        worker = start("worker")
        wait_for_a_waiter(lambda: product.got)
        kill(worker)
    wait_until_gone()
    message = WebhookMessage.objects.get()
    assert len(product.got) == 1 and message.row.state == OutboxState.SENDING
    deliver(timedelta(minutes=5))
    assert len(product.got) == 1, "it may still be under way"
    deliver(timedelta(minutes=15))
    first, second = product.got
    assert (first.id, first.body) == (second.id, second.body)
    second.verify(secret)
    message.row.refresh_from_db()
    assert message.row.maybe_twice and message.row.state == OutboxState.DONE
    prove()

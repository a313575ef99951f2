"""Two people at once, and a worker that is killed: one reminder a level, one pair of files, one mail an address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.db import transaction

from bursar.actions.run import run
from bursar.billing.models import Invoice, Reminder, Sending
from bursar.core import clock
from bursar.core.errors import Blocked
from bursar.files.models import File
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.tenants.store import lock_accounts
from tests.billing.invoiced import SELLER, carry_out, issue, issued, know
from tests.cast import Cast
from tests.processes import start_python
from tests.waiting import Beside, wait_for_waiters

REMIND = "billing.invoice.remind"
# A worker that dies when all is written and nothing is committed.
DIES = """
import os
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "bursar.config.settings"
django.setup()
from bursar.billing.store import sending
from bursar.core import clock
from bursar.outbox import store
whole = sending.send
def send(*args):
    whole(*args)
    os._exit(9)
sending.send = send
store.deliver_due(clock.now())
"""


@pytest.fixture
def payer(committed: Cast, settings: Any) -> Cast:
    for name, value in SELLER.items():
        setattr(settings, name, value)
    know(committed.haarlem)
    return committed


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_send_one_reminder(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem)
    Invoice.objects.filter(pk=row.pk).update(due_on=clock.now().date() - timedelta(days=9))

    def remind(who: Any) -> str:
        try:
            return run(REMIND, who, row.public_id).sentence
        except Blocked as refusal:
            return refusal.sentence

    with transaction.atomic():
        lock_accounts([row.account_id])
        both = [Beside(lambda who=who: remind(who)) for who in (payer.ties, payer.noor)]  # type: ignore[misc]  # bound now
        wait_for_waiters(2)
    said = sorted(one.finish() for one in both)
    assert "Level 2 may go from" in said[0] and "Reminder 1 of" in said[1]
    assert Reminder.objects.count() == 1 == Sending.objects.filter(kind="reminder").count()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_loses_and_doubles_nothing(payer: Cast) -> None:
    row = issue(payer.ties, payer.haarlem)
    OutboxRow.objects.exclude(kind="billing.files").delete()
    assert start_python("-c", DIES).wait() == 9
    row.refresh_from_db()
    assert row.pdf is None and not Sending.objects.exists()
    assert OutboxRow.objects.get().state == OutboxState.SENDING
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        carry_out()
        carry_out()
    row.refresh_from_db()
    assert row.pdf is not None and File.objects.filter(finished_at__isnull=False, owner_kind="document").count() == 1
    assert Sending.objects.count() == 1 == sum(bool(one.attachments) for one in django_mail.outbox)

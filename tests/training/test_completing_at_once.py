"""Two people who complete at once, and a process that is killed in the middle: one set of licences, or none."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Refusal
from bursar.training.models import Licence, TrainingSession
from tests.actions.test_killed import wait_for_a_waiter, wait_until_gone
from tests.cast import Cast, prove
from tests.processes import kill, start
from tests.training.held import COMPLETE, complete, planned
from tests.waiting import Beside, wait_for_waiters

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_complete_at_once_and_there_is_one_set(committed: Cast) -> None:
    session = planned(committed.haarlem.organisation, "maud", "ali")

    def try_it() -> str:
        try:
            return complete(session, committed.ties).sentence
        except Refusal as refusal:
            return refusal.sentence

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tenants_billingaccount WHERE id = %s FOR UPDATE", [committed.haarlem.pk])
        both = [Beside(try_it), Beside(try_it)]
        wait_for_waiters(2)
    answers = [one.finish() for one in both]
    assert sum("2 licences granted" in answer for answer in answers) == 1
    assert sum("was completed already" in answer for answer in answers) == 1
    assert Licence.objects.count() == 2 and AuditLine.objects.filter(key=COMPLETE).count() == 1
    prove()


@pytest.mark.parametrize("place", ["training_licence", "the second attendee", "audit_audithead"])
def test_killed_in_the_middle_nothing_happened(committed: Cast, place: str) -> None:
    session = planned(committed.haarlem.organisation, "maud", "ali")
    last = session.roster.latest("id")
    with transaction.atomic(), connection.cursor() as cursor:
        if place == "the second attendee":
            cursor.execute("SELECT 1 FROM training_attendee WHERE id = %s FOR UPDATE", [last.pk])
        else:
            cursor.execute(f"LOCK TABLE {place} IN EXCLUSIVE MODE")
        today = clock.now().date().isoformat()
        process = start("act", COMPLETE, session.public_id, "--set", f"held_on={today}")
        wait_for_a_waiter()
        kill(process)
    wait_until_gone()
    assert TrainingSession.objects.get().state == "scheduled"
    assert not Licence.objects.exists()
    assert not AuditLine.objects.filter(touches__contains=[session.public_id]).exists()
    prove()
    complete(session, committed.ties)
    assert Licence.objects.count() == 2

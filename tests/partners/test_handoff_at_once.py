"""Two handoffs at once, and one that is killed: one, or none. Real processes, a real lock."""

from __future__ import annotations

import subprocess

import pytest
from django.db import connection, transaction

from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.tenants.models import BillingAccount, Person, Workspace
from tests.actions.test_killed import wait_for_a_waiter, wait_until_gone
from tests.cast import Cast, bring_all, client_workspace, person, prove, seat
from tests.partners.test_handoff import HAND_OFF, OLD
from tests.processes import kill, start

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def raad(committed: Cast) -> Workspace:
    bring_all(*client_workspace(OLD), *person("sam", "Sam"), seat("raad", "sam", "observer", OLD))
    return Workspace.objects.get(external_id="raad")


def start_handoff(raad: Workspace) -> subprocess.Popen[bytes]:
    sam = Person.objects.get(external_id="sam").public_id
    filled = ("--set", f"admin={sam}", "--set", "typed=Raad", "--reason", "Both agreed")
    return start("act", HAND_OFF, raad.public_id, *filled)


def count_waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        (count,) = cursor.fetchone()
    return int(count)


def test_two_at_once_are_one(raad: Workspace) -> None:
    with transaction.atomic():
        BillingAccount.objects.select_for_update(no_key=True).get(pk=raad.account_id)
        both = [start_handoff(raad), start_handoff(raad)]
        wait_for_a_waiter(lambda: count_waiting() >= 2)
    assert sorted(one.wait(120) == 0 for one in both) == [False, True]
    assert AuditLine.objects.filter(key=HAND_OFF).count() == 1
    assert BillingAccount.objects.filter(organisation__external_id="samen").count() == 2  # its pooled one, and this
    assert raad.account_history.at(clock.now()).count() == 1
    prove()


def test_killed_in_the_middle_nothing_happened(raad: Workspace) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE plans_paymentterms IN EXCLUSIVE MODE")
        process = start_handoff(raad)
        wait_for_a_waiter()
        kill(process)
    wait_until_gone()
    raad.refresh_from_db()
    assert raad.organisation.external_id == "bureau" and not AuditLine.objects.filter(key=HAND_OFF).exists()
    prove()

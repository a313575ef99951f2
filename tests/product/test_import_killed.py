"""A panel import killed in the middle: what was taken stays and is true, the page says that it runs, the rest follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.product import running
from bursar.product.models import ImportRun
from bursar.tenants.models import Organisation, Workspace, WorkspaceMembership
from tests.actions.test_killed import wait_for_a_waiter, wait_until_gone
from tests.cast import NOW, Cast, organisation, prove, seat, sign_in, workspace
from tests.processes import kill, start_python
from tests.product.test_import_page import ACTION, content, sent

CARRY_OUT = """
import sys, django
django.setup()
from bursar.product.running import carry_out
carry_out(sys.argv[1])
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("strict", [False, True])
def test_a_panel_import_killed_in_the_middle_goes_on(committed: Cast, strict: bool) -> None:
    old = NOW - timedelta(days=5)
    lines = [
        *organisation("new", "Nieuw", old),
        *workspace("w-n", "new", "Eerste", old),
        seat("w-n", "jan", "owner", old),
    ]
    data = {"file": sent(content(*lines)), **({"strict": True} if strict else {})}
    made = run(ACTION, committed.iris, "company", data, reason="x")
    before = AuditLine.objects.count()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE tenants_workspacemembership IN EXCLUSIVE MODE")
        process = start_python("-c", CARRY_OUT, made.data["import"], DJANGO_SETTINGS_MODULE="bursar.config.settings")
        wait_for_a_waiter()
        kill(process)
    wait_until_gone()
    assert ImportRun.objects.get().state == "running"
    assert "the worker is at it" in sign_in("iris@agora.example").get("/panel/import/").content.decode()
    assert Organisation.objects.filter(external_id="new").exists() is not strict
    assert Workspace.objects.filter(external_id="w-n").exists() is not strict
    assert not WorkspaceMembership.objects.filter(workspace__external_id="w-n").exists()
    assert AuditLine.objects.count() - before == (0 if strict else 2)  # a line for each batch that was taken
    prove()
    running.carry_out(made.data["import"])  # as the sweeper has it done, once the lost worker was silent for a while
    done = ImportRun.objects.get()
    assert (done.state, done.lines, done.taken, done.left_out, done.problem) == ("done", 3, 3, 0, "")
    assert WorkspaceMembership.objects.filter(workspace__external_id="w-n").count() == 1
    assert Workspace.objects.filter(external_id="w-n").count() == 1
    prove()

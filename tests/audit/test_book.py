from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.access.models import User
from bursar.actions.run import run
from bursar.audit import store, verify
from bursar.audit.models import AuditHead, AuditLine, AuditName, AuditSeal
from bursar.core import clock
from bursar.dashboard.queries import history
from bursar.tenants import scope
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, bring_all, sign_in


def tamper(statement: str, *values: Any) -> None:
    """As a superuser who steps round the triggers: what `audit verify` is for."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        if statement.startswith("DELETE FROM audit_auditline"):
            cursor.execute(
                "DELETE FROM audit_auditname WHERE line_id IN (SELECT id FROM audit_auditline" + statement[27:] + ")",
                values,
            )
        cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = origin")


def faults() -> str:
    return " | ".join(f"{fault.stream} {fault.seq} {fault.sentence}" for fault in verify.list_faults())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditline SET reason = 'x'",
        "DELETE FROM audit_auditline",
        "TRUNCATE audit_auditline CASCADE",
        "UPDATE audit_auditname SET text = 'Somebody else'",
        "DELETE FROM audit_auditname",
    ],
)
def test_the_database_refuses_change(cast: Cast, statement: str) -> None:
    cast.reset_panel()
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert not faults()


def test_an_edited_line_is_found(cast: Cast) -> None:
    line = cast.reset_panel().line_id
    tamper("UPDATE audit_auditline SET reason = 'nicer' WHERE public_id = %s", line)
    assert "was edited" in faults()
    with pytest.raises(CommandError):
        call_command("audit", "verify")


def test_an_edited_name_is_found(cast: Cast) -> None:
    cast.reset_panel()
    tamper("UPDATE audit_auditname SET text = 'Nobody' WHERE slot = 'actor'")
    assert "name" in faults()


def test_a_cut_tail_and_a_removed_stream_are_found(cast: Cast) -> None:
    line = AuditLine.objects.get(public_id=cast.reset_panel().line_id)
    assert store.seal(NOW) is not None
    assert store.seal(NOW) is None
    tamper("DELETE FROM audit_auditline WHERE public_id = %s", line.public_id)
    assert "tail was cut" in faults() or "missing" in faults()
    tamper("DELETE FROM audit_audithead WHERE stream = %s", line.stream)
    assert "a sealed line is missing" in faults()


def test_a_gap_is_found(cast: Cast) -> None:
    stream = "product"
    assert AuditHead.objects.get(stream=stream).seq > 2
    tamper("DELETE FROM audit_auditline WHERE stream = %s AND seq = 2", stream)
    assert "a gap" in faults()


def test_an_erased_name_leaves_the_chain_whole(cast: Cast) -> None:
    """As a colleague too, who acted; and nothing is left by which the name could be guessed."""
    cast.reset_panel()
    person = Person.objects.get(external_id="jan")
    Person.objects.filter(pk=person.pk).update(user=User.objects.get(email="ties@agora.example"))
    run("staff.staff.deactivate", cast.iris, cast.ties.id, {}, reason="Left")
    run("product.person.erase", cast.iris, person.public_id, {"typed": "Jan"}, reason="Asked for it")
    blanked = AuditName.objects.filter(reference=cast.ties.id)
    assert {(name.text, name.salt) for name in blanked} == {("", "")}
    store.seal(NOW)
    assert not faults()


def test_the_proof_asks_as_often_however_long_the_book_is(cast: Cast) -> None:
    counts = []
    for _ in range(2):
        for place in range(10):
            run("tenants.account.add_note", cast.ties, cast.samen.public_id, {"text": f"Call {place}"}, reason="x")
        store.seal(NOW)
        with CaptureQueriesContext(connection) as asked:
            assert not faults()
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_seal_leaves_out_what_an_action_holds(committed: Cast) -> None:
    """It waits for nobody, and nobody for it; the next seal covers the rest."""
    store.seal_all(clock.now())
    for account in (committed.samen, committed.haarlem):
        run("tenants.account.add_note", committed.ties, account.public_id, {"text": "Called"}, reason="x")
    with connection.get_new_connection(connection.get_connection_params()) as holder:
        holder.execute("SELECT 1 FROM audit_audithead WHERE stream = %s FOR UPDATE", [committed.samen.public_id])
        made = store.seal_all(clock.now())
        assert made is not None and [head.stream for head in made.sealed.all()] == [committed.haarlem.public_id]
        assert store.seal(clock.now()) is None and not faults()
    made = store.seal(clock.now())
    assert made is not None and [head.stream for head in made.sealed.all()] == [committed.samen.public_id]
    assert not faults()


def test_many_streams_take_several_seals(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "HEADS_A_SEAL", 2)
    for account in (cast.samen, cast.haarlem, cast.oost):
        run("tenants.account.add_note", cast.ties, account.public_id, {"text": "Called"}, reason="x")
    last, streams = store.seal_all(NOW), AuditHead.objects.count()
    assert last is not None and last.number == AuditSeal.objects.count() >= streams // 2 >= 2
    assert not AuditHead.objects.filter(is_sealed=False).exists() and not faults()


def test_the_customer_sees_what_and_when_but_not_why_or_who(cast: Cast) -> None:
    cast.reset_panel(message="You can go on.")
    lotte = sign_in("lotte@client.example").get("/history/").content.decode()
    assert "Usage reset" in lotte and "1 h 02" in lotte and "You can go on." in lotte and "team" in lotte
    assert "Council meeting" not in lotte and "Ties" not in lotte
    maud = sign_in("maud@client.example").get("/history/").content.decode()
    assert "Reset usage" not in maud


def test_a_member_reads_only_their_own_workspaces(cast: Cast) -> None:
    own = scope.load(cast.lotte.as_customer(), NOW)
    assert [workspace.name for workspace in own.workspaces] == ["Jeugdpanel"]
    assert cast.haarlem.public_id not in history.reach_of(own).names


def test_the_page_finds_by_person_action_time_and_id(cast: Cast) -> None:
    cast.reset_panel()
    iris: Client = sign_in("iris@agora.example")
    for query in (
        "q=Ties",
        f"q={cast.panel.public_id}",
        "key=usage.workspace.reset_usage",
        "since=2026-11-24&until=2026-11-24",
    ):
        assert "Council meeting" in iris.get(f"/panel/book/?{query}").content.decode(), query
    assert "Council meeting" not in iris.get("/panel/book/?q=nobody-at-all").content.decode()
    timeline = iris.get(f"/panel/book/timeline/{cast.samen.public_id}").content.decode()
    assert "Council meeting" in timeline
    assert iris.get("/panel/book/?since=yesterday").status_code == 400
    assert iris.get("/panel/book/?before=x&id=y").status_code == 400


def test_an_admin_of_one_workspace_reads_nothing_of_its_neighbour(cast: Cast) -> None:
    data = {"kind": "partner", "percent": "10", "end_date": ""}
    run(
        "plans.workspace.set_discount", cast.ties, cast.klimaat.public_id, data, reason="x", message="For Klimaat only."
    )
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, data, reason="x", message="For all of you.")
    ali = sign_in("ali@client.example").get("/history/").content.decode()
    assert "For all of you." in ali and "For Klimaat only." in ali
    left = {"kind": "workspace_member", "workspace": "klimaat", "person": "ali", "role": "member"}
    bring_all({**left, "from": NOW - timedelta(days=200), "until": NOW})
    ali = sign_in("ali@client.example").get("/history/").content.decode()
    assert "For all of you." in ali and "For Klimaat only." not in ali


def test_the_filter_groups_actions_by_room_and_tells_equal_labels_apart(cast: Cast) -> None:
    for slug, thing in (("workspace", cast.panel), ("account", cast.haarlem)):
        run(f"tenants.{slug}.add_note", cast.ties, thing.public_id, {"text": "Called"}, reason="")
    cast.reset_panel()
    page = sign_in("ties@agora.example").get("/panel/book/").content.decode()
    assert '<optgroup label="Tenants">' in page and ">Note added (workspace)</option>" in page
    assert ">Usage reset</option>" in page

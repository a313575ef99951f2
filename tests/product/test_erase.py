"""Erasing a person: names go by reference, whatever they are; nothing else changes by a byte; the rest is chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html import escape
from typing import Any
from typing import cast as cast_to

import pytest
from django.apps import apps
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bursar.access.actor import Actor
from bursar.access.models import User
from bursar.actions import bulk
from bursar.actions.models import BulkRun, IdempotencyKey, UndoOffer
from bursar.actions.run import run
from bursar.actions.spec import Outcome
from bursar.attention.models import Triage
from bursar.audit.models import AuditLine
from bursar.billing.models import Draft
from bursar.billing.store import drafts
from bursar.config.actors import actor_for
from bursar.core import clock, naming
from bursar.core.text import why_not_name
from bursar.notifications.models import Mail
from bursar.outbox import store
from bursar.outbox.models import OutboxRow
from bursar.payments.models import Refund
from bursar.product import texts
from bursar.product.traces import Traces, trace
from bursar.requests.models import UpgradeRequest
from bursar.staff.models import StaffMember
from bursar.tenants.models import Person
from bursar.usage.models import UsageReset
from tests.billing.documents import samples
from tests.cast import NOW, Cast, prove, refusal_of, sign_in

ERASE = "product.person.erase"
HOSTILE = (
    "Jan", "data", "sentence", "null", "e", "changemaker", "plan", '"', '":"', "{", "{0}", "}", "[", "\\", "\\\\", "\\1",
    "%", "%s", "_", "$&", "<b>", "&amp;", "&", "O'Neill", "'", "; DROP TABLE", "💶", "👩‍🚀", "שרה", "محمد", "e\u0301",
    "Erased person", "erased", "per", "Haarlem", "Klimaat", "becomes admin of", ".", " . ", "a b", "a\tb", "0", "1",
)  # fmt: skip
CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    lambda text: why_not_name(text) is None and text == text.strip()
)

Rows = dict[tuple[str, Any], dict[str, Any]]


def _rows() -> Rows:
    """Every row of every table, by table and key."""
    found: Rows = {}
    for model in apps.get_models(include_auto_created=True):
        table, key = model._meta.db_table, model._meta.pk.column
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT "{key}"::text, row_to_json(t)::text FROM "{table}" t')
            found |= {(table, pk): json.loads(row) for pk, row in cursor.fetchall()}
    return found


@contextmanager
def _undone() -> Iterator[None]:
    """Each example in the same database, as it was before."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _call_them(name: str) -> tuple[Person, Actor]:
    """Ali is a customer of Haarlem and, as Noor was, a colleague: three references, one name."""
    user = User.objects.get(email="noor@agora.example")
    Person.objects.filter(external_id="ali").update(user=user)
    person = Person.objects.get(external_id="ali")
    person.name = user.name = name
    person.save()
    user.save()
    return Person.objects.select_related("user").get(pk=person.pk), actor_for(user)


def _live_through(cast: Cast, them: Person, noor: Actor) -> dict[str, Outcome]:
    """What they did, what was done to them, and what others wrote; with outcomes that are kept. Mail waits."""
    name, done = them.name, {}
    maud = Person.objects.get(external_id="maud")
    admins = {"new_admin": them.public_id, "old_admin": maud.public_id}
    done["admin"] = run(
        "tenants.workspace.change_admin", cast.ties, cast.klimaat.public_id, admins, reason="x", idempotency_key="admin"
    )
    manager = {"manager": noor.id}
    done["manager"] = run(
        "plans.account.assign_manager", cast.iris, cast.samen.public_id, manager, reason="x", idempotency_key="manager"
    )
    done["ask"] = run(
        "requests.workspace.ask_upgrade", noor.as_customer(), cast.klimaat.public_id, {"tier": "guardian"},
        idempotency_key="ask",
    )  # fmt: skip
    done["letter"] = run(
        "attention.workspace.send_outreach", noor, cast.panel.public_id,
        {"to": cast.lotte.id, "subject": "Shall we talk?", "text": f"Dear Lotte,\n\nI am {name}."},
        idempotency_key="letter",
    )  # fmt: skip
    bulk.start("attention.workspace.take", cast.ties, [cast.panel.public_id], {"owner": noor.id})
    bulk.start("attention.workspace.take", cast.ties, [cast.panel.public_id], {"owner": noor.id})
    done["mine"] = run(
        "usage.workspace.reset_usage", noor, cast.panel.public_id, reason=f"{name} said so", message=f"Hello, {name}!",
        idempotency_key="mine",
    )  # fmt: skip
    store.deliver_apart(clock.now(), "notice", "", limit=50)
    return done


def _may_change(before: dict[str, Any], table: str, column: str, references: set[str], person: Person) -> bool:
    """By whose row it is, never by what it says."""
    if table == "tenants_person":
        return before["public_id"] == person.public_id and column in ("name", "email", "sort_key", "erased_at")
    if table == "access_user":
        return before["public_id"] in references and column in ("name", "email", "is_active", "password")
    if table == "audit_auditname":
        return before["reference"] in references and column in ("text", "salt")
    if table == "usage_usagereset":
        return before["by_ref"] in references and column == "by_name"
    if table == "requests_upgraderequest":
        return before["requester_id"] == person.pk and column == "message"
    if table == "outbox_outboxrow":
        return column == "payload" and before["payload"].get("reply_to") == "noor@agora.example"
    return table == "audit_audithead" and before["stream"] == "product"


GOES = {
    "notifications_mail", "notifications_notification", "notifications_inbox", "outbox_outboxrow",
    "outbox_outboxattempt", "tenants_login",
}  # fmt: skip


def _check_difference(before: Rows, after: Rows, references: set[str], person: Person) -> None:
    theirs = {row["delivery_id"] for (table, _), row in before.items()
              if table == "notifications_mail" and row["recipient_id"] in references}  # fmt: skip
    for (table, key), row in before.items():
        left = after.get((table, key))
        if left is None:
            assert table in GOES, (table, row)
            is_theirs = row.get("recipient_id") in references or row.get("person_id") == person.pk
            assert is_theirs or row.get("public_id") in theirs, (table, row)
            continue
        changed = [column for column in row if row[column] != left[column]]
        assert all(_may_change(row, table, column, references, person) for column in changed), (table, changed, row)


def _erase_and_look(cast: Cast, name: str) -> None:
    them, noor = _call_them(name)
    assert them.user is not None
    references = {them.public_id, noor.id, them.user.public_id}
    done = _live_through(cast, them, noor)
    StaffMember.objects.filter(public_id=noor.id).update(is_active=False)
    waiting = list(Mail.objects.exclude(recipient_id__in=references).filter(sent_at=None))
    assert any(naming.mark(them.public_id) in one.text and name in naming.read(one.text) for one in waiting)
    assert any(escape(name) in naming.read(one.html, as_html=True) for one in waiting)
    kept = {row.key: row.outcome for row in IdempotencyKey.objects.all()}
    before = _rows()

    run(ERASE, cast.iris, them.public_id, {"typed": name}, reason="x", idempotency_key="erase")

    after = _rows()
    _check_difference(before, after, references, them)
    assert not Mail.objects.filter(recipient_id__in=references).exists()
    assert {row.key: row.outcome for row in IdempotencyKey.objects.exclude(key="erase")} == kept
    _check_replays(cast, noor, them, done)
    _check_results()
    line = AuditLine.objects.get(key=ERASE)
    assert references <= set(line.touches) and line.target_id == them.public_id
    assert dict(line.name_rows.values_list("slot", "text")) == {"actor": "Iris", "target": "Erased person"}
    _check_sending(waiting)
    prove()


def _check_replays(cast: Cast, noor: Actor, them: Person, done: dict[str, Outcome]) -> None:
    """A repeated submit still gets the first outcome, and says “Erased person” where the name stood."""
    maud = Person.objects.get(external_id="maud")
    admins = {"new_admin": them.public_id, "old_admin": maud.public_id}
    again = run(
        "tenants.workspace.change_admin", cast.ties, cast.klimaat.public_id, admins, reason="x", idempotency_key="admin"
    )
    assert again.sentence == f"Erased person becomes admin of {cast.klimaat.name}; Maud becomes a member."
    assert [change.heading for change in again.changes] == ["Erased person", "Maud"]
    assert (again.line_id, again.data) == (done["admin"].line_id, done["admin"].data)
    again = run(
        "plans.account.assign_manager", cast.iris, cast.samen.public_id, {"manager": noor.id}, reason="x",
        idempotency_key="manager",
    )  # fmt: skip
    assert again.sentence == f"Erased person looks after {cast.samen} now."
    assert (again.undo, again.changes[0].after_ref) == (done["manager"].undo, noor.id)


def _check_results() -> None:
    first, second = BulkRun.objects.order_by("id")
    assert [row.sentence for row in bulk.list_rows(first)] == ["Erased person takes Jeugdpanel."]
    assert [row.sentence for row in bulk.list_rows(second)] == ["Erased person has it already."]


def _check_sending(waiting: list[Mail]) -> None:
    """What waited for others goes out whole, with “Erased person” at the places and nowhere else."""
    mail.outbox.clear()
    store.deliver_due(clock.now())
    expected = {one.message_id: one.text for one in waiting}
    sent = [one for one in mail.outbox if one.extra_headers["Message-ID"] in expected]
    assert len(sent) == len(waiting)
    for one in sent:
        pieces = naming._KEPT.split(expected[one.extra_headers["Message-ID"]])
        told, others = one.body, pieces[::2]
        assert "\x02" not in told and all(piece in told for piece in others)


@given(names)
@settings(max_examples=5, deadline=None, suppress_health_check=CHECKS, derandomize=True)
def test_only_that_persons_names_go_whatever_they_are(cast: Cast, name: str) -> None:
    with _undone():
        _erase_and_look(cast, name)


for _name in HOSTILE:
    test_only_that_persons_names_go_whatever_they_are = example(_name)(
        test_only_that_persons_names_go_whatever_they_are
    )


# What others wrote, and what was kept before names had references


OLD = "Dear Maud,\n\nJan Jansen is admin now; Jansen and Jan's mail too. Jan\n"


def _old_mail(**more: Any) -> Mail:
    """As an earlier release kept it: the name is in the words."""
    row = store.put("mail", f"old-{Mail.objects.count()}", {}, NOW)
    values = {
        "subject": "Admin changed: Jan", "text": OLD, "html": "<p>Jan &amp; Jansen</p>",
        "name": "Maud", "recipient_id": "per_maud", "email": "maud@client.example", **more,
    }  # fmt: skip
    made = Mail.objects.create(
        message_id=f"<{row.public_id}@x>", delivery_id=row.public_id, created_at=NOW, **values
    )  # fmt: skip
    OutboxRow.objects.filter(pk=row.pk).update(payload={"mail": made.public_id})
    return made


def _jan() -> Person:
    return Person.objects.get(external_id="jan")


def _ids(person: Person, limit: int = 100) -> dict[str, str]:
    return {line.what.partition(",")[0]: line.id for line in texts.find(trace(person), limit).lines}


def test_old_text_of_others_stays_unless_it_is_chosen(cast: Cast) -> None:
    stays, goes = _old_mail(name="Stays"), _old_mail(name="Goes")
    ids = _ids(_jan())
    data = {"typed": "Jan", "lines": [ids["Mail to Goes"]]}
    outcome = run(ERASE, cast.iris, _jan().public_id, data, reason="x")
    assert ("Texts of others", "1 changed") in [(one.label, one.after) for one in outcome.changes]
    stays.refresh_from_db()
    goes.refresh_from_db()
    assert (stays.subject, stays.text, stays.html) == ("Admin changed: Jan", OLD, "<p>Jan &amp; Jansen</p>")
    assert goes.subject == "Admin changed: Erased person" and goes.html == ""
    assert goes.text == (
        "Dear Maud,\n\nErased person Jansen is admin now; Jansen and Erased person's mail too. Erased person\n"
    )
    mail.outbox.clear()
    store.deliver_due(clock.now())
    plain, whole = (cast_to(EmailMultiAlternatives, one) for one in sorted(mail.outbox, key=lambda one: one.subject))
    assert (whole.body, len(whole.alternatives)) == (OLD, 1) and (plain.body, plain.alternatives) == (goes.text, [])
    prove()


def test_mail_at_an_address_that_two_people_share_is_the_other_ones(cast: Cast) -> None:
    made = _old_mail(email="jan@client.example", subject="x", text="y")
    letter = _old_mail(email="JAN@client.example", recipient_id="", subject="x", text="y")
    run(ERASE, cast.iris, _jan().public_id, {"typed": "Jan"}, reason="x")
    assert Mail.objects.filter(pk=made.pk).exists() and not Mail.objects.filter(pk=letter.pk).exists()


def test_an_old_outcome_is_rewritten_where_people_read_it_and_nowhere_else(cast: Cast) -> None:
    """Named as a key of it, and as a character of JSON; the keys, the data and the way back stay, and it is answered."""
    for name in ("sentence", '"', "\\", "{", "tier"):
        with _undone():
            jan = _jan()
            jan.name = name
            jan.save()
            done = run("plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "changemaker"},
                       reason="x", idempotency_key="old")  # fmt: skip
            row = IdempotencyKey.objects.get(key="old")
            kept: Any = row.outcome
            row.outcome = {**kept, "sentence": f"{name} {kept['sentence']}"}
            row.save()
            lines = [one.id for one in texts.find(trace(jan), 10).lines if one.id.startswith("answer:")]
            run(ERASE, cast.iris, jan.public_id, {"typed": name, "lines": lines}, reason="x")
            again = run("plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "changemaker"},
                        reason="x", idempotency_key="old")  # fmt: skip
            assert again.sentence == f"Erased person {done.sentence}"
            assert (again.data, again.undo, again.changes) == (done.data, done.undo, done.changes)


def test_free_text_of_every_kind_is_shown_and_changed_when_all_is_chosen(cast: Cast) -> None:
    run("usage.workspace.reset_usage", cast.ties, cast.panel.public_id, reason="Jan said so", message="Hello from Jan.")
    store.deliver_apart(clock.now(), "notice", "", limit=50)
    asked = {"tier": "guardian", "message": "Jan wants it"}
    run("requests.workspace.ask_upgrade", cast.maud, cast.klimaat.public_id, asked)
    request = UpgradeRequest.objects.get()
    run("requests.request.deny", cast.noor, request.public_id, message="Not for Jan")
    bulk.start("plans.workspace.set_discount", cast.ties, [cast.lab.public_id],
               {"kind": "scholarship", "percent": 50}, reason="Jan asked")  # fmt: skip
    UsageReset.objects.create(workspace=cast.panel, at=NOW - timedelta(days=9), by_name="Jan", reason="An old one")
    Triage.objects.create(workspace=cast.noord, outreach_subject="What Jan wrote")
    Refund.objects.filter(public_id=cast.target_id("refund")).update(reason="Jan was charged twice")
    store.put("mail", "letter", {"to": "x@y.example", "name": "X", "subject": "About Jan", "text": "Hi"}, NOW)
    line = {"kind": "other", "description": "What Jan asked for", "unit_price": "1.00"}
    document = replace(samples.invoice(), contract="By Jan")
    drafts.add(cast.oost, "issue_invoice", {"lines": [line]}, document, NOW, None)
    found = {line.id.partition(":")[0] for line in texts.find(trace(_jan()), 100).lines}
    assert found == {"mail", "letter", "message", "note", "reset", "resetter", "refund", "outreach", "bulk", "draft"}
    book = list(AuditLine.objects.order_by("pk").values())
    run(ERASE, cast.iris, _jan().public_id, {"typed": "Jan", "all_lines": True}, reason="x")
    assert not texts.find(Traces(_jan(), [], [], ["Jan"]), 100).lines
    request.refresh_from_db()
    assert (request.message, request.note) == ("Erased person wants it", "Not for Erased person")
    draft = Draft.objects.get()
    assert draft.data["lines"] == [{**line, "description": "What Erased person asked for"}]
    assert draft.document == replace(document, contract="By Erased person")
    assert list(AuditLine.objects.exclude(key=ERASE).order_by("pk").values()) == book  # append-only: its words stay
    prove()


def test_what_an_undo_would_bring_back_goes_too(cast: Cast) -> None:
    """An address always; a name where the eraser says so."""
    details = {"name": "Oost", "street": "Plein 1", "postcode": "1011 AB", "city": "Amsterdam", "country": "NL"}
    write = "billing.account.set_billing_details"
    for account, told in ((cast.oost, {"mails": "jan@client.example"}), (cast.haarlem, {"name": "Jan"})):
        run(write, cast.iris, account.public_id, {**details, **told}, reason="x")
        with clock.frozen(NOW + timedelta(minutes=1)):
            run(write, cast.iris, account.public_id, {**details, "name": "Another"}, reason="x")
    assert UndoOffer.objects.count() == 4
    lines = texts.find(trace(_jan()), 100).lines
    chosen = next(line.id for line in lines if line.id.startswith("undo:") and line.before == "")
    with clock.frozen(NOW + timedelta(hours=1)):
        run(ERASE, cast.iris, _jan().public_id, {"typed": "Jan", "lines": [chosen]}, reason="x")
    left = "".join(str((one.data, one.left)) for one in UndoOffer.objects.filter(target_id=cast.oost.public_id))
    assert "jan@client.example" not in left
    assert UndoOffer.objects.filter(target_id=cast.haarlem.public_id).count() == 1, (
        "of two that named Jan one was chosen"
    )


def test_what_names_nobody_is_refused_and_nothing_is_erased(cast: Cast) -> None:
    other = _old_mail(subject="x", text="nobody")
    for chosen in (f"mail:{other.pk}", "mail:999999", "mail:x", "nonsense", "", "mail:" + "9" * 40):
        refusal = refusal_of(ERASE, cast.iris, _jan().public_id, {"typed": "Jan", "lines": [chosen]}, reason="x")
        assert refusal.status == 422 and _jan().name == "Jan", chosen
    many = [f"mail:{number}" for number in range(5001)]
    assert refusal_of(ERASE, cast.iris, _jan().public_id, {"typed": "Jan", "lines": many}, reason="x").status == 422


def test_the_dialog_lists_them_and_says_when_there_are_more(cast: Cast) -> None:
    iris, jan = sign_in("iris@agora.example"), _jan()
    address = f"/panel/actions/person/{jan.public_id}/erase"
    assert "No other kept text holds their name" in iris.get(address).content.decode()
    _old_mail(name="<Maud>")
    page = iris.get(address).content.decode()
    assert "Mail to &lt;Maud&gt;" in page and "<mark>Jan</mark>" in page and "may be more" not in page
    for _ in range(100):
        _old_mail()
    page = iris.get(address).content.decode()
    assert page.count("<mark>Jan</mark>") == 100 and "There may be more than these" in page and "all_lines" in page


def test_programs_and_the_command_line_read_the_same_list(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    made, jan = _old_mail(), _jan()
    path = f"/api/v1/people/{jan.public_id}/texts"
    iris = sign_in("iris@agora.example")
    with CaptureQueriesContext(connection) as one:
        found = iris.get(path).json()
    assert [line["id"] for line in found["texts"]] == [f"mail:{made.pk}"] and not found["has_more"]
    assert found["texts"][0]["word"] == "Jan" and found["texts"][0]["times"] == 4
    for who in ("ties@agora.example", "maud@client.example"):
        assert sign_in(who).get(path).status_code in (403, 404), who
    assert iris.get("/api/v1/people/per_none/texts").status_code == 404
    call_command("texts", jan.public_id)
    assert f"mail:{made.pk}  Mail to Maud, 24 November 2026: Admin changed: [Jan]" in capsys.readouterr().out
    with pytest.raises(CommandError, match="nothing here"):
        call_command("texts", "per_none")
    for _ in range(20):
        _old_mail()
    with CaptureQueriesContext(connection) as many:
        found = iris.get(f"{path}?limit=5").json()
    assert len(found["texts"]) == 5 and found["has_more"] and len(many) <= len(one)

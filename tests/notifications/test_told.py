"""Whom a notice reaches, once each; what they read; what is theirs to mark."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse

from bursar.access.models import User
from bursar.actions.registry import TARGETS
from bursar.actions.run import run
from bursar.actions.spec import Notice, Topic
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.notifications import recipients, store
from bursar.notifications.models import Mail, Notification
from bursar.staff.models import StaffMember
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, bring_all, seat, sign_in
from tests.notifications.telling import NOTE, carry_out, leave_note, tell


def told() -> list[str]:
    names = dict(StaffMember.objects.values_list("public_id", "user__name")) | dict(
        Person.objects.values_list("public_id", "name")
    )
    return sorted(names[key] + ("*" if key.startswith("stf_") else "") for key in _ids())


def _ids() -> list[str]:
    return list(Notification.objects.values_list("recipient_id", flat=True))


@pytest.mark.parametrize(
    ("notices", "by", "expected"),
    [
        ([Notice.STAFF], "noor", ["Iris*", "Ties*"]),
        ([Notice.STAFF], "iris", ["Noor*", "Ties*"]),
        ([Notice.LEADS], "ties", ["Iris*"]),
        ([Notice.STAFF, Notice.LEADS], "ties", ["Iris*", "Noor*"]),
        ([Notice.WORKSPACE_ADMINS, Notice.LEADS], "ties", ["Ali", "Iris*", "Maud"]),
    ],
)
def test_each_hears_once_and_nobody_of_their_own_deed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, notices: list[Notice], by: str, expected: list[str]
) -> None:
    tell(monkeypatch, *notices)
    leave_note(cast, "x", getattr(cast, by))
    carry_out()
    carry_out()
    assert told() == expected
    assert len(mail.outbox) == len(expected)


def test_deactivated_colleagues_and_erased_people_hear_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    StaffMember.objects.filter(public_id=cast.iris.id).update(is_active=False)
    Person.objects.filter(external_id="maud").update(erased_at=NOW)
    tell(monkeypatch, Notice.STAFF, Notice.WORKSPACE_ADMINS)
    leave_note(cast, "x")
    carry_out()
    assert told() == ["Ali", "Ties*"]


def test_two_hats_are_one_notice_in_the_staff_hat(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Person.objects.filter(external_id="ali").update(user=User.objects.get(email="ties@agora.example"))
    tell(monkeypatch, Notice.WORKSPACE_ADMINS, Notice.STAFF)
    leave_note(cast, "x")
    carry_out()
    assert told() == ["Iris*", "Maud", "Ties*"]
    Notification.objects.all().delete()
    tell(monkeypatch, Notice.WORKSPACE_ADMINS)
    leave_note(cast, "y")
    carry_out()
    assert told() == ["Ali", "Maud"]
    Notification.objects.all().delete()
    leave_note(cast, "z", cast.ties)
    carry_out()
    assert told() == ["Maud"]


def test_an_address_that_two_people_share_gets_one_mail(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Person.objects.filter(external_id__in=["maud", "ali"]).update(email="office@client.example")
    tell(monkeypatch, Notice.WORKSPACE_ADMINS)
    leave_note(cast, "x")
    carry_out()
    assert told() == ["Ali", "Maud"] and len(mail.outbox) == 1


def test_without_an_address_the_bell_alone_tells(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    Person.objects.filter(external_id="maud").update(email="")
    tell(monkeypatch, Notice.WORKSPACE_ADMINS)
    leave_note(cast, "x")
    carry_out()
    assert told() == ["Ali", "Maud"] and [m.to for m in mail.outbox] == [["Ali <ali@client.example>"]]


def test_the_requester_is_named_by_the_outcome_and_no_secret_of_it_travels(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from bursar.actions.registry import ACTIONS
    from bursar.actions.spec import Outcome
    from bursar.outbox.models import OutboxRow

    lotte = Person.objects.get(external_id="lotte")
    tell(monkeypatch, Notice.REQUESTER, topic=Topic.DECISIONS)
    deciding = replace(
        ACTIONS[NOTE],
        verb=lambda act, target, data: Outcome("x", data={"requester": lotte.public_id, "link": "secret"}),
    )
    monkeypatch.setitem(ACTIONS.things, NOTE, deciding)
    line = leave_note(cast, "x")
    assert OutboxRow.objects.get(kind="notice").payload["data"] == {"requester": lotte.public_id}
    carry_out()
    assert told() == ["Lotte"] and mail.outbox[0].to == ["Lotte <lotte@client.example>"]
    assert recipients.list_recipients(Notice.REQUESTER, line, {}) == []
    assert recipients.list_recipients(Notice.REQUESTER, line, {"requester": "per_nobody"}) == []


def test_a_target_that_is_no_place_reaches_the_narrowest_place_it_touches(cast: Cast) -> None:
    """Such as an upgrade request: its workspace's admins, not those of the whole account."""
    cast.reset_panel()
    line = AuditLine.objects.get(key="usage.workspace.reset_usage")
    line.target_id = "req_x"
    line.touches = sorted(["req_x", cast.klimaat.public_id, cast.haarlem.public_id])
    assert [r.name for r in recipients.list_recipients(Notice.WORKSPACE_ADMINS, line, {})] == ["Maud"]


def test_every_page_that_a_target_names_is_there() -> None:
    for target in TARGETS.values():
        for name in (target.page, target.own_page):
            assert not name or reverse(name, args=["x"])


# The bell


def test_a_customer_reads_their_version_and_a_colleague_the_whole(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Notice.WORKSPACE_ADMINS, Notice.STAFF, key="usage.workspace.reset_usage")
    cast.reset_panel(message="You can go on.")
    carry_out()
    own = sign_in("lotte@client.example").get("/notices/").content.decode()
    assert "Usage reset" in own and "You can go on." in own and "the Agora Voices team" in own and "1 unread" in own
    assert "Council meeting" not in own and "Ties" not in own
    theirs = sign_in("iris@agora.example").get("/panel/notices/").content.decode()
    assert "Usage reset" in theirs and "Council meeting" in theirs and "Ties" in theirs
    for sent in mail.outbox:
        assert isinstance(sent, EmailMultiAlternatives)
        bodies = [str(sent.body), str(sent.alternatives[0][0])]
        is_staff = "agora.example" in sent.to[0]
        assert [("Council meeting" in body, "Ties" in body) for body in bodies] == [(is_staff, is_staff)] * 2
        path = f"/panel/workspaces/{cast.panel.public_id}" if is_staff else f"/workspaces/{cast.panel.public_id}"
        assert all(path in body and "You can go on." in body for body in bodies)


def test_what_a_customer_did_bears_their_name(cast: Cast) -> None:
    from bursar.audit.pages import customer_version

    cast.reset_panel()
    line = AuditLine.objects.get(key="usage.workspace.reset_usage")
    assert customer_version(line)["by"] == "the Agora Voices team"
    line.actor_kind = "customer"
    assert customer_version(line)["by"] == "Ties"


def test_reading_marks(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Notice.STAFF)
    for n in range(3):
        leave_note(cast, f"note {n}")
    carry_out()
    ties, lines = sign_in("ties@agora.example"), AuditLine.objects.count()
    assert 'aria-label="Notices, 3 unread"' in ties.get("/panel/counts").content.decode()
    mine = Notification.objects.filter(recipient_id=cast.ties.id)
    theirs = Notification.objects.filter(recipient_id=cast.iris.id)
    one = mine.latest("id")
    opened = ties.post(f"/panel/notices/{one.public_id}/open")
    assert opened.status_code == 302 and opened["Location"] == f"/panel/accounts/{cast.haarlem.public_id}"
    assert mine.filter(read_at=None).count() == 2
    assert ties.post("/panel/notices/read", {"notice": theirs[0].public_id}).status_code == 302
    assert ties.post(f"/panel/notices/{theirs[0].public_id}/open").status_code == 404
    assert theirs.filter(read_at=None).count() == 3 and mine.filter(read_at=None).count() == 2
    answer = ties.post("/panel/notices/read", headers={"HX-Request": "true"})
    assert answer.status_code == 204 and cast.ties.id in answer["HX-Trigger"]
    assert not mine.filter(read_at=None).exists() and theirs.filter(read_at=None).count() == 3
    assert AuditLine.objects.count() == lines
    page = ties.get("/panel/notices/").content.decode()
    assert "all read" in page and "Mark as read" not in page and "note 2" in page


def test_the_customers_bell_is_one_statement(cast: Cast, django_assert_num_queries: Any) -> None:
    from bursar.notifications import queries

    cast.reset_panel()
    carry_out()
    lotte = sign_in("lotte@client.example")
    bell = lotte.get("/notices/bell").content.decode()
    assert "1 unread" in bell and 'hx-trigger="refresh"' in bell
    assert 'href="/notices/"' in lotte.get("/").content.decode()
    with django_assert_num_queries(1):
        assert queries.count_unread(cast.lotte.id) == 1
    assert sign_in("maud@client.example").get("/notices/bell").content.decode().count("unread") == 0
    for path in ("/notices/", "/notices/bell"):
        assert Client().get(path).status_code == 302


def test_the_list_is_paged_and_costs_the_same_however_long(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    tell(monkeypatch, Notice.LEADS)
    for n in range(33):
        leave_note(cast, f"note {n:02d}.")
    carry_out()
    iris = sign_in("iris@agora.example")
    iris.get("/panel/notices/")
    with django_assert_max_num_queries(13):
        first = iris.get("/panel/notices/").content.decode()
    assert "note 32." in first and "note 03." in first and "note 02." not in first
    older = first.split('rel="next" href="')[1].split('"')[0]
    second = iris.get(f"/panel/notices/{older}").content.decode()
    assert "note 02." in second and "note 03." not in second
    assert iris.get("/panel/notices/?before=x").status_code == 400


def test_nothing_of_another_person(cast: Cast) -> None:
    cast.reset_panel(message="For Lotte.")
    carry_out()
    for who in ("maud@client.example", "ali@client.example"):
        assert "For Lotte." not in sign_in(who).get("/notices/").content.decode()
    two_hats = User.objects.get(email="ties@agora.example")
    Person.objects.filter(external_id="lotte").update(user=two_hats)
    ties = sign_in("ties@agora.example")
    assert "For Lotte." in ties.get("/notices/").content.decode()
    assert "For Lotte." not in ties.get("/panel/notices/").content.decode()


# Digest


def _week(monkeypatch: pytest.MonkeyPatch, cast: Cast, count: int, at: Any, topic: Topic = Topic.REQUESTS) -> None:
    tell(monkeypatch, Notice.LEADS, topic=topic)
    with clock.frozen(at):
        for n in range(count):
            leave_note(cast, f"note {n}")
        carry_out()


def _digest(at: Any) -> list[Mail]:
    with clock.frozen(at):
        assert store.send_digests(at) == []
        carry_out()
    return list(Mail.objects.filter(kind="digest"))


def test_urgent_topics_never_wait_and_do_not_use_the_five_up(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _week(monkeypatch, cast, 8, NOW, Topic.MONEY)
    assert len(mail.outbox) == 8
    _week(monkeypatch, cast, 6, NOW + timedelta(hours=1), Topic.USAGE)
    assert len(mail.outbox) == 13 and Notification.objects.filter(waits=True).count() == 1
    _week(monkeypatch, cast, 1, NOW + timedelta(hours=2), Topic.SECURITY)
    assert len(mail.outbox) == 14


def test_the_window_rolls(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _week(monkeypatch, cast, 5, NOW)
    _week(monkeypatch, cast, 1, NOW + timedelta(hours=23, minutes=59))
    assert len(mail.outbox) == 5
    _week(monkeypatch, cast, 1, NOW + timedelta(hours=24))
    assert len(mail.outbox) == 6


def test_a_late_digest_is_caught_up_and_twice_changes_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _week(monkeypatch, cast, 7, NOW)
    nine = NOW.replace(hour=9, minute=0, second=0, microsecond=0)
    assert _digest(nine + timedelta(days=1, seconds=-1)) == []
    late = nine + timedelta(days=3, hours=5)
    assert len(_digest(late)) == 1 and len(_digest(late + timedelta(hours=1))) == 1
    _week(monkeypatch, cast, 6, late + timedelta(hours=2))
    assert len(_digest(late + timedelta(hours=3))) == 1
    assert len(_digest(nine + timedelta(days=4))) == 2


def test_one_digest_a_nine_even_when_a_notice_came_late(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _week(monkeypatch, cast, 6, NOW)
    nine = NOW.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert len(_digest(nine)) == 1
    Notification.objects.filter(mail__kind="digest").update(waits=True)  # as if expanded after the digest
    assert len(_digest(nine + timedelta(minutes=1))) == 1
    assert len(_digest(nine + timedelta(days=1))) == 2


def test_a_digest_is_queued_and_marked_at_once_or_not_at_all(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _week(monkeypatch, cast, 7, NOW)
    nine = NOW.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)

    def break_down(*args: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as broken:
        broken.setattr("bursar.notifications.store.app.configure_task", break_down)
        assert [recipient for recipient, _ in store.send_digests(nine)] == [cast.iris.id]
    assert not Mail.objects.filter(kind="digest").exists()
    assert Notification.objects.filter(waits=True).count() == 2
    assert len(_digest(nine)) == 1


def test_what_was_muted_or_whoever_left_meanwhile_gets_no_digest(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _week(monkeypatch, cast, 7, NOW)
    run("notifications.inbox.set_mail", cast.iris, cast.iris.id, {"topics": ["plan"]})
    assert _digest(NOW + timedelta(days=1)) == [] and not Notification.objects.filter(waits=True).exists()
    run("notifications.inbox.set_mail", cast.iris, cast.iris.id, {"topics": ["requests"]})
    _week(monkeypatch, cast, 7, NOW + timedelta(days=2))
    StaffMember.objects.filter(public_id=cast.iris.id).update(is_active=False)
    assert _digest(NOW + timedelta(days=3)) == [] and not Notification.objects.filter(waits=True).exists()


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_send_five(committed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections

    tell(monkeypatch, Notice.LEADS)
    for n in range(9):
        leave_note(committed, f"note {n}")

    def work(_: int) -> None:
        try:
            carry_out()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert Mail.objects.count() == 5 == Notification.objects.exclude(mail=None).count()
    assert Notification.objects.filter(waits=True).count() == 4


def test_people_of_one_workspace_do_not_share_the_five(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    bring_all(seat("panel", "jan", "billing", NOW - timedelta(days=9)))
    tell(monkeypatch, Notice.WORKSPACE_ADMINS, Notice.BILLING, topic=Topic.USAGE, key="usage.workspace.reset_usage")
    cast.reset_panel()
    carry_out()
    assert Mail.objects.values("recipient_id").distinct().count() == 2 == Mail.objects.count()

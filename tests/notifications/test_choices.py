"""What one hears of by mail: chosen when signed in, stopped by the link in a mail, taken back."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from bursar.actions.run import run
from bursar.actions.spec import Notice, Topic
from bursar.audit.models import AuditLine
from bursar.notifications.compose import read_signed, sign
from bursar.notifications.models import Inbox, Notification
from tests.cast import Cast, prove, refusal_of, sign_in
from tests.notifications.telling import carry_out, leave_note, tell

KEY = "notifications.inbox.set_mail"
FORM = "application/x-www-form-urlencoded"


def stop_path() -> str:
    header = str(mail.outbox[-1].extra_headers["List-Unsubscribe"])
    assert header.startswith("<http://127.0.0.1:8000/notices/stop/") and header.endswith(">")
    return header.removeprefix("<http://127.0.0.1:8000").removesuffix(">")


def test_a_muted_topic_stays_in_the_bell(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Notice.LEADS)
    outcome = run(KEY, cast.iris, cast.iris.id, {"topics": ["plan", "usage"]})
    assert [change.label for change in outcome.changes] == [
        "People and their roles", "Requests", "Decisions on requests", "Billing and payments"
    ]  # fmt: skip
    assert {(change.before, change.after) for change in outcome.changes} == {("bell and mail", "bell only")}
    leave_note(cast, "x")
    carry_out()
    assert Notification.objects.get().recipient_id == cast.iris.id and mail.outbox == []
    tell(monkeypatch, Notice.LEADS, topic=Topic.SECURITY)
    leave_note(cast, "y")
    carry_out()
    assert len(mail.outbox) == 1 and "List-Unsubscribe" not in mail.outbox[0].extra_headers
    assert "cannot be switched off" in mail.outbox[0].body
    prove()


def test_ones_own_and_nobody_elses(cast: Cast) -> None:
    assert refusal_of(KEY, cast.iris, cast.ties.id, {"topics": []}).status == 404
    assert refusal_of(KEY, cast.maud, cast.lotte.id, {"topics": []}).status == 404
    assert refusal_of(KEY, cast.ties, cast.ties.id, {"topics": ["security"]}).status == 422
    assert not Inbox.objects.exists()


def test_a_customer_chooses_in_their_own_dialog(cast: Cast) -> None:
    lotte = sign_in("lotte@client.example")
    path = f"/actions/inbox/{cast.lotte.id}/set_mail"
    assert path in lotte.get("/notices/").content.decode()
    dialog = lotte.get(path).content.decode()
    assert dialog.count("checked") == 6 and "Security always comes by mail" in dialog
    assert "Has no effect" not in dialog, "nobody has chosen anything yet"
    topics = ["plan", "usage", "decisions", "money", "people", "requests"]
    assert "Has no effect" in lotte.post(f"{path}/preview", {"topics": topics}).content.decode()
    assert lotte.post(path, {"topics": ["plan"], "next": "/notices/"})["Location"] == "/notices/"
    assert sorted(Inbox.objects.get().muted) == ["decisions", "money", "people", "requests", "usage"]
    assert lotte.get(f"/actions/inbox/{cast.maud.id}/set_mail").status_code == 404


def test_stopping_mail_without_signing_in(cast: Cast) -> None:
    cast.reset_panel()
    carry_out()
    path, lines = stop_path(), AuditLine.objects.count()
    stranger = Client(enforce_csrf_checks=True)
    page = stranger.get(path)
    assert page.status_code == 200 and "Usage and caps" in page.content.decode()
    assert "lotte" not in page.content.decode().lower()
    assert Inbox.objects.get().muted == [] and AuditLine.objects.count() == lines  # looking changes nothing
    one_click = Client(enforce_csrf_checks=True)
    done = one_click.post(path, "List-Unsubscribe=One-Click", content_type=FORM)
    assert done.status_code == 200 and Inbox.objects.get(pk=cast.lotte.id).muted == ["usage"]
    line = AuditLine.objects.get(key=KEY)
    assert (line.actor_id, line.reason) == (cast.lotte.id, "By the link in a mail, without signing in.")
    assert one_click.post(path, "List-Unsubscribe=One-Click", content_type=FORM).status_code == 200
    assert AuditLine.objects.filter(key=KEY).count() == 1
    assert "No more mail about this" in stranger.get(path).content.decode()
    assert stranger.post(path, {"again": "yes"}).status_code == 200
    assert Inbox.objects.get(pk=cast.lotte.id).muted == []
    prove()


def test_a_link_of_somebody_who_is_gone_or_a_made_up_one_leads_nowhere(cast: Cast) -> None:
    cast.reset_panel()
    carry_out()
    path = stop_path()
    assert Client().post(f"{path}x").status_code == 404 and Client().get("/notices/stop/x").status_code == 404
    assert read_signed(sign("per_x", ["no such topic"])) is None and read_signed("a:b") is None
    from bursar.tenants.models import Person

    run(
        "product.person.erase",
        cast.iris,
        cast.lotte.id,
        {"typed": Person.objects.get(external_id="lotte").name},
        reason="x",
    )
    assert Client().get(path).status_code == 404 and Client().post(path).status_code == 404
    assert not Inbox.objects.exclude(muted=[]).exists()


def test_the_link_never_switches_security_off(cast: Cast) -> None:
    token = sign(cast.lotte.id, ["security", "usage"])
    assert Client().post(f"/notices/stop/{token}").status_code == 200
    assert Inbox.objects.get().muted == ["usage"]


def test_a_digests_link_stops_all_its_topics(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from bursar.core import clock
    from bursar.notifications import store
    from tests.cast import NOW

    for topic in [Topic.USAGE] * 6 + [Topic.REQUESTS]:
        tell(monkeypatch, Notice.LEADS, topic=topic)
        leave_note(cast, topic.value)
        carry_out()
    with clock.frozen(NOW + timedelta(days=1)):
        store.send_digests(clock.now())
        carry_out()
    assert Client().post(stop_path()).status_code == 200
    assert sorted(Inbox.objects.get().muted) == ["requests", "usage"]

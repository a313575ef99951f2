"""What is done goes when it is old; what waits, failed or is unread stays; killed between batches, it goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.urls import reverse

from bursar.access.models import User
from bursar.actions.models import BulkRun, IdempotencyKey, UndoOffer
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.config.minute import run_ticks
from bursar.core import clock, retention
from bursar.core.models import InstallationFact
from bursar.core.options import at_least
from bursar.core.ticks import TICKS
from bursar.notifications.models import Mail, Notification
from bursar.outbox.models import OutboxAttempt, OutboxRow
from bursar.plans.models import ClockTold
from bursar.staff.models import SignInLink
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from bursar.webhooks.queries import KIND
from tests.cast import NOW, Cast, prove, refusal_of, sign_in

KEPT = timedelta(days=400)
OLD = NOW - KEPT - timedelta(seconds=1)
YOUNG = NOW - KEPT + timedelta(seconds=1)


def put(state: str, at: Any, kind: str = "mail", **more: Any) -> OutboxRow:
    key = f"{kind}-{state}-{at}-{OutboxRow.objects.count()}"
    made = OutboxRow.objects.create(kind=kind, key=key, payload={}, state=state, created_at=at, due_at=at, **more)
    OutboxAttempt.objects.create(row=made, at=at, ms=1, is_done=True)
    return made


def message(row: OutboxRow) -> WebhookMessage:
    endpoint, _ = WebhookEndpoint.objects.get_or_create(
        description="Product", defaults={"url": "https://p.example/", "created_at": NOW}
    )
    return WebhookMessage.objects.create(endpoint=endpoint, row=row, message_id="m", type="x", created_at=row.due_at)


def forget(room: str) -> None:
    TICKS[f"{room}.forget"](clock.now())


def test_the_outbox_forgets_what_is_done_and_keeps_what_waits_or_failed(cast: Cast) -> None:
    OutboxRow.objects.all().delete()
    kept = [put(state, OLD) for state in ("waiting", "sending", "failed")] + [put("done", YOUNG), put("dropped", YOUNG)]
    gone = [put("done", OLD), put("dropped", OLD), put("done", OLD, kind="notice")]
    forget("outbox")
    assert set(OutboxRow.objects.values_list("pk", flat=True)) == {row.pk for row in kept}
    assert not OutboxAttempt.objects.filter(row_id__in=[row.pk for row in gone]).exists()
    assert OutboxAttempt.objects.count() == len(kept)


def test_a_webhooks_log_goes_with_its_rows_and_not_before(cast: Cast) -> None:
    OutboxRow.objects.all().delete()
    kept = [message(put(state, OLD, KIND)) for state in ("waiting", "sending", "failed")]
    kept += [message(put("done", YOUNG, KIND))]
    for state in ("done", "dropped"):
        message(put(state, OLD, KIND))
    put("done", OLD, KIND)  # a worker was killed after the message, before the row
    forget("outbox")
    assert OutboxRow.objects.count() == 7, "the log's rows belong to the log"
    forget("webhooks")
    assert set(WebhookMessage.objects.values_list("pk", flat=True)) == {one.pk for one in kept}
    assert set(OutboxRow.objects.values_list("pk", flat=True)) == {one.row_id for one in kept}


def test_read_notices_and_sent_mail_go_unread_and_unsent_stay(cast: Cast) -> None:
    line = AuditLine.objects.get(public_id=cast.reset_panel().line_id)

    def notice(who: str, **more: Any) -> Notification:
        return Notification.objects.create(recipient_id=who, who=who, line=line, topic="usage", at=OLD, **more)

    def mail(who: str, **more: Any) -> Mail:
        return Mail.objects.create(message_id=who, subject="s", created_at=OLD, **more)

    unsent, sent = mail("unsent", text="x"), mail("sent", sent_at=OLD)
    late = mail("late", sent_at=YOUNG)
    kept = [notice("unread", mail=sent), notice("read lately", read_at=YOUNG), notice("w", read_at=OLD, waits=True)]
    notice("read long ago", read_at=OLD)
    forget("notifications")
    assert set(Notification.objects.values_list("pk", flat=True)) == {one.pk for one in kept}
    assert set(Mail.objects.values_list("pk", flat=True)) == {unsent.pk, late.pk}
    assert Notification.objects.get(recipient_id="unread").mail is None


def test_sessions_links_keys_offers_bulk_runs_and_marks(cast: Cast) -> None:
    user = User.objects.get(email="iris@agora.example")
    for name, expires in (("over", NOW - timedelta(seconds=1)), ("runs", NOW + timedelta(hours=1))):
        Session.objects.create(session_key=name, session_data="", expire_date=expires)
        UserSession.objects.create(user=user, session_key=name, ip="::1", user_agent="", data={})
        SignInLink.objects.create(user=user, digest=name, expires_at=expires)
    for name, age in (("over", 31), ("runs", 29)):
        at = NOW - timedelta(days=age)
        IdempotencyKey.objects.create(actor_id="x", key=name, digest="", created_at=at)
    for name, age in (("over", 3), ("runs", 1)):
        offered = {"of_key": "x", "target_id": "x", "key": "x", "data": {}, "created_at": NOW - timedelta(days=age)}
        UndoOffer.objects.create(line_id=name, **offered)
    for state, at in (("done", OLD), ("running", OLD), ("done", YOUNG)):
        BulkRun.objects.create(
            action_key=state, actor={}, target_ids=[], data={}, state=state, created_at=at, worked_at=at
        )
    for at in (OLD, YOUNG):
        ClockTold.objects.create(account=cast.samen, what="lapsed", ends_at=at, at=at)
    assert run_ticks(NOW) == []
    assert [row.session_key for row in Session.objects.all()] == ["runs"]
    assert [row.session_key for row in UserSession.objects.all()] == ["runs"]
    assert [row.digest for row in SignInLink.objects.all()] == ["runs"]
    assert [row.key for row in IdempotencyKey.objects.all()] == ["runs"]
    assert [row.line_id for row in UndoOffer.objects.filter(of_key="x")] == ["runs"]
    assert sorted((row.action_key, row.created_at) for row in BulkRun.objects.all()) == [
        ("done", YOUNG), ("running", OLD),
    ]  # fmt: skip
    assert [row.ends_at for row in ClockTold.objects.all()] == [YOUNG]
    prove()


class Killed(BaseException):
    """A worker that is killed runs no handler."""


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    monkeypatch.setattr(retention, "BATCH", 3)

    def stop_after(batches: int) -> None:
        ordinary, done = retention._delete_batch, list[Any]()

        def batch(rows: Any) -> Any:
            if len(done) == batches:
                raise Killed
            done.append(ordinary(rows))
            return done[-1]

        monkeypatch.setattr(retention, "_delete_batch", batch)

    return stop_after


def test_killed_between_batches_the_next_minute_goes_on(
    cast: Cast, small_batches: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    OutboxRow.objects.all().delete()
    for _ in range(10):
        put("done", OLD)
    with monkeypatch.context():
        whole = retention._delete_batch
        small_batches(2)
        with pytest.raises(Killed):
            forget("outbox")
        assert OutboxRow.objects.count() == 4 and not InstallationFact.objects.filter(name="outbox.forget").exists()
        monkeypatch.setattr(retention, "_delete_batch", whole)
    forget("outbox")
    assert not OutboxRow.objects.exists()
    assert InstallationFact.objects.get(name="outbox.forget").value == "2026-11-24"


def test_a_minute_takes_so_many_batches_and_a_day_begins_anew(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "BATCHES_A_MINUTE", 2)
    OutboxRow.objects.all().delete()
    for _ in range(5):
        put("done", OLD)
    forget("outbox")
    assert OutboxRow.objects.count() == 1
    forget("outbox")
    assert OutboxRow.objects.count() == 0
    put("done", OLD)
    with django_assert_num_queries(1):
        forget("outbox")
    assert OutboxRow.objects.count() == 1, "once a day"
    with clock.frozen(NOW + timedelta(days=1)):
        forget("outbox")
    assert OutboxRow.objects.count() == 0


def test_a_link_to_what_is_gone_says_so(cast: Cast) -> None:
    iris, words = sign_in("iris@agora.example"), "no longer kept: what is done goes after 400 days"
    for name, gone in (
        ("webhooks:message", "whm_x"),
        ("notifications:delivery", "out_x"),
        ("notifications:mail", "mal_x"),
    ):
        page = iris.get(reverse(name, args=[gone]))
        assert page.status_code == 404 and words in page.content.decode()
    told = iris.get("/api/v1/webhooks/messages/whm_x")
    assert told.status_code == 404 and words in told.json()["sentence"]


def test_the_book_keeps_the_line_of_what_is_gone(cast: Cast) -> None:
    row = put("failed", OLD)
    line = run("notifications.delivery.retry", cast.iris, row.public_id).line_id
    OutboxRow.objects.filter(pk=row.pk).update(state="done", due_at=OLD)
    forget("outbox")
    book = sign_in("iris@agora.example").get(reverse("panel:book"), {"q": row.public_id})
    assert book.status_code == 200 and AuditLine.objects.filter(public_id=line).exists()
    assert "no longer kept" in refusal_of("notifications.delivery.retry", cast.iris, row.public_id).sentence
    prove()


def test_what_is_too_short_is_refused_at_start_up() -> None:
    assert at_least(30)("30") == 30
    with pytest.raises(ValueError, match="at least 30"):
        at_least(30)("29")

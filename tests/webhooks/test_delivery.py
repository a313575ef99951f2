"""To a real receiver: signed, in order, at least once; and what happens while it is away."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from bursar.actions.run import run
from bursar.core import clock
from bursar.core.errors import Forbidden
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.outbox.store import retry
from bursar.webhooks import jobs
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from tests.cast import Cast, prove, refusal_of
from tests.webhooks.receiver import Receiver, deliver, make_endpoint, receiving

TIER = "plans.workspace.change_tier"


def three_events(cast: Cast) -> None:
    """Three changes of one workspace, one after the other."""
    cast.reset_panel(message="Go on.")
    run(TIER, cast.noor, cast.panel.public_id, {"tier": "changemaker"}, reason="Agreed")
    data = {"kind": "scholarship", "percent": "50", "end_date": ""}
    run("plans.workspace.set_discount", cast.ties, cast.panel.public_id, data, reason="Agreed")


def test_it_fails_three_times_then_takes_it_once_signed_and_in_order(here: Cast, product: Receiver) -> None:
    _, secret = make_endpoint(here, product.url)
    product.answers = [503, 500, 429]
    three_events(here)
    assert product.got == [], "nothing is sent before the action has committed"
    for minutes in (0, 2, 5, 12):
        deliver(timedelta(minutes=minutes))
    assert product.types == ["usage.reset"] * 4 + ["workspace.tier_changed", "discount.changed"]
    first = product.got[:4]
    assert len({one.id for one in first}) == 1 and len({one.body for one in first}) == 1
    for one in product.got:
        one.verify(secret)
    message = WebhookMessage.objects.get(type="usage.reset")
    assert message.row.state == OutboxState.DONE and not message.row.maybe_twice
    tries = list(message.row.tries.order_by("id").values_list("is_done", flat=True))
    assert tries == [False, False, False, True]
    assert "HTTP 503 in" in (message.row.tries.order_by("id")[0].detail) and message.last_status == 200
    assert WebhookEndpoint.objects.get().failing_since is None
    prove()


def test_what_a_message_says_and_what_it_keeps_to_itself(here: Cast, product: Receiver) -> None:
    make_endpoint(here, product.url)
    done = here.reset_panel(message="Go on.")
    deliver()
    message = product.got[0].message
    assert set(message) == {"type", "timestamp", "data"} and product.got[0].id == done.line_id
    assert message["data"] == {
        "id": done.line_id,
        "account": here.samen.public_id,
        "organisation": "samen",
        "workspaces": ["panel"],
        "changes": [
            {"label": "Counted hours", "before": "1 h 02", "after": "0 h 00"},
            {"label": "At the cap", "before": "yes", "after": "no"},
        ],
        "details": {"counted_seconds_before": 3720},
        "message": "Go on.",
    }
    assert b"Council" not in product.got[0].body and b"Ties" not in product.got[0].body


def test_one_dead_endpoint_does_not_hold_up_the_other(here: Cast, product: Receiver) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        make_endpoint(here, f"http://127.0.0.1:{unused.getsockname()[1]}/", name="A dead one")
        make_endpoint(here, product.url, name="Product")
        three_events(here)
        deliver()
    assert product.types == ["usage.reset", "workspace.tier_changed", "discount.changed"]
    dead = WebhookMessage.objects.filter(endpoint__description="A dead one").order_by("id")
    assert [one.row.state for one in dead] == [OutboxState.WAITING] * 3
    assert dead[0].last_status is None and "No answer" in dead[0].last_answer


def test_an_endpoint_that_does_not_answer_is_asked_once_and_left_alone(here: Cast) -> None:
    """Messages of other accounts do not each find out for themselves; no try of theirs is counted."""
    endpoint, _ = make_endpoint(here, "http://127.0.0.1:1/")
    here.reset_panel()
    run(TIER, here.noor, here.lab.public_id, {"tier": "changemaker"}, reason="Agreed")
    deliver()
    tries = {one.type: one.row.tries.count() for one in WebhookMessage.objects.all()}
    assert tries == {"usage.reset": 1, "workspace.tier_changed": 0}
    endpoint.refresh_from_db()
    other = WebhookMessage.objects.get(type="workspace.tier_changed").row
    assert other.due_at == endpoint.ask_again_at and other.attempts == 0 and other.state == OutboxState.WAITING


def test_a_message_that_is_refused_holds_up_its_own_account_alone(here: Cast, product: Receiver) -> None:
    make_endpoint(here, product.url)
    product.answers = [500]
    here.reset_panel()
    run(TIER, here.noor, here.lab.public_id, {"tier": "changemaker"}, reason="Agreed")
    deliver()
    assert product.types == ["usage.reset", "workspace.tier_changed"]
    assert WebhookMessage.objects.get(type="usage.reset").row.state == OutboxState.WAITING


def test_it_is_never_given_up_by_count(here: Cast, product: Receiver) -> None:
    """After a day of failures the one behind must not overtake."""
    make_endpoint(here, product.url)
    product.answers = [503] * 20
    three_events(here)
    for hours in range(0, 200, 10):
        deliver(timedelta(hours=hours))
    assert set(product.types) == {"usage.reset"}
    deliver(timedelta(hours=210))
    assert product.types[-3:] == ["usage.reset", "workspace.tier_changed", "discount.changed"]


def test_redirects_are_not_followed_and_long_answers_cut(here: Cast, product: Receiver) -> None:
    make_endpoint(here, product.url)
    product.answers, product.text = [302], b"x\0" * 5000
    here.reset_panel()
    deliver()
    message = WebhookMessage.objects.get()
    assert len(product.got) == 1 and message.last_status == 302 and message.row.state == OutboxState.WAITING
    assert len(message.last_answer) == 2048 and "\0" not in message.last_answer


def test_a_slow_receiver_is_given_up_for_this_time(here: Cast, product: Receiver, monkeypatch: Any) -> None:
    monkeypatch.setattr("bursar.webhooks.sender.SECONDS_TO_ANSWER", 0.3)
    make_endpoint(here, product.url)
    product.seconds = 1
    here.reset_panel()
    deliver()
    assert "No answer within" in WebhookMessage.objects.get().last_answer


def test_a_rotated_secret_signs_along_for_a_day(here: Cast, product: Receiver) -> None:
    endpoint, old = make_endpoint(here, product.url)
    new = run("webhooks.endpoint.rotate_secret", here.iris, endpoint.public_id, reason="Left").secret
    here.reset_panel()
    deliver()
    got = product.got[0]
    assert len(got.headers["webhook-signature"].split(" ")) == 2
    got.verify(old)
    got.verify(new)
    from bursar.webhooks.carry import sign

    tomorrow = sign(endpoint, "m", "{}", clock.now() + timedelta(hours=25))["webhook-signature"]
    assert tomorrow == Webhook(new).sign("m", clock.now() + timedelta(hours=25), "{}")
    with pytest.raises(WebhookVerificationError):
        got.verify("whsec_" + "A" * 44)


def test_secrets_are_encrypted_where_they_are_kept(here: Cast, product: Receiver, settings: Any) -> None:
    endpoint, secret = make_endpoint(here, product.url)
    kept = endpoint.secrets.get().sealed
    assert secret.startswith("whsec_") and secret not in kept and secret[6:20] not in kept
    settings.SECRET_KEY = "another"
    here.reset_panel()
    deliver()
    assert product.got == [] and "Rotate the secret" in OutboxRow.objects.get(kind="webhook_call").last_error


def test_paused_it_waits_and_goes_out_in_order_when_resumed(here: Cast, product: Receiver) -> None:
    endpoint, _ = make_endpoint(here, product.url)
    here.reset_panel()
    run("webhooks.endpoint.pause", here.iris, endpoint.public_id, reason="Maintenance")
    run(TIER, here.noor, here.panel.public_id, {"tier": "changemaker"}, reason="Agreed")
    deliver(timedelta(days=2))
    assert product.got == []
    run("webhooks.endpoint.send_test", here.iris, endpoint.public_id)
    deliver()
    assert product.types == ["webhook.test"], "a test goes out to a paused endpoint too"
    done = run("webhooks.endpoint.resume", here.iris, endpoint.public_id, reason="Back")
    assert "2 waiting messages" in done.sentence
    deliver()
    assert product.types[1:] == ["usage.reset", "workspace.tier_changed"]


def test_after_long_failure_it_is_switched_off_and_the_leads_are_told(here: Cast, product: Receiver) -> None:
    endpoint, secret = make_endpoint(here, product.url)
    product.answers = [503, 503]
    three_events(here)
    deliver()
    deliver(timedelta(minutes=2))
    jobs.switch_off_failing(clock.now() + timedelta(days=2, hours=23))
    assert WebhookEndpoint.objects.get().is_active
    jobs.switch_off_failing(clock.now() + timedelta(days=3, minutes=1))
    endpoint.refresh_from_db()
    assert not endpoint.is_active and "Every try failed since" in endpoint.switched_off_reason
    told = OutboxRow.objects.get(kind="notice", payload__target=endpoint.public_id)
    assert told.payload["notices"] == ["leads"]
    jobs.switch_off_failing(clock.now() + timedelta(days=4))
    assert OutboxRow.objects.filter(kind="notice", payload__target=endpoint.public_id).count() == 1
    run("plans.workspace.remove_discount", here.ties, here.panel.public_id, reason="Over")
    deliver(timedelta(days=9))
    assert len(product.got) == 2
    run("webhooks.endpoint.resume", here.iris, endpoint.public_id, reason="Repaired")
    deliver()
    assert product.types[2:] == ["usage.reset", "workspace.tier_changed", "discount.changed", "discount.changed"]
    product.got[-1].verify(secret)


def test_only_bursar_itself_switches_off(here: Cast, product: Receiver) -> None:
    endpoint, _ = make_endpoint(here, product.url)
    refusal = refusal_of("webhooks.endpoint.switch_off", here.iris, endpoint.public_id, {"why": "x"})
    assert isinstance(refusal, Forbidden) and "by itself" in refusal.sentence
    assert WebhookEndpoint.objects.get().is_active


def test_gone_for_good_switches_off_at_once(here: Cast, product: Receiver) -> None:
    make_endpoint(here, product.url)
    product.answers = [410]
    three_events(here)
    deliver()
    deliver(timedelta(hours=1))
    endpoint = WebhookEndpoint.objects.get()
    assert len(product.got) == 1 and "410" in endpoint.switched_off_reason and not endpoint.is_active
    assert OutboxRow.objects.filter(kind="webhook_call", state=OutboxState.WAITING).count() == 3


def test_back_after_a_while_what_waited_goes_at_once(here: Cast, product: Receiver) -> None:
    make_endpoint(here, product.url)
    product.answers = [503]
    here.reset_panel()
    deliver()
    row = OutboxRow.objects.filter(kind="webhook_call")
    row.update(due_at=clock.now() + timedelta(hours=8))
    WebhookEndpoint.objects.update(failing_since=clock.now() - timedelta(hours=9))
    run(TIER, here.noor, here.lab.public_id, {"tier": "changemaker"}, reason="Agreed")
    deliver()
    deliver()
    assert product.types == ["usage.reset", "workspace.tier_changed", "usage.reset"]


def test_a_deleted_endpoint_gets_nothing_and_keeps_its_log(here: Cast, product: Receiver) -> None:
    endpoint, _ = make_endpoint(here, product.url)
    here.reset_panel()
    deliver()
    run(TIER, here.noor, here.panel.public_id, {"tier": "changemaker"}, reason="Agreed")
    run("webhooks.endpoint.delete", here.iris, endpoint.public_id, reason="Gone")
    deliver(timedelta(days=1))
    assert product.types == ["usage.reset"] and WebhookMessage.objects.count() == 1
    for verb in ("edit", "rotate_secret", "pause", "resume", "send_test", "delete"):
        refusal = refusal_of(f"webhooks.endpoint.{verb}", here.iris, endpoint.public_id, {}, reason="x")
        assert "its log stays" in refusal.sentence
    message = WebhookMessage.objects.get()
    assert "its log stays" in refusal_of("webhooks.message.replay", here.iris, message.public_id, reason="x").sentence


def test_a_replay_repeats_the_same_bytes_under_the_same_id(here: Cast, product: Receiver) -> None:
    _, secret = make_endpoint(here, product.url)
    here.reset_panel()
    deliver()
    message = WebhookMessage.objects.get()
    run("webhooks.message.replay", here.iris, message.public_id, reason="Lost")
    deliver()
    first, second = product.got
    assert (first.id, first.body) == (second.id, second.body)
    second.verify(secret)
    assert list(WebhookMessage.objects.order_by("id").values_list("is_replay", flat=True)) == [False, True]
    assert "Replay" in refusal_of("webhooks.message.try_now", here.iris, message.public_id).sentence


def test_everything_since_is_replayed_in_order_once(here: Cast, product: Receiver) -> None:
    endpoint, _ = make_endpoint(here, product.url)
    key, start = "webhooks.endpoint.replay_since", clock.now()
    assert "Nothing was" in refusal_of(key, here.iris, endpoint.public_id, {"since": start}, reason="x").sentence
    later = clock.now() + timedelta(days=1)
    assert "still to come" in refusal_of(key, here.iris, endpoint.public_id, {"since": later}, reason="x").sentence
    three_events(here)
    run("webhooks.endpoint.send_test", here.iris, endpoint.public_id)
    deliver()
    for _ in range(2):  # replays are not replayed again
        done = run(key, here.iris, endpoint.public_id, {"since": start.isoformat()}, reason="Restored a backup")
        assert done.sentence.startswith("3 messages")
        deliver()
    wanted = ["usage.reset", "workspace.tier_changed", "discount.changed"]
    assert [kind for kind in product.types if kind != "webhook.test"] == wanted * 3
    assert len({one.id for one in product.got}) == 4


def test_try_now_does_not_wait_for_the_next_try(here: Cast, product: Receiver) -> None:
    make_endpoint(here, product.url)
    product.answers = [503]
    here.reset_panel()
    deliver()
    message = WebhookMessage.objects.get()
    assert "Try now" in refusal_of("webhooks.message.replay", here.iris, message.public_id, reason="x").sentence
    run("webhooks.message.try_now", here.iris, message.public_id)
    deliver()
    assert len(product.got) == 2 and message.row.tries.count() == 2


def test_an_endpoint_hears_of_what_it_asked_for_alone(here: Cast, product: Receiver) -> None:
    make_endpoint(here, product.url, ["workspace.tier_changed"])
    three_events(here)
    deliver()
    assert product.types == ["workspace.tier_changed"]


def test_a_crash_in_the_fan_out_adds_nothing_twice(here: Cast, product: Receiver) -> None:
    make_endpoint(here, product.url)
    here.reset_panel()
    deliver()
    retry(OutboxRow.objects.get(kind="webhook"), clock.now())
    deliver()
    assert len(product.got) == 1 and WebhookMessage.objects.count() == 1


def test_a_row_that_was_on_its_way_out_while_somebody_resumed_is_found(here: Cast, product: Receiver) -> None:
    from bursar.webhooks.rules import HELD_UNTIL

    make_endpoint(here, product.url)
    here.reset_panel()
    with receiving():
        deliver_only_fan_out()
    OutboxRow.objects.filter(kind="webhook_call").update(due_at=HELD_UNTIL)
    deliver(timedelta(days=1))
    assert product.got == []
    jobs.deliver_when_due(clock.now())
    deliver()
    assert len(product.got) == 1


def deliver_only_fan_out() -> None:
    from bursar.outbox.store import deliver_due

    deliver_due(clock.now())
    assert OutboxRow.objects.filter(kind="webhook_call", state=OutboxState.WAITING).exists(), "they leave apart"


def test_one_job_an_endpoint_however_often_it_is_asked_for(here: Cast, product: Receiver) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    endpoint, _ = make_endpoint(here, product.url)
    three_events(here)
    deliver_only_fan_out()
    jobs.deliver_when_due(clock.now())
    waiting = ProcrastinateJob.objects.filter(task_name="webhooks.deliver", status="todo")
    assert [job.args for job in waiting] == [{"endpoint_id": endpoint.public_id}]
    jobs.deliver(endpoint.public_id)
    assert len(product.got) == 3

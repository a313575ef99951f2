"""Messages: a test, once more, or now."""

from __future__ import annotations

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason
from bursar.core.days import say_instant
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxState
from bursar.webhooks import queries, store
from bursar.webhooks.actions.shared import why_gone
from bursar.webhooks.body import make_test_body
from bursar.webhooks.events import TEST
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage

REPLAYED_AT_MOST = 2000

register_target(
    Target(
        slug="message",
        model=WebhookMessage,
        label="webhook message",
        fetch=queries.get_message,
        accounts=lambda message: [],
        stream=lambda message: "product",
        touches=lambda message: [message.public_id, message.endpoint.public_id],
    )
)


@action(
    key="webhooks.endpoint.send_test",
    on=WebhookEndpoint,
    label="Send a test event",
    instead="What was sent is sent; it names nobody.",
    is_harmless=True,
    group=Group.DELIVERY,
    done="Test event sent",
    icon="send",
    code="st",
    formerly=("ping",),
    help="Sends the event “webhook.test”, which names nobody. What came back stands in the log.",
    when="After making, changing or repairing an endpoint. It goes out to a paused endpoint too, and resumes nothing.",
    permission=Right.MANAGE_STAFF,
    reason=Reason.NONE,
    blocked=why_gone,
)
def send_test(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    message = WebhookMessage(endpoint=endpoint, type=TEST)
    store.add_message(message, make_test_body(act.now), "test:" + message.public_id, act.now)
    store.start_delivery(endpoint.public_id)
    changes = [Change("Test event", "", message.public_id)]
    return Outcome(f"A test event is on its way to {endpoint}.", changes, data={"message": message.public_id})


class ReplaySince(ActionForm):
    since = forms.DateTimeField(
        label="Everything since (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Delivered events written at or after this instant, in order; no tests and no earlier replays.",
    )


def _why_not_replay_since(case: Case, data: Cleaned) -> str | None:
    if data["since"] > case.now:
        return "That is still to come. Choose an instant that is past."
    count = queries.list_replayable(case.target, data["since"]).count()
    if count == 0:
        return "Nothing was delivered since then."
    if count > REPLAYED_AT_MOST:
        return f"These are {count:,} messages; at most {REPLAYED_AT_MOST:,} at once. Choose a later instant."
    return None


@action(
    key="webhooks.endpoint.replay_since",
    on=WebhookEndpoint,
    form=ReplaySince,
    label="Replay since…",
    instead="What was sent is sent; receivers know it by its webhook-id.",
    group=Group.DELIVERY,
    done="Replayed since an instant",
    icon="history",
    code="rs",
    formerly=("resend events",),
    help="Sends all delivered events since an instant once more, in order, each under its old webhook-id.",
    when="When the receiver lost data although it had answered well. What was never delivered waits by itself.",
    permission=Right.MANAGE_STAFF,
    blocked=why_gone,
    refused=_why_not_replay_since,
)
def replay_since(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    found = list(queries.list_replayable(endpoint, data["since"]))
    for message in found:
        store.repeat(message, act.now)
    store.start_delivery(endpoint.public_id)
    changes = [Change("Replayed", "", f"{len(found)} since {say_instant(data['since'])}")]
    return Outcome(f"{len(found)} messages go out to {endpoint} once more.", changes)


def _why_not_repeat(case: Case) -> str | None:
    if case.target.endpoint.deleted_at is not None:
        return "The endpoint was deleted; its log stays."
    if case.target.row.state not in (OutboxState.DONE, OutboxState.DROPPED):
        return "It was not delivered yet, and is tried again by itself. Use “Try now”."
    return None


@action(
    key="webhooks.message.replay",
    on=WebhookMessage,
    label="Replay…",
    instead="What was sent is sent; receivers know it by its webhook-id.",
    group=Group.DELIVERY,
    done="Replayed",
    icon="repeat",
    code="rp",
    formerly=("resend",),
    help="Sends the same message once more under its old webhook-id, so that the receiver can tell.",
    when="When the receiver asks for one message again, or needs one that was dropped. For all of a day, use “Replay "
    "since” on the endpoint.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_not_repeat,
)
def replay_message(act: Act, message: WebhookMessage, data: Cleaned) -> Outcome:
    again = store.repeat(message, act.now)
    store.start_delivery(message.endpoint.public_id)
    changes = [Change("Replay", "", again.public_id)]
    return Outcome(f"{message} goes out once more.", changes, data={"message": again.public_id})


def _why_not_try(case: Case) -> str | None:
    endpoint = case.target.endpoint
    if case.target.row.state == OutboxState.DONE:
        return "It was delivered. Use “Replay”."
    if case.target.row.state == OutboxState.DROPPED:
        return "It was dropped. Use “Replay”: it goes out behind what waits."
    if endpoint.deleted_at is not None:
        return "The endpoint was deleted; its log stays."
    if not endpoint.is_active and case.target.type != TEST:
        return "The endpoint is paused or switched off. Resume it, then everything goes out in order."
    return None


@action(
    key="webhooks.message.try_now",
    on=WebhookMessage,
    label="Try now",
    instead="What was sent is sent.",
    group=Group.DELIVERY,
    done="Tried again",
    icon="player-play",
    code="tn",
    formerly=("retry",),
    help="Does not wait for the next try. Messages before it in the same account's order still go first.",
    when="When you know that the receiver is well again and do not want to wait for the next try.",
    permission=Right.MANAGE_STAFF,
    reason=Reason.NONE,
    blocked=_why_not_try,
)
def try_message(act: Act, message: WebhookMessage, data: Cleaned) -> Outcome:
    outbox.retry(message.row, act.now)
    WebhookEndpoint.objects.filter(pk=message.endpoint_id).update(ask_again_at=None)
    store.start_delivery(message.endpoint.public_id)
    return Outcome(f"{message} is tried now.", [Change("Next try", "", "now")])

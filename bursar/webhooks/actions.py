"""Verbs of the outgoing webhooks: endpoints are made, changed, paused, and their messages repeated."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.actor import ActorKind
from bursar.access.rights import Right
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Notice, Outcome, Reason, Topic
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxState
from bursar.webhooks import queries, rules, store
from bursar.webhooks.body import make_test_body
from bursar.webhooks.events import CHOICES, TEST
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from bursar.webhooks.sender import get_reach

REPLAYED_AT_MOST = 2000

register_target(
    Target(
        slug="endpoint",
        model=WebhookEndpoint,
        label="webhook endpoint",
        fetch=queries.get_endpoint,
        accounts=lambda endpoint: [],
        stream=lambda endpoint: "product",
        touches=lambda endpoint: [endpoint.public_id],
    )
)
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


class EndpointForm(ActionForm):
    url = forms.CharField(
        label="Address", max_length=500, help_text="https://…; messages are POSTed there. Put no secret into it."
    )
    description = forms.CharField(label="Name", max_length=100, help_text="Which system listens there.")
    events = forms.MultipleChoiceField(
        label="Events", choices=CHOICES, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: all of them, and those that later releases add.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        target = self.case.target
        if isinstance(target, WebhookEndpoint):
            for name in ("url", "description", "events"):
                self.fields[name].initial = getattr(target, name)

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        sentence = rules.why_not_url(url, get_reach())
        if sentence:
            raise forms.ValidationError(sentence)
        return url


def _words(events: list[str]) -> str:
    return ", ".join(events) or "all"


def _why_gone(case: Case) -> str | None:
    return "The endpoint was deleted; its log stays." if case.target.deleted_at is not None else None


@action(
    key="webhooks.company.create_endpoint",
    on=Company,
    form=EndpointForm,
    label="New endpoint…",
    icon="webhook",
    help="Sends events to an address of the product from now on. The secret that signs them is shown once.",
    when="When a system of the product should hear of changes by itself. For asking now and then, an API key will do.",
    permission=Right.MANAGE_STAFF,
    stream="product",
    in_menu=False,
    danger=True,
)
def create_endpoint(act: Act, company: Company, data: Cleaned) -> Outcome:
    made = WebhookEndpoint.objects.create(**data, created_at=act.now)
    secret = store.add_secret(made, act.now)
    changes = [
        Change("Endpoint", "", made.description),
        Change("Address", "", made.url),
        Change("Events", "", _words(made.events)),
    ]
    return Outcome("The endpoint is made.", changes, data={"endpoint": made.public_id}, secret=secret)


def _why_nothing_new(case: Case, data: Cleaned) -> str | None:
    is_same = all(getattr(case.target, name) == data[name] for name in ("url", "description", "events"))
    return "This is what holds already." if is_same else None


@action(
    key="webhooks.endpoint.edit",
    on=WebhookEndpoint,
    form=EndpointForm,
    label="Edit endpoint…",
    icon="edit",
    help="Changes the address, the name or the events. What waits goes to the new address; the secret stays.",
    when="When the product moves its receiver, or wants other events. A leaked secret is a matter of “Rotate secret”.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_gone,
    refused=_why_nothing_new,
    danger=True,
)
def edit_endpoint(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    before = [endpoint.url, endpoint.description, _words(endpoint.events)]
    after = [data["url"], data["description"], _words(data["events"])]
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**data, ask_again_at=None, times_away=0)
    pairs = zip(("Address", "Name", "Events"), before, after, strict=True)
    changes = [Change(label, was, now) for label, was, now in pairs if was != now]
    return Outcome(f"{data['description']} is changed.", changes)


@action(
    key="webhooks.endpoint.rotate_secret",
    on=WebhookEndpoint,
    label="Rotate secret…",
    icon="refresh",
    help="Makes a new secret, shown once. For 24 hours messages carry two signatures, one by the old secret.",
    when="When somebody who knew the secret left, or it may have leaked. The receiver needs the new one within a day.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_gone,
    danger=True,
)
def rotate_secret(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    until = act.now + rules.OLD_SECRET_SIGNS_FOR
    store.end_secrets(endpoint, until)
    secret = store.add_secret(endpoint, act.now)
    changes = [Change("The old secret signs along until", "", f"{until:%F %H:%M} UTC")]
    return Outcome("The new secret is made; the old one signs along for 24 hours.", changes, secret=secret)


def _why_not_pause(case: Case) -> str | None:
    return _why_gone(case) or (None if case.target.is_active else "Nothing is sent there already.")


@action(
    key="webhooks.endpoint.pause",
    on=WebhookEndpoint,
    label="Pause…",
    icon="player-pause",
    help="Nothing is sent there until it is resumed. New messages wait behind those that wait already.",
    when="Before maintenance of the receiver. What happens meanwhile waits, for 30 days unless your operator set "
    "another time, and goes out in order when you resume. For a receiver that is gone for good, delete the endpoint.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_not_pause,
)
def pause_endpoint(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=False, switched_off_reason="")
    store.hold(endpoint)
    return Outcome(f"{endpoint} is paused.", [Change("State", "active", "paused")])


class Resume(ActionForm):
    waiting = forms.ChoiceField(
        label="What waited",
        choices=[("send", "Send it, in order"), ("drop", "Drop it: start from now")],
        required=False,
        help_text="Sent unless you say otherwise. What is dropped stays in the log, and can be replayed.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        count = _count_waiting(self.case)
        field = self.fields["waiting"]
        assert isinstance(field, forms.ChoiceField)
        field.initial = "send"
        field.choices = [
            ("send", f"Send it, in order: {_messages(count)}"),
            ("drop", f"Drop {_messages(count)}: start from now"),
        ]


def _messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"


def _count_waiting(case: Case) -> int:
    count: int = case.once("waiting", lambda: queries.list_waiting(case.target).count())
    return count


def _why_not_resume(case: Case) -> str | None:
    return _why_gone(case) or ("It is active." if case.target.is_active else None)


@action(
    key="webhooks.endpoint.resume",
    on=WebhookEndpoint,
    form=Resume,
    label="Resume…",
    icon="player-play",
    help="Sends everything from now on; what waited goes out first, in order, or is dropped.",
    when="When the receiver is well again. Send a test event first: a test goes out to a paused endpoint too. Drop "
    "what waited when the receiver has fetched all of its state anew meanwhile, so that old news would confuse it.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_not_resume,
)
def resume_endpoint(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    state = "switched off" if endpoint.switched_off_reason else "paused"
    fresh = {"switched_off_reason": "", "failing_since": None, "ask_again_at": None, "times_away": 0}
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=True, **fresh)
    changes = [Change("State", state, "active")]
    if data["waiting"] == "drop":
        count = store.drop(endpoint, f"By {act.actor.name}, when the endpoint was resumed.", act.now)
        changes.append(Change("Waiting messages", str(count), "dropped"))
        are = "is" if count == 1 else "are"
        return Outcome(f"{endpoint} is active from now on; {_messages(count)} that waited {are} dropped.", changes)
    count = store.release(endpoint, act.now)
    store.start_delivery(endpoint.public_id)
    words = f"{count:,} waiting message{' goes' if count == 1 else 's go'} out now"
    return Outcome(f"{endpoint} is active; {words}.", changes)


@action(
    key="webhooks.endpoint.send_test",
    on=WebhookEndpoint,
    label="Send a test event",
    icon="send",
    help="Sends the event “webhook.test”, which names nobody. What came back stands in the log.",
    when="After making, changing or repairing an endpoint. It goes out to a paused endpoint too, and resumes nothing.",
    permission=Right.MANAGE_STAFF,
    reason=Reason.NONE,
    blocked=_why_gone,
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
    icon="history",
    help="Sends all delivered events since an instant once more, in order, each under its old webhook-id.",
    when="When the receiver lost data although it had answered well. What was never delivered waits by itself.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_gone,
    refused=_why_not_replay_since,
)
def replay_since(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    found = list(queries.list_replayable(endpoint, data["since"]))
    for message in found:
        store.repeat(message, act.now)
    store.start_delivery(endpoint.public_id)
    changes = [Change("Replayed", "", f"{len(found)} since {data['since']:%F %H:%M} UTC")]
    return Outcome(f"{len(found)} messages go out to {endpoint} once more.", changes)


@action(
    key="webhooks.endpoint.delete",
    on=WebhookEndpoint,
    label="Delete endpoint…",
    icon="trash",
    help="Nothing is sent there any more, and its secrets sign nothing. Its log stays readable.",
    when="When the receiver is gone for good. For a while only, pause it instead: then nothing is lost.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_gone,
    preview=lambda case, data: ["What waits is never sent. There is no undo."],
    danger=True,
)
def delete_endpoint(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(deleted_at=act.now, is_active=False)
    store.drop(endpoint, f"By {act.actor.name}, when the endpoint was deleted.", act.now)
    store.end_secrets(endpoint, act.now)
    return Outcome(f"{endpoint} is deleted.", [Change("Endpoint", endpoint.description, "deleted")])


class SwitchOff(ActionForm):
    why = forms.CharField(label="Why", max_length=300)


def _why_not_switch_off(case: Case) -> str | None:
    if case.actor.kind is not ActorKind.SYSTEM:
        return "Bursar does this by itself, after long failure. To stop it by hand, pause it."
    return _why_not_pause(case)


@action(
    key="webhooks.endpoint.switch_off",
    on=WebhookEndpoint,
    form=SwitchOff,
    label="Switched off",
    icon="plug-off",
    help="After long failure, or when the receiver says that it is gone for good, Bursar stops sending.",
    when="Never by hand. Bursar does it by itself and tells the leads; repair the receiver, then resume the endpoint.",
    permission=Right.MANAGE_STAFF,
    reason=Reason.NONE,
    blocked=_why_not_switch_off,
    tell=(Notice.LEADS,),
    topic=Topic.SECURITY,
    in_menu=False,
)
def switch_off(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=False, switched_off_reason=data["why"])
    store.hold(endpoint)
    changes = [Change("State", "active", "switched off"), Change("Why", "", data["why"])]
    return Outcome(f"{endpoint} is switched off. {data['why']}", changes)


class DropOld(ActionForm):
    before = forms.DateTimeField(label="Written before")
    days = forms.IntegerField(label="Longer than so many days", min_value=0)


def _why_not_drop(case: Case) -> str | None:
    if case.actor.kind is not ActorKind.SYSTEM:
        return "Bursar does this by itself, once a day. To drop all that waits, resume the endpoint and say so."
    return "It is active, so nothing waits for a person." if case.target.is_active else None


@action(
    key="webhooks.endpoint.drop_old",
    on=WebhookEndpoint,
    form=DropOld,
    label="What waited too long was dropped",
    icon="trash-x",
    help="Messages that waited for a paused or switched-off endpoint longer than the operator allows are dropped.",
    when="Never by hand. Bursar does it once a day; resume the endpoint in time, or drop what waits when you do.",
    permission=Right.MANAGE_STAFF,
    reason=Reason.NONE,
    blocked=_why_not_drop,
    in_menu=False,
)
def drop_old(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    why = f"Waited longer than {data['days']} days."
    count = store.drop(endpoint, why, act.now, before=data["before"])
    changes = [Change("Dropped", "", f"{_messages(count)} from before {data['before']:%F}"), Change("Why", "", why)]
    return Outcome(f"Dropped: {_messages(count)} to {endpoint}. {why}", changes)


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
    icon="repeat",
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
    icon="player-play",
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

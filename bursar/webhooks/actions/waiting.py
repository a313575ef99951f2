"""Whether anything is sent, and what becomes of what waits: paused, resumed, switched off, dropped, deleted."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import By, Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Notice, Outcome, Reason, Topic, Undo
from bursar.core import naming
from bursar.core.days import say_day
from bursar.webhooks import queries, store
from bursar.webhooks.actions.shared import say_messages, why_gone
from bursar.webhooks.models import WebhookEndpoint


def _why_not_pause(case: Case) -> str | None:
    return why_gone(case) or (None if case.target.is_active else "Nothing is sent there already.")


@action(
    key="webhooks.endpoint.pause",
    on=WebhookEndpoint,
    label="Pause…",
    group=Group.DELIVERY,
    done="Paused",
    icon="player-pause",
    code="pa",
    formerly=("disable",),
    help="Holds back what is sent there until it is resumed. New messages wait behind those that wait already.",
    when="Before maintenance of the receiver. What happens meanwhile waits, for 30 days unless your operator set "
    "another time, and goes out in order when you resume. For a receiver that is gone for good, delete the endpoint.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_not_pause,
    inverse=("webhooks.endpoint.resume",),
)
def pause_endpoint(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=False, switched_off_reason="")
    store.hold(endpoint)
    undo = Undo("webhooks.endpoint.resume", {"waiting": "send"})
    return Outcome(f"{endpoint} is paused.", [Change("State", "active", "paused")], undo=undo)


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
            ("send", f"Send it, in order: {say_messages(count)}"),
            ("drop", f"Drop {say_messages(count)}: start from now"),
        ]


def _count_waiting(case: Case) -> int:
    count: int = case.once("waiting", lambda: queries.list_waiting(case.target).count())
    return count


def _why_not_resume(case: Case) -> str | None:
    return why_gone(case) or ("It is active." if case.target.is_active else None)


@action(
    key="webhooks.endpoint.resume",
    on=WebhookEndpoint,
    form=Resume,
    label="Resume…",
    group=Group.DELIVERY,
    done="Resumed",
    icon="player-play",
    code="re",
    formerly=("enable",),
    help="Sends everything from now on; what waited goes out first, in order, or is dropped.",
    when="When the receiver is well again. Send a test event first: a test goes out to a paused endpoint too. Drop "
    "what waited when the receiver has fetched all of its state anew meanwhile, so that old news would confuse it.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_not_resume,
    inverse=("webhooks.endpoint.pause",),
)
def resume_endpoint(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    state = "switched off" if endpoint.switched_off_reason else "paused"
    fresh = {"switched_off_reason": "", "failing_since": None, "ask_again_at": None, "times_away": 0}
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=True, **fresh)
    changes = [Change("State", state, "active")]
    if data["waiting"] == "drop":
        count = store.drop(endpoint, _by(act, "resumed"), act.now)
        changes.append(Change("Waiting messages", str(count), "dropped"))
        are = "is" if count == 1 else "are"
        return Outcome(f"{endpoint} is active from now on; {say_messages(count)} that waited {are} dropped.", changes)
    count = store.release(endpoint, act.now)
    store.start_delivery(endpoint.public_id)
    words = f"{count:,} waiting message{' goes' if count == 1 else 's go'} out now"
    undo = Undo("webhooks.endpoint.pause", {}) if state == "paused" else None
    return Outcome(f"{endpoint} is active; {words}.", changes, undo=undo)


def _by(act: Act, what: str) -> str:
    return naming.keep(f"By {naming.say(act.actor.id, act.actor.name)}, when the endpoint was {what}.")


class SwitchOff(ActionForm):
    why = forms.CharField(label="Why", max_length=300)


@action(
    key="webhooks.endpoint.switch_off",
    on=WebhookEndpoint,
    form=SwitchOff,
    label="Switched off",
    icon="plug-off",
    help="After long failure, or when the receiver says that it is gone for good, Bursar stops sending.",
    when="Never by hand. Bursar does it by itself and tells the leads; repair the receiver, then resume the endpoint.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    blocked=_why_not_pause,
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
    return "It is active, so nothing waits for a person." if case.target.is_active else None


@action(
    key="webhooks.endpoint.drop_old",
    on=WebhookEndpoint,
    form=DropOld,
    label="What waited too long was dropped",
    icon="trash-x",
    help="Messages that waited for a paused or switched-off endpoint longer than the operator allows are dropped.",
    when="Never by hand. Bursar does it once a day; resume the endpoint in time, or drop what waits when you do.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    blocked=_why_not_drop,
    in_menu=False,
)
def drop_old(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    why = f"Waited longer than {data['days']} days."
    count = store.drop(endpoint, why, act.now, before=data["before"])
    changes = [
        Change("Dropped", "", f"{say_messages(count)} from before {say_day(data['before'])}"),
        Change("Why", "", why),
    ]
    return Outcome(f"Dropped: {say_messages(count)} to {endpoint}. {why}", changes)


@action(
    key="webhooks.endpoint.delete",
    on=WebhookEndpoint,
    label="Delete endpoint…",
    opposite="webhooks.company.create_endpoint",
    group=Group.SETUP,
    done="Endpoint deleted",
    icon="trash",
    code="de",
    formerly=("remove",),
    help="Ends what is sent there for good; its secrets sign nothing. Its log stays readable.",
    when="When the receiver is gone for good. For a while only, pause it instead: then nothing is lost.",
    permission=Right.MANAGE_STAFF,
    blocked=why_gone,
    preview=lambda case, data: ["What waits is never sent. There is no undo."],
    danger=True,
    takes_away=True,
)
def delete_endpoint(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(deleted_at=act.now, is_active=False)
    store.drop(endpoint, _by(act, "deleted"), act.now)
    store.end_secrets(endpoint, act.now)
    return Outcome(f"{endpoint} is deleted.", [Change("Endpoint", endpoint.description, "deleted")])

"""Verbs: what one hears of by mail, and sending again what did not arrive."""

from __future__ import annotations

from typing import Any

from django import forms
from procrastinate.contrib.django import app

from bursar.access.rights import By
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Notice, Outcome, Reason, Topic
from bursar.notifications import queries, rules
from bursar.notifications.deliveries import name_delivery
from bursar.notifications.models import Inbox, Mail
from bursar.outbox import store as outbox
from bursar.outbox.carriers import CARRIERS
from bursar.outbox.models import OutboxRow, OutboxState

register_target(
    Target(
        slug="inbox",
        model=Inbox,
        label="notices",
        fetch=queries.get_inbox,
        accounts=lambda inbox: [],
        stream=lambda inbox: "staff" if inbox.recipient_id.startswith("stf_") else "product",
        touches=lambda inbox: [inbox.recipient_id],
    )
)
register_target(
    Target(
        slug="delivery",
        model=OutboxRow,
        label="delivery",
        fetch=queries.get_delivery,
        accounts=lambda row: [],
        stream=lambda row: "system",
        touches=lambda row: [row.public_id],
        name=name_delivery,
        page="notifications:delivery",
    )
)


class MailChoices(ActionForm):
    topics = forms.MultipleChoiceField(
        label="Also by mail",
        choices=[(topic.value, rules.LABELS[topic]) for topic in rules.MUTABLE],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="What is not ticked stays in the bell only. Security always comes by mail too.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topics"].initial = list_mailed(self.case.target)


def list_mailed(inbox: Inbox) -> list[str]:
    """The topics that come by mail and could be switched off."""
    return [topic.value for topic in rules.MUTABLE if rules.wants_mail(topic, inbox.muted)]


@action(
    key="notifications.inbox.set_mail",
    on=Inbox,
    form=MailChoices,
    label="Choose what comes by mail…",
    opposite="notifications.inbox.set_mail",
    done="Choice of mail changed",
    icon="bell-cog",
    help="Says which notices you also get by mail. The bell shows every one of them in any case.",
    when="Reach for it when mail about a topic is more than you want, or when you miss it. It changes nothing for "
    "anybody else. Mail about security cannot be switched off.",
    permission=None,
    reason=Reason.NONE,
    in_menu=False,
)
def set_mail(act: Act, inbox: Inbox, data: Cleaned) -> Outcome:
    before = list_mailed(inbox)
    muted = [topic.value for topic in rules.MUTABLE if topic.value not in data["topics"]]
    Inbox.objects.update_or_create(pk=inbox.pk, defaults={"muted": muted})
    ways = {True: "bell and mail", False: "bell only"}
    changes = [
        Change(rules.LABELS[topic], ways[topic.value in before], ways[topic.value in data["topics"]])
        for topic in rules.MUTABLE
        if (topic.value in before) is not (topic.value in data["topics"])
    ]
    return Outcome("Your choices hold from the next notice on.", changes)


def _why_not_retry(case: Case) -> str | None:
    row: OutboxRow = case.target
    if row.state == OutboxState.DONE:
        return "It was delivered already."
    if row.state == OutboxState.DROPPED and CARRIERS[row.kind].apart:
        return "It was dropped. Replay the message in the log of its endpoint."
    if row.state == OutboxState.SENDING and not outbox.is_cut_off(row, case.now):
        return "It is being sent at this moment."
    if row.kind == "mail" and Mail.objects.filter(public_id=row.payload.get("mail"), text="").exists():
        return "Its text is blanked, so there is nothing left to send."
    return None


@action(
    key="notifications.delivery.retry",
    on=OutboxRow,
    label="Send again…",
    instead="What was sent is sent.",
    group=Group.DELIVERY,
    done="Sent again",
    icon="refresh",
    code="sa",
    formerly=("resend", "retry"),
    help="Sends it at once, with all its tries before it again. Its key stays: a receiver that has it takes it once.",
    when="Reach for it when a delivery failed and the cause is mended: the mail server answers again, the receiver was "
    "put right. Do not reach for it to send the same thing twice: what arrived cannot be sent again.",
    reason=Reason.OPTIONAL,
    blocked=_why_not_retry,
    bulk=True,
)
def retry(act: Act, row: OutboxRow, data: Cleaned) -> Outcome:
    before = f"{row.get_state_display()} after {row.attempts} tries"
    half_sent = row.state == OutboxState.SENDING
    outbox.retry(row, act.now)
    if half_sent:
        OutboxRow.objects.filter(pk=row.pk).update(maybe_twice=True)
    app.configure_task("outbox.deliver").defer()
    return Outcome("It goes out again now.", [Change("Delivery", before, "waiting", private=True)])


def _why_not_drop(case: Case) -> str | None:
    row: OutboxRow = case.target
    if row.state in (OutboxState.DONE, OutboxState.DROPPED):
        return f"It is {row.get_state_display()} already."
    if row.state == OutboxState.SENDING and not outbox.is_cut_off(row, case.now):
        return "It is being sent at this moment."
    return None


@action(
    key="notifications.delivery.drop",
    on=OutboxRow,
    label="Drop…",
    instead="Do what it told of once more to have it told again.",
    group=Group.DELIVERY,
    done="Delivery dropped",
    icon="trash-x",
    code="dr",
    formerly=("discard",),
    help="Gives it up for good: it is never sent. What waits behind it goes on.",
    when="Reach for it when nobody needs a delivery any more, or when it takes the worker down each time it is sent. "
    "Not for a receiver that fails for a while: what waits is tried again by itself, and what is dropped is missing.",
    reason=Reason.REQUIRED,
    blocked=_why_not_drop,
    takes_away=True,
    bulk=True,
)
def drop(act: Act, row: OutboxRow, data: Cleaned) -> Outcome:
    before = row.get_state_display()
    outbox.drop_one(row, f"By {act.actor.name}: {act.reason.strip()}", act.now)
    return Outcome("It is never sent.", [Change("Delivery", before, "dropped", private=True)])


def _why_not_set_aside(case: Case) -> str | None:
    return (
        None if outbox.list_set_aside(case.now).filter(pk=case.target.pk).exists() else "It is tried again by itself."
    )


@action(
    key="notifications.delivery.set_aside",
    on=OutboxRow,
    label="Set aside",
    icon="alert-triangle",
    help="A delivery during which the worker was ended several times is not tried again by itself.",
    when="Never by hand. Bursar does it by itself and tells the leads; send it again once you know why, or drop it.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    blocked=_why_not_set_aside,
    tell=(Notice.LEADS,),
    topic=Topic.SECURITY,
    in_menu=False,
)
def set_aside(act: Act, row: OutboxRow, data: Cleaned) -> Outcome:
    why = f"It took the worker down {row.cut_off + 1} times. Send it again by hand, or drop it."
    outbox.set_aside(row, why)
    changes = [Change("Delivery", "being sent", "set aside"), Change("Why", "", why)]
    return Outcome(f"{name_delivery(row)}: set aside. {why}", changes)

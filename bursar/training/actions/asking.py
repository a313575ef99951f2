"""A session is asked for: by a customer, or by a colleague for them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.urls import reverse

from bursar.access.rights import Own
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Notice, Outcome, Reason, Topic
from bursar.core.money import euros
from bursar.tenants.models import Organisation
from bursar.training import rules
from bursar.training.models import NOTE_LENGTH, Training
from bursar.training.queries.catalogue import get_price, list_offered
from bursar.training.queries.sessions import tell
from bursar.training.store import catalogue, sessions
from bursar.training.store.sessions import Wish

TEAM = f"the {settings.BURSAR_COMPANY_NAME} team"
MOST = 1000


class WishForm(ActionForm):
    """`training`: the public id of one that is offered."""

    training = forms.ChoiceField(label="Training", error_messages={"invalid_choice": "That is not offered."})
    participants = forms.IntegerField(
        label="How many take part", required=False, min_value=1, max_value=MOST, help_text="As far as you know."
    )
    message = forms.CharField(
        label="Message", required=False, max_length=NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="When it would suit, and what matters.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["training"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.public_id, f"{one.title} · {one.get_mode_display()}") for one in list_offered()]
        self.leave_open("training")


def _why_gone(case: Case) -> str | None:
    return "The organisation was deleted." if case.target.deleted_at is not None else None


def _training(data: Cleaned) -> Training:
    return Training.objects.get(public_id=data["training"])


def _foresee(case: Case, data: Cleaned) -> list[str]:
    price, participants = get_price(_training(data), case.now), data["participants"] or 0
    amount = rules.calc_price(price.price, price.included, price.extra, participants)
    words = f"It costs {euros(amount)} without VAT, for up to {max(price.included, participants)} participants."
    return [words, "Nothing is charged before it is planned with you."]


def _ask(act: Act, organisation: Organisation, data: Cleaned, by: int | None) -> Outcome:
    """`by`: key of the customer's person, if one asks."""
    training = _training(data)
    catalogue.hold(training)
    wish = Wish(data["participants"], data["message"], by)
    made = sessions.request(training, organisation, wish, act.now)
    changes = [Change("Training", "", training.title)]
    if made.participants:
        changes.append(Change("Participants", "", str(made.participants)))
    sentence = f"{training.title} is asked for, for {organisation.name}."
    return Outcome(sentence, changes, data=tell(made), touches=[made.public_id])


@action(
    key="training.organisation.ask_training",
    on=Organisation,
    form=WishForm,
    label="Ask for a training…",
    opposite="training.session.cancel",
    done="Training requested",
    icon="school",
    help=f"Asks {TEAM} for a training for people of your organisation.",
    when="For customers: owners and admins of an organisation. Staff plan it with them, and nothing is charged before.",
    permission=Own.ASK_TRAINING,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_gone,
    preview=_foresee,
    tell=(Notice.STAFF,),
    topic=Topic.REQUESTS,
    event="session.requested",
    in_menu=False,
)
def ask_training(act: Act, organisation: Organisation, data: Cleaned) -> Outcome:
    return _ask(act, organisation, data, act.actor.person_id)


@action(
    key="training.organisation.request_session",
    on=Organisation,
    form=WishForm,
    label="Request a training…",
    opposite="training.session.cancel",
    group=Group.TRAINING,
    done="Training requested",
    icon="school",
    code="rt",
    formerly=("workshop", "onboarding", "course"),
    help="Notes that the organisation wants a training; it waits to be scheduled.",
    when="When they asked by mail or telephone. It keeps the price that holds now, whenever it is held.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_gone,
    preview=_foresee,
    topic=Topic.REQUESTS,
    event="session.requested",
)
def request_session(act: Act, organisation: Organisation, data: Cleaned) -> Outcome:
    outcome = _ask(act, organisation, data, None)
    outcome.next = reverse("training:session", args=[outcome.data["session"]])
    return outcome

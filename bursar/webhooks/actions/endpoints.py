"""Endpoints: made, changed, given a new secret."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Group, Outcome, Undo
from bursar.core.days import say_end
from bursar.webhooks import queries, rules, store
from bursar.webhooks.actions.shared import why_gone
from bursar.webhooks.events import CHOICES
from bursar.webhooks.models import WebhookEndpoint
from bursar.webhooks.sender import get_reach

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


@action(
    key="webhooks.company.create_endpoint",
    on=Company,
    form=EndpointForm,
    label="New endpoint…",
    done="Endpoint made",
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
    group=Group.SETUP,
    done="Endpoint edited",
    icon="edit",
    code="ee",
    formerly=("change address", "url"),
    help="Changes the address, the name or the events. What waits goes to the new address; the secret stays.",
    when="When the product moves its receiver, or wants other events. A leaked secret is a matter of “Rotate secret”.",
    permission=Right.MANAGE_STAFF,
    blocked=why_gone,
    refused=_why_nothing_new,
    inverse=("webhooks.endpoint.edit",),
    danger=True,
)
def edit_endpoint(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    before = [endpoint.url, endpoint.description, _words(endpoint.events)]
    after = [data["url"], data["description"], _words(data["events"])]
    undo = Undo("webhooks.endpoint.edit", {name: getattr(endpoint, name) for name in ("url", "description", "events")})
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**data, ask_again_at=None, times_away=0)
    pairs = zip(("Address", "Name", "Events"), before, after, strict=True)
    changes = [Change(label, was, now) for label, was, now in pairs if was != now]
    return Outcome(f"{data['description']} is changed.", changes, undo=undo)


@action(
    key="webhooks.endpoint.rotate_secret",
    on=WebhookEndpoint,
    label="Rotate secret…",
    instead="The old secret signs for 24 hours more; then rotate again for a new one.",
    group=Group.SETUP,
    done="Secret rotated",
    icon="refresh",
    code="ro",
    formerly=("signing secret", "roll secret"),
    help="Makes a new secret, shown once. For 24 hours messages carry two signatures, one by the old secret.",
    when="When somebody who knew the secret left, or it may have leaked. The receiver needs the new one within a day.",
    permission=Right.MANAGE_STAFF,
    blocked=why_gone,
    danger=True,
)
def rotate_secret(act: Act, endpoint: WebhookEndpoint, data: Cleaned) -> Outcome:
    until = act.now + rules.OLD_SECRET_SIGNS_FOR
    store.end_secrets(endpoint, until)
    secret = store.add_secret(endpoint, act.now)
    changes = [Change("The old secret signs along until", "", say_end(until))]
    return Outcome("The new secret is made; the old one signs along for 24 hours.", changes, secret=secret)

"""The product's API keys: made, rotated, revoked; the secret is shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms

from bursar.access.keys import digest_of, make_secret
from bursar.access.rights import Right
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Group, Outcome
from bursar.core.days import say_end
from bursar.product.models import ApiKey, Scope
from bursar.product.queries import get_key

OVERLAP = timedelta(hours=24)

register_target(
    Target(
        slug="key",
        model=ApiKey,
        label="API key",
        fetch=get_key,
        accounts=lambda key: [],
        stream=lambda key: "product",
        touches=lambda key: [key.public_id],
    )
)


class CreateKey(ActionForm):
    name = forms.CharField(label="Name", max_length=100, help_text="Which system carries it.")
    scopes = forms.MultipleChoiceField(label="Scopes", choices=Scope.choices, widget=forms.CheckboxSelectMultiple)


def _make(act: Act, name: str, scopes: list[str]) -> tuple[ApiKey, str]:
    secret = make_secret("bpk")
    made = ApiKey.objects.create(
        name=name,
        digest=digest_of(secret),
        hint=secret[-4:],
        scopes=scopes,
        created_by=act.actor.id,
        created_at=act.now,
    )
    return made, secret


@action(
    key="product.company.create_key",
    on=Company,
    form=CreateKey,
    label="New API key…",
    done="API key made",
    icon="key",
    help="Makes a key for the product's systems. It is shown once.",
    when=(
        "When a system of the product is connected for the first time: one key a system, with no more scopes than it "
        "needs. For a person's own script, that person makes a token. A key that exists is rotated, not made again."
    ),
    permission=Right.MANAGE_STAFF,
    stream="product",
    in_menu=False,
    danger=True,
)
def create_key(act: Act, company: Company, data: Cleaned) -> Outcome:
    made, secret = _make(act, data["name"], data["scopes"])
    changes = [Change("API key", "", str(made)), Change("Scopes", "", ", ".join(made.scopes))]
    return Outcome("The key is made.", changes, data={"key": made.public_id}, secret=secret)


def _why_dead(case: Case) -> str | None:
    return None if case.target.is_live(case.now) else "This key works no more."


def _why_not_rotate(case: Case) -> str | None:
    return _why_dead(case) or ("It was rotated already." if case.target.replaced_by_id else None)


@action(
    key="product.key.rotate",
    on=ApiKey,
    label="Rotate key…",
    instead="The old key works for 24 hours more; then only the new one does.",
    group=Group.SETUP,
    done="API key rotated",
    icon="refresh",
    code="ro",
    formerly=("roll", "regenerate"),
    help="Makes a new key with the same scopes; the old one works 24 hours more, so that systems can change over.",
    when=(
        "On a schedule, or when somebody who has seen the key leaves: the old one works 24 hours more, so that nothing "
        "stops. When the key is in wrong hands, revoke it and accept the gap."
    ),
    permission=Right.MANAGE_STAFF,
    blocked=_why_not_rotate,
    danger=True,
)
def rotate_key(act: Act, key: ApiKey, data: Cleaned) -> Outcome:
    made, secret = _make(act, key.name, list(key.scopes))
    until = act.now + OVERLAP
    ApiKey.objects.filter(pk=key.pk).update(expires_at=until, replaced_by=made)
    changes = [Change("API key", str(key), str(made)), Change("The old one works until", "", say_end(until))]
    return Outcome("The new key is made; the old one works 24 hours more.", changes, secret=secret)


@action(
    key="product.key.revoke",
    on=ApiKey,
    label="Revoke key…",
    opposite="product.company.create_key",
    group=Group.SETUP,
    done="API key revoked",
    icon="key-off",
    code="rv",
    formerly=("delete key",),
    help="Ends the key: it works no more from this moment.",
    when=(
        "When a key is in wrong hands, or its system is gone. Whatever still uses it stops at once; for an orderly "
        "change, rotate it instead."
    ),
    permission=Right.MANAGE_STAFF,
    blocked=_why_dead,
    danger=True,
    takes_away=True,
)
def revoke_key(act: Act, key: ApiKey, data: Cleaned) -> Outcome:
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=act.now)
    changes: list[Any] = [Change("API key", str(key), "revoked")]
    return Outcome(f"The key {key} works no more.", changes)

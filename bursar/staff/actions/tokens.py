"""Tokens for the API, which people make for themselves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from bursar.access.actor import ActorKind, Door
from bursar.access.keys import digest_of, make_secret
from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, DayInput, Group, Outcome, Reason
from bursar.core.calendar import add_months, end_of
from bursar.core.days import say_day
from bursar.staff.models import ApiToken


class CreateToken(ActionForm):
    name = forms.CharField(label="Name", max_length=100, help_text="What it is for, such as “nightly report”.")
    rights = forms.MultipleChoiceField(
        label="Rights", widget=forms.CheckboxSelectMultiple, help_text="Never more than you hold yourself at the time."
    )
    last_day = forms.DateField(label="Last day", help_text="Inclusive; at most a year ahead.", widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["rights"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(right.value, right.label) for right in Right if right in self.case.actor.rights]
        field.initial = [Right.READ.value]
        self.fields["last_day"].initial = (self.case.now + timedelta(days=90)).date()

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        today = self.case.now.date()
        if not today <= day <= add_months(today, 12):
            raise forms.ValidationError("Choose a day from today to a year ahead.")
        return day


def _why_no_token(case: Case) -> str | None:
    if case.actor.kind is not ActorKind.STAFF or case.actor.door is not Door.PAGE:
        return "A token is made by the person themselves, signed in to the panel."
    return None


@action(
    key="staff.company.create_token",
    on=Company,
    form=CreateToken,
    label="New token…",
    done="Token made",
    icon="key",
    help="Makes a token for the API that acts as you, with the rights you choose. It is shown once.",
    when=(
        "For a script or a report of your own that reads or acts through the API, with as few rights as it needs. Not "
        "for the product's systems: they get an API key, which acts as the product and not as a person."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    blocked=_why_no_token,
    in_menu=False,
    danger=True,
)
def create_token(act: Act, company: Company, data: Cleaned) -> Outcome:
    assert act.actor.staff_id is not None
    secret = make_secret("bst")
    made = ApiToken.objects.create(
        member_id=act.actor.staff_id,
        name=data["name"],
        digest=digest_of(secret),
        hint=secret[-4:],
        rights=data["rights"],
        created_at=act.now,
        expires_at=end_of(data["last_day"]),
    )
    changes = [Change("Token", "", str(made)), Change("Rights", "", ", ".join(made.rights))]
    changes.append(Change("Last day", "", say_day(data["last_day"])))
    return Outcome("The token is made.", changes, data={"token": made.public_id}, secret=secret)


@action(
    key="staff.token.revoke",
    on=ApiToken,
    label="Revoke token…",
    opposite="staff.company.create_token",
    group=Group.PEOPLE,
    done="Token revoked",
    icon="key-off",
    code="rv",
    formerly=("delete token",),
    help="Ends the token: it works no more from this moment.",
    when=(
        "When a script is no longer used, or its token may have been seen by somebody else. It stops at once; make a "
        "new one first where the script must go on."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    blocked=lambda case: "The token works no more already." if not case.target.is_live(case.now) else None,
    takes_away=True,
)
def revoke_token(act: Act, token: ApiToken, data: Cleaned) -> Outcome:
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=act.now)
    return Outcome(f"The token {token} works no more.", [Change("Token", str(token), "revoked")])

"""Erasing a person: everything that names them is blanked, and the book's chain holds."""

from __future__ import annotations

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome
from bursar.product import erase
from bursar.tenants.models import Person
from bursar.tenants.queries import get_person, list_person_touches

register_target(
    Target(
        slug="person",
        model=Person,
        label="person",
        page="panel:person",
        fetch=get_person,
        accounts=lambda person: [],
        stream=lambda person: "product",
        touches=list_person_touches,
    )
)


class EraseForm(ActionForm):
    typed = forms.CharField(label="Type the person's name to confirm", max_length=200)

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.case.target.name:
            raise forms.ValidationError("This is not their name as it stands above.")
        return typed


def _why_not_erase(case: Case) -> str | None:
    if case.target.erased_at is not None:
        return "This person was erased already."
    if erase.is_active_staff(case.target):
        return "They are active staff. Deactivate them first."
    return None


@action(
    key="product.person.erase",
    on=Person,
    form=EraseForm,
    label="Erase person…",
    group=Group.PEOPLE,
    done="Person erased",
    icon="eraser",
    help="Blanks names, addresses and logins everywhere, for good. The book keeps an id, and its chain holds.",
    when=(
        "When a person asks to be forgotten, or the law does. It cannot be taken back, and free text in reasons and "
        "notes stays, so read those first. Somebody who only leaves an organisation is removed in the product."
    ),
    permission=Right.MANAGE_STAFF,
    blocked=_why_not_erase,
    preview=lambda case, data: ["Free text that colleagues wrote (reasons, notes) stays as it is. There is no undo."],
    danger=True,
    takes_away=True,
)
def erase_person(act: Act, person: Person, data: Cleaned) -> Outcome:
    counts = erase.erase(person, act.now)
    return Outcome(
        f"{person.name} is what is left: {counts.names} names, {counts.logins} logins blanked.",
        [
            Change("Names in the book", "", f"{counts.names} blanked"),
            Change("Logins", "", f"{counts.logins} deleted"),
            Change("Invitations to them", "", f"{counts.invitations} blanked"),
        ],
        touched=dict.fromkeys(counts.accounts),
        touches=counts.references,
    )

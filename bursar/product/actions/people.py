"""Erasing a person: everything that names them is blanked, and the book's chain holds."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.html import format_html

from bursar.access.rights import Right
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome
from bursar.billing.queries.documents import count_documents
from bursar.core.naming import ERASED
from bursar.product import erase, texts
from bursar.product.traces import trace
from bursar.tenants.models import Person
from bursar.tenants.queries import get_person, list_customer_account_ids, list_person_touches

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


SHOWN, LOOKED_AT = 100, 2000
"""How many texts the dialog lists, and how many rows of each kind it goes through for them, at most."""
AT_ONCE = 5000
KEPT_BY_LAW = "until their retention ends: the law asks for it"
MORE = (
    f"There may be more than these: at most {SHOWN} are listed, out of the newest {LOOKED_AT:,} of each kind. “bursar "
    "texts” and the API list all."
)


class Lines(forms.MultipleChoiceField):
    """Ids of texts. Which there are is looked for when it is shown; what is sent is checked by id."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: str) -> bool:
        return True


class EraseForm(ActionForm):
    typed = forms.CharField(label="Type the person's name to confirm", max_length=200)
    lines = Lines(
        label="Texts of others that name them", required=False,
        help_text="Ids of texts that shall name the person no more; what is not chosen stays as it is.",
    )  # fmt: skip
    all_lines = forms.BooleanField(
        label="All of these texts, also any that are not shown here", required=False,
    )  # fmt: skip

    def visible_fields(self) -> list[forms.BoundField]:
        """Only whoever looks at the dialog waits for the list."""
        found = texts.find(trace(self.case.target), SHOWN, LOOKED_AT)
        chooser = self["lines"]
        assert isinstance(chooser.field, Lines)
        chooser.field.choices = [(line.id, _label(line)) for line in found.lines]
        chooser.help_text = _say_what_is_listed(found)
        hidden = set() if found.lines or not found.is_all else {"all_lines"}
        return [bound for bound in super().visible_fields() if bound.name not in hidden]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.case.target.name.strip():
            raise forms.ValidationError("This is not their name as it stands above.")
        return typed

    def clean_lines(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["lines"]
        if len(chosen) > AT_ONCE:
            raise forms.ValidationError(f"At most {AT_ONCE:,} at once. Choose all of them instead.")
        missing = texts.list_missing(trace(self.case.target), chosen) if chosen else []
        if missing:
            raise forms.ValidationError(f"There is no text “{missing[0]}” that names this person.")
        return chosen


def _label(line: texts.Line) -> str:
    times = f" ({line.times} times)" if line.times > 1 else ""
    around = format_html("{}<mark>{}</mark>{}", line.before, line.word, line.after)
    return format_html("<span>{}{}: <q>{}</q></span>", line.what, times, around)


def _say_what_is_listed(found: texts.Found) -> str:
    if not found.lines and found.is_all:
        return "No other kept text holds their name or address as plain words."
    more = "" if found.is_all else f" {MORE}"
    return (
        "Free text, and text from before names were kept by reference. It stays as it is, unless you tick it: then "
        f"the marked words become “{ERASED}” there, wherever they stand in it.{more}"
    )


def _why_not_erase(case: Case) -> str | None:
    if case.target.erased_at is not None:
        return "This person was erased already."
    if erase.is_active_staff(case.target):
        return "They are active staff. Deactivate them first."
    return None


def _count_documents(person: Person, now: datetime) -> int:
    return count_documents(list_customer_account_ids(person, now))


def _foresee_erasure(case: Case, data: Cleaned) -> list[str]:
    said = [
        "Reasons, notes and messages in the book stay as they were written. Mail that waits for them is not sent. "
        "There is no undo."
    ]
    if count := _count_documents(case.target, case.now):
        said.append(f"Issued documents of their accounts stay as they are, {KEPT_BY_LAW}. There are {count}.")
    return said


@action(
    key="product.person.erase",
    on=Person,
    form=EraseForm,
    label="Erase person…",
    instead="There is no undo. The product can send the person anew.",
    group=Group.PEOPLE,
    done="Person erased",
    icon="eraser",
    code="ep",
    formerly=("gdpr", "delete person", "forget"),
    help="Blanks names, addresses and logins everywhere, for good. The book keeps an id, and its chain holds.",
    when=(
        "When a person asks to be forgotten, or the law does. It cannot be taken back. Wherever Bursar named them by "
        "itself the name goes, and so does what was addressed to them. Free text that others wrote stays, unless you "
        "tick it in the dialog; reasons and notes in the book cannot be changed at all. Somebody who only leaves an "
        "organisation is removed in the product."
    ),
    permission=Right.MANAGE_STAFF,
    blocked=_why_not_erase,
    preview=_foresee_erasure,
    danger=True,
    takes_away=True,
)
def erase_person(act: Act, person: Person, data: Cleaned) -> Outcome:
    """The line is what explains the blanked names to `audit verify`: it touches every reference they stood under."""
    kept = _count_documents(person, act.now)
    counts = erase.erase(person, None if data["all_lines"] else data["lines"], act.now)
    return Outcome(
        f"{person.name} is what is left: {counts.names} names, {counts.logins} logins blanked.",
        [
            Change("Names in the book", "", f"{counts.names} blanked"),
            Change("Logins", "", f"{counts.logins} deleted"),
            Change("Invitations to them", "", f"{counts.invitations} blanked"),
            Change("Texts of others", "", f"{counts.texts} changed"),
            *([Change("Issued documents", "", f"{kept} stay, {KEPT_BY_LAW}")] if kept else []),
        ],
        touched=dict.fromkeys(counts.accounts),
        touches=counts.references,
    )

"""The roster: who takes part, who does not any more, who was absent."""

from __future__ import annotations

from collections.abc import Collection
from email.utils import getaddresses
from typing import Any, NamedTuple

from django import forms
from django.core.validators import validate_email
from django.utils.datastructures import MultiValueDict

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason, Topic, Undo
from bursar.actions.undo import WayBack, moved_from, offer_of
from bursar.core import naming
from bursar.core.ids import is_public_id
from bursar.core.text import why_not_name
from bursar.tenants.models import Person
from bursar.training import rules
from bursar.training.actions.mailing import call_off, guests_of, invite, is_ahead, say_mailed
from bursar.training.models import Attendee, SessionState, TrainingSession
from bursar.training.queries.rosters import find_by_address, list_addable, people_of
from bursar.training.store import rosters

AT_MOST = 200
LONGEST = 254
WAITS = "an address that the product has not named"
TAKE_OFF = "training.session.take_off"
ABSENT, PRESENT = "training.attendee.mark_absent", "training.attendee.mark_present"


class PeopleField(forms.MultipleChoiceField):
    """Public ids; the form checks whose they are. It offers the first of many."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: Any) -> bool:
        return is_public_id(str(value))


class AddForm(ActionForm):
    """`people`: cleaned, a list of them. `addresses`: cleaned, name by address, in small letters."""

    people = PeopleField(label="People of the organisation", required=False)
    addresses = forms.CharField(
        label="Addresses", required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=f"Pasted as they are, such as “Ali Aksoy <ali@client.example>”, at most {AT_MOST}. Whom the product "
        "does not know yet waits on the roster until it does, and keeps the licence.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["people"]
        assert isinstance(field, PeopleField)
        sent = self.data.getlist("people") if isinstance(self.data, MultiValueDict) else []
        asked = [*self.initial.get("people", []), *sent]
        ids = [one for one in asked if is_public_id(one)]
        chosen = people_of(self.case.target.organisation, self.case.now).filter(public_id__in=ids)
        offered = [*chosen, *list_addable(self.case.target, "", self.case.now)]
        field.choices = list({one.public_id: f"{one.name} · {one.email}" for one in offered}.items())

    def clean_people(self) -> list[Person]:
        asked = list(dict.fromkeys(self.cleaned_data["people"]))
        known = people_of(self.case.target.organisation, self.case.now).filter(public_id__in=asked)
        if len(found := list(known)) < len(asked):
            raise forms.ValidationError("Somebody there is nobody of this organisation. Write their address instead.")
        return found

    def clean_addresses(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, email in _read(self.cleaned_data["addresses"]):
            if why_not_name(name or "-"):
                raise forms.ValidationError(f"“{email}” goes by a name that cannot be kept.")
            validate_email(email)
            if len(email.lower()) > LONGEST:
                raise forms.ValidationError(f"“{email[:40]}…” is longer than an address may be.")
            found.setdefault(email.lower(), " ".join(name.split())[:200])
        if len(found) > AT_MOST:
            raise forms.ValidationError(f"At most {AT_MOST} at once; these are {len(found)}.")
        return found

    def clean(self) -> Cleaned:
        data = super().clean() or {}
        if not self.errors and not data["people"] and not data["addresses"]:
            self.add_error("addresses", "Choose somebody, or write an address.")
        return data


def _read(text: str) -> list[tuple[str, str]]:
    """Names and addresses, whether they stand on lines, or between commas or semicolons; names are seldom there."""
    whole = text.replace(";", ",")
    listed = ",".join(whole.split("\n")) if "<" in whole else ",".join(whole.split())
    return [(name, email) for name, email in getaddresses([listed]) if name or email]


class New(NamedTuple):
    """Of what is filled in: who is not on the roster. `waiting`: name by address that nobody is known by."""

    people: list[Person]
    waiting: dict[str, str]


def new_of(case: Case, data: Cleaned) -> New:
    session: TrainingSession = case.target
    owners = find_by_address(list(data["addresses"]), session.organisation, case.now)
    on_it = set(session.roster.values_list("person_id", flat=True)) - {None}
    taken = set(session.roster.values_list("email", flat=True)) - {""}
    people: dict[int, Person] = {}
    for one in [*data["people"], *owners.values()]:
        if one.pk not in on_it and one.email not in taken:
            people[one.pk] = one
            taken |= {one.email} - {""}
    waiting = {email: name for email, name in data["addresses"].items() if email not in owners and email not in taken}
    return New(list(people.values()), waiting)


def why_not_add(case: Case, data: Cleaned) -> str | None:
    return None if any(new_of(case, data)) else "Whoever that is stands on the roster already."


@action(
    key="training.session.add_attendees",
    on=TrainingSession,
    form=AddForm,
    label="Add attendees…",
    inverse=(TAKE_OFF,),
    opposite="training.attendee.remove",
    group=Group.TRAINING,
    done="Attendees added",
    icon="user-plus",
    code="aa",
    formerly=("participants", "learners"),
    help="Puts people on the roster. Once it is scheduled, they get a mail that puts it into their calendar.",
    when="Before it is held. Whoever is on the roster counts as present, unless marked absent. Afterwards a forgotten "
    "one is added by a lever of its own.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=lambda case: rules.why_not_change_roster(case.target.state),
    refused=why_not_add,
    topic=Topic.PEOPLE,
)
def add_attendees(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    before, new = session.roster.count(), new_of(act.case, data)
    made = rosters.add_people(session, new.people, act.now) + rosters.add_addresses(session, new.waiting, act.now)
    is_planned = session.state == SessionState.SCHEDULED and is_ahead(session, act.now)
    outgoing = invite(session, guests_of(made), act.now) if is_planned else []
    changes = [Change("On the roster", str(before), str(before + len(made))), *(_say("", one) for one in new.people)]
    words = "1 is new" if len(made) == 1 else f"{len(made)} are new"
    waits = f", {len(new.waiting)} of them to be named by the product" if new.waiting else ""
    sentence = f"{words} on the roster of {session}{waits}.{say_mailed(outgoing)}"
    told = {"attendees": [one.public_id for one in made]}
    undo = Undo(TAKE_OFF, told, left=_load_rosters([session.public_id])[session.public_id])
    return Outcome(sentence, changes, data=told, touches=_touched(made), outgoing=outgoing, undo=undo)


def _load_rosters(ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Of sessions, by their ids: who is on it, and who of them is marked absent."""
    found: dict[str, dict[str, Any]] = {public_id: {"roster": []} for public_id in ids}
    rows = Attendee.objects.filter(session__public_id__in=ids).order_by("pk")
    for session, *row in rows.values_list("session__public_id", "public_id", "is_absent"):
        found[session]["roster"].append(row)
    return found


@action(
    key=TAKE_OFF,
    on=TrainingSession,
    form=WayBack,
    label="Take attendees off again",
    done="Attendees taken off again",
    icon="arrow-back",
    group=Group.TRAINING,
    help="Takes everybody off the roster whom one step put there. Where the session stands in their calendar, it is "
    "taken out again.",
    when="When people were put on the wrong roster: within 24 hours, and while nothing else on it changed.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=lambda case: rules.why_not_change_roster(case.target.state),
    topic=Topic.PEOPLE,
    way_back=True,
    moved_on=moved_from(_load_rosters),
    in_menu=False,
)
def take_off(act: Act, session: TrainingSession, data: Cleaned) -> Outcome:
    before, ids = session.roster.count(), offer_of(act.request).data["attendees"]
    rows = list(session.roster.filter(public_id__in=ids).select_related("person"))
    is_planned = session.state == SessionState.SCHEDULED and is_ahead(session, act.now)
    outgoing = call_off(session, guests_of(rows), act.now) if is_planned else []
    changes, touched = [Change("On the roster", str(before), str(before - len(rows)))], _touched(rows)
    changes += [
        Change("Attendee", row.person.name, "", before_ref=row.person.public_id, private=True)
        for row in rows
        if row.person
    ]
    for row in rows:
        rosters.remove(row)
    words = "1 is" if len(rows) == 1 else f"{len(rows)} are"
    sentence = f"{words} off the roster of {session} again.{say_mailed(outgoing)}"
    return Outcome(sentence, changes, touches=touched, outgoing=outgoing)


def _say(was: str, person: Person) -> Change:
    return Change("Attendee", was, person.name, after_ref=person.public_id, private=True)


def _touched(rows: list[Attendee]) -> list[str]:
    """Their pages show it too."""
    return [row.person.public_id for row in rows if row.person]


def _named(row: Attendee) -> str:
    """In a sentence; an address that is nobody's yet is not kept in one."""
    return naming.of(row.person) if row.person else WAITS


@action(
    key="training.attendee.remove",
    on=Attendee,
    label="Remove from the roster…",
    opposite="training.session.add_attendees",
    group=Group.TRAINING,
    done="Attendee removed",
    icon="user-minus",
    code="rr",
    formerly=("delete participant",),
    help="Takes somebody off the roster. Where the session stands in their calendar, it is taken out again.",
    when="Before it is held, when they do not come. Who was to come and did not is marked absent.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    takes_away=True,
    blocked=lambda case: rules.why_not_change_roster(case.target.session.state),
    topic=Topic.PEOPLE,
    bulk=True,
)
def remove(act: Act, row: Attendee, data: Cleaned) -> Outcome:
    session, before = row.session, row.session.roster.count()
    is_planned = session.state == SessionState.SCHEDULED and is_ahead(session, act.now)
    named, touched = _named(row), _touched([row])
    outgoing = call_off(session, guests_of([row]), act.now) if is_planned else []
    changes = [Change("On the roster", str(before), str(before - 1))]
    if row.person:
        who = row.person
        changes.append(Change("Attendee", who.name, "", before_ref=who.public_id, private=True))
    rosters.remove(row)
    sentence = f"{named} is off the roster of {session}.{say_mailed(outgoing)}"
    return Outcome(sentence, changes, touches=touched, outgoing=outgoing)


def _mark(row: Attendee, is_absent: bool, back: str) -> Outcome:
    rosters.mark(row, is_absent)
    words = ("present", "absent") if is_absent else ("absent", "present")
    who = row.person.public_id if row.person else ""
    label = row.person.name if row.person else ""
    change = Change("Attendance", *words, who=label, who_ref=who)
    return Outcome(f"{_named(row)} is marked {words[1]}.", [change], touches=_touched([row]), undo=Undo(back, {}))


def _why_not_mark(case: Case, is_absent: bool) -> str | None:
    if sentence := rules.why_not_mark(case.target.session.state):
        return sentence
    if case.target.is_absent is is_absent:
        return "That is how it is marked already."
    return None


@action(
    key=ABSENT,
    on=Attendee,
    label="Mark absent…",
    group=Group.TRAINING,
    done="Attendee marked absent",
    icon="user-x",
    code="ma",
    formerly=("no show",),
    help="Says that somebody on the roster did not take part; they get no licence.",
    when="When the session is held and they were not there. It costs what it costs.",
    reason=Reason.NONE,
    blocked=lambda case: _why_not_mark(case, True),
    topic=Topic.PEOPLE,
    inverse=(PRESENT,),
    bulk=True,
)
def mark_absent(act: Act, row: Attendee, data: Cleaned) -> Outcome:
    return _mark(row, True, PRESENT)


@action(
    key=PRESENT,
    on=Attendee,
    label="Mark present…",
    group=Group.TRAINING,
    done="Attendee marked present",
    icon="user-check",
    code="mp",
    formerly=("attended",),
    help="Takes back that they were absent.",
    when="When they took part after all.",
    reason=Reason.NONE,
    blocked=lambda case: _why_not_mark(case, False),
    topic=Topic.PEOPLE,
    inverse=(ABSENT,),
    bulk=True,
)
def mark_present(act: Act, row: Attendee, data: Cleaned) -> Outcome:
    return _mark(row, False, ABSENT)

"""Who is on a roster, and who could be. Staff alone look at one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from bursar.access.actor import Actor
from bursar.core.errors import NotFound
from bursar.core.sortkey import sort_key
from bursar.tenants.models import Organisation, OrganisationMembership, Person, WorkspaceMembership
from bursar.training.models import Attendee, TrainingSession

FOUND_AT_MOST = 20


def get_attendee(actor: Actor, public_id: str) -> Attendee:
    every = Attendee.objects.select_related("session__training", "session__organisation", "session__trainer__user")
    found = every.select_related("person").filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found


def list_roster(session: TrainingSession) -> QuerySet[Attendee]:
    """In the order in which they came."""
    return session.roster.select_related("person").order_by("added_at", "id")


def people_of(organisation: Organisation, at: datetime) -> QuerySet[Person]:
    """Who has a role in it, or a seat in one of its workspaces that is there; by name."""
    members = OrganisationMembership.objects.at(at).filter(organisation=organisation)
    seats = WorkspaceMembership.objects.at(at).filter(
        workspace__organisation=organisation, workspace__deleted_at=None, is_support=False
    )
    theirs = Q(pk__in=members.values("person_id")) | Q(pk__in=seats.values("person_id"))
    return Person.objects.filter(theirs, erased_at=None).order_by("sort_key", "id")


def list_addable(session: TrainingSession, text: str, at: datetime) -> list[Person]:
    """The first of its organisation's people who are not on the roster. `text`: a part of name or address."""
    found = people_of(session.organisation, at).exclude(pk__in=session.roster.exclude(person=None).values("person_id"))
    if text:
        found = found.filter(Q(sort_key__contains=sort_key(text)) | Q(email__contains=text.lower()))
    return list(found[:FOUND_AT_MOST])


def find_by_address(emails: Collection[str], organisation: Organisation, at: datetime) -> dict[str, Person]:
    """Whose each address is, in small letters: the one person's who has it, or of several the one of the organisation.
    Whose it may be is left open where that is nobody, or several.
    """
    rows = list(Person.objects.filter(email__in=emails, erased_at=None))
    inside = set(people_of(organisation, at).filter(pk__in=[one.pk for one in rows]).values_list("pk", flat=True))
    found = {}
    for email in emails:
        every = [one for one in rows if one.email == email]
        near = [one for one in every if one.pk in inside] or every
        if len(near) == 1:
            found[email] = near[0]
    return found


def list_present(session: TrainingSession) -> QuerySet[Attendee]:
    """Who is not marked absent, in the order in which they came; nobody erased."""
    every = session.roster.select_related("session__training", "session__organisation", "person")
    return every.filter(is_absent=False).exclude(name="", email="").order_by("added_at", "id")

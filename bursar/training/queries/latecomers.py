"""Who could have been there and is not on the roster."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from bursar.tenants.models import OrganisationMembership, Person, WorkspaceMembership
from bursar.training.models import TrainingSession


def list_latecomers(session: TrainingSession, at: datetime) -> QuerySet[Person]:
    """People of the session's organisation, by name: its members, and those who sit in its workspaces."""
    seats = WorkspaceMembership.objects.at(at).filter(
        workspace__organisation=session.organisation, workspace__deleted_at=None, is_support=False
    )
    above = OrganisationMembership.objects.at(at).filter(organisation=session.organisation)
    theirs = Q(pk__in=seats.values("person_id")) | Q(pk__in=above.values("person_id"))
    there = session.roster.exclude(person=None).values("person_id")
    return Person.objects.filter(theirs, erased_at=None).exclude(pk__in=there).order_by("sort_key", "id")

"""Who of a workspace is trained."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from bursar.billing.seller import seller_day
from bursar.tenants.models import Workspace
from bursar.tenants.queries import list_direct_members
from bursar.training.models import Attendee, Licence, SessionState, TrainingNeed


def list_trained(workspace: Workspace, at: datetime) -> QuerySet[Licence]:
    """Valid licences of those who sit there themselves, whoever sent them; the one that ends first stands first."""
    today, people = seller_day(at), _people_of(workspace, at)
    found = Licence.objects.filter(person__in=people, revoked_at=None, valid_from__lte=today, last_day__gte=today)
    return found.select_related("training", "organisation", "person").order_by("last_day", "id")


def count_coming_of(workspace: Workspace, at: datetime) -> int:
    """Sessions that its organisation asked for or planned, with somebody of the workspace on the roster."""
    coming = (SessionState.REQUESTED, SessionState.SCHEDULED)
    rows = Attendee.objects.filter(session__organisation=workspace.organisation, session__state__in=coming)
    return rows.filter(person__in=_people_of(workspace, at)).values("session_id").distinct().count()


def is_needed_in(workspace: Workspace) -> bool:
    """Whether the product says so, whoever is trained there."""
    return TrainingNeed.objects.filter(workspace=workspace).exists()


def _people_of(workspace: Workspace, at: datetime) -> QuerySet[Any, Any]:
    return list_direct_members(workspace, at).order_by().values("person_id")

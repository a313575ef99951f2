"""Who of a workspace is trained."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from bursar.billing.seller import seller_day
from bursar.tenants.models import Workspace
from bursar.tenants.queries import list_direct_members
from bursar.training.models import Licence


def list_trained(workspace: Workspace, at: datetime) -> QuerySet[Licence]:
    """Valid licences of those who sit there themselves, whoever sent them; the one that ends first stands first."""
    today = seller_day(at)
    people = list_direct_members(workspace, at).order_by().values("person_id")
    found = Licence.objects.filter(person__in=people, revoked_at=None, valid_from__lte=today, last_day__gte=today)
    return found.select_related("training", "organisation", "person").order_by("last_day", "id")

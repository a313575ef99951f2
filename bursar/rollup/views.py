"""Saved views: a name for filters, sort and columns; one's own, or shared with all colleagues."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from bursar.access.actor import Actor
from bursar.core.errors import NotFound
from bursar.rollup.models import SavedView


def views_for(actor: Actor) -> QuerySet[SavedView]:
    """One's own first, then what colleagues share."""
    if not actor.all_accounts:
        return SavedView.objects.none()
    reach = Q(is_shared=True) | Q(owner_id=actor.staff_id or 0)
    return SavedView.objects.filter(reach).select_related("owner__user").order_by("is_shared", "name", "id")


def get_view(actor: Actor, public_id: str) -> SavedView:
    found = views_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("This view was deleted, or is a colleague's own.")
    return found

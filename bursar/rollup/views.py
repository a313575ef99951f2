"""Saved views: a name for filters, sort and columns of a page; one's own, or shared with all colleagues."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from bursar.access.actor import Actor
from bursar.billing import invoice_filters
from bursar.core.errors import NotFound
from bursar.payments import filters as payment_filters
from bursar.rollup import filters
from bursar.rollup.models import SavedView
from bursar.ui.lists import VIEW_KEEPERS

ROLLUP = "rollup"
PAGES: dict[str, Callable[[Any, datetime], object]] = {
    ROLLUP: filters.read,
    payment_filters.PAGE: payment_filters.read,
    invoice_filters.PAGE: invoice_filters.read,
}
"""Which pages have views, and what reads the address of each, or refuses it with a sentence."""


def views_for(actor: Actor) -> QuerySet[SavedView]:
    """One's own first, then what colleagues share; of every page."""
    if not actor.all_accounts:
        return SavedView.objects.none()
    reach = Q(is_shared=True) | Q(owner_id=actor.staff_id or 0)
    return SavedView.objects.filter(reach).select_related("owner__user").order_by("is_shared", "name", "id")


def get_view(actor: Actor, public_id: str) -> SavedView:
    found = views_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("This view was deleted, or is a colleague's own.")
    return found


def _list_of_page(actor: Actor, page: str) -> QuerySet[SavedView]:
    return views_for(actor).filter(page=page)


VIEW_KEEPERS.add("rollup", _list_of_page)

"""Drafts of invoices: for staff alone."""

from __future__ import annotations

from django.db.models import QuerySet

from bursar.access.actor import Actor
from bursar.billing.models import Draft
from bursar.core.errors import NotFound


def list_drafts() -> QuerySet[Draft]:
    """Those that wait, the newest first."""
    rows = Draft.objects.filter(invoice=None).select_related("account__organisation", "changed_by__user")
    return rows.order_by("-changed_at", "-pk")


def get_draft(actor: Actor, public_id: str) -> Draft:
    """Raises NotFound."""
    rows = Draft.objects.select_related("account__organisation", "invoice", "changed_by__user")
    found = rows.filter(public_id=public_id).first() if actor.all_accounts else None
    if found is None:
        raise NotFound
    return found

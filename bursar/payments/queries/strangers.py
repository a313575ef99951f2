"""Customers at Mollie, and what hangs on them, that belong to no account here."""

from __future__ import annotations

from django.db.models import QuerySet

from bursar.access.actor import Actor
from bursar.core.money import euros
from bursar.payments.gateway import get_mode
from bursar.payments.models import MollieCustomer, Subscription
from bursar.payments.queries.refunds import find_for_staff
from bursar.payments.rules.drift import CHARGES

LISTED = 200


def get_subscription(actor: Actor, public_id: str) -> Subscription:
    """The staff's to look up. Raises NotFound."""
    rows = Subscription.objects.select_related("account__organisation", "customer")
    found: Subscription = find_for_staff(actor, rows.filter(public_id=public_id))
    return found


def list_strangers() -> QuerySet[MollieCustomer]:
    """Of this world, the newest first."""
    return MollieCustomer.objects.filter(account=None, mode=get_mode() or "").order_by("-learned_at", "-pk")


def name_strangers() -> list[tuple[str, str]]:
    """Mollie's id of each, and how a person tells them apart: who they said they are, and what is charged."""
    customers = list(list_strangers()[:LISTED])
    living = Subscription.objects.filter(customer__in=customers, status__in=CHARGES).order_by("created_at")
    charged = {one.customer_id: f"charged {euros(one.amount)} every {one.interval}" for one in living}
    return [(one.mollie_id, ", ".join(filter(None, (*_who(one), charged.get(one.pk))))) for one in customers]


def _who(customer: MollieCustomer) -> tuple[str, str, str]:
    said = customer.raw
    return str(said.get("name") or ""), str(said.get("email") or ""), customer.mollie_id

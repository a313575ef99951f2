"""Sessions, scoped by the actor: staff see every one, customers those of organisations that they run."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from bursar.access.actor import Actor
from bursar.billing.models import Invoice
from bursar.core.errors import NotFound
from bursar.core.money import ZERO
from bursar.tenants.models import OrganisationMembership
from bursar.tenants.rules import GOVERNING
from bursar.training import rules
from bursar.training.models import SessionState, TrainingSession


def sessions_for(actor: Actor, at: datetime) -> QuerySet[TrainingSession]:
    every = TrainingSession.objects.select_related(
        "training", "organisation", "price", "trainer__user", "requested_by", "invoice__account"
    )
    if actor.all_accounts:
        return every
    if actor.person_id is None:
        return every.none()
    own = OrganisationMembership.objects.at(at).filter(person_id=actor.person_id, role__in=GOVERNING)
    return every.filter(organisation__in=own.values("organisation"))


def get_session(actor: Actor, public_id: str, at: datetime) -> TrainingSession:
    found = sessions_for(actor, at).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def count_waiting(actor: Actor) -> int:
    """Requests, for the bar; one statement by the queue's own index."""
    return TrainingSession.objects.filter(state=SessionState.REQUESTED).count() if actor.all_accounts else 0


def count_roster(session: TrainingSession) -> int:
    return session.roster.count()


def list_parts(session: TrainingSession, on_roster: int) -> list[rules.Part]:
    """What it costs, by the price that held when it was asked for."""
    price = session.price
    participants = rules.count_participants(on_roster, session.participants)
    return rules.list_parts(price.price, price.included, price.extra, participants)


def estimate(session: TrainingSession, on_roster: int) -> Decimal:
    """EUR, net."""
    return sum((part.amount for part in list_parts(session, on_roster)), ZERO)


def find_invoice(session: TrainingSession) -> Invoice | None:
    """What asks for it: the last that took the place of another. It may be credited in full."""
    found: Invoice | None = session.invoice
    while found is not None and (following := Invoice.objects.filter(replaces=found).first()) is not None:
        found = following
    return found


def is_credited(invoice: Invoice) -> bool:
    """In full: then it asks for nothing more."""
    return bool(invoice.credited >= invoice.gross)


def tell(session: TrainingSession) -> dict[str, Any]:
    """A session in the product's words: its own ids, no names of people, and not the free text."""
    asker = session.requested_by
    return {
        "session": session.public_id,
        "requester": asker.public_id if asker else "",
        "person": asker.external_id if asker else None,
        "organisation": session.organisation.external_id,
        "training": session.training.public_id,
        "title": session.training.title,
        "mode": session.mode,
        "state": session.state,
        "starts_at": session.starts_at.isoformat() if session.starts_at else None,
        "minutes": session.minutes,
        "place": session.place,
        "link": session.link,
    }

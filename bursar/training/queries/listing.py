"""Lists of sessions: what fits the filters, a tab of it, a month of it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from bursar.access.actor import Actor
from bursar.billing.seller import span_of
from bursar.core.calendar import Month
from bursar.staff.models import StaffMember
from bursar.tenants.models import Organisation
from bursar.training.filters import NOBODY, Shown, View
from bursar.training.models import SessionState, Training, TrainingSession
from bursar.training.queries.sessions import sessions_for

Found = QuerySet[TrainingSession]
ORDERS = {
    "organisation": "organisation__sort_key", "training": "training__sort_key", "when": "starts_at",
    "requested": "requested_at", "participants": "on_roster",
}  # fmt: skip
PLANNED = (SessionState.SCHEDULED, SessionState.COMPLETED)


def find(view: View, actor: Actor) -> Found:
    """What fits the filters, whatever its state; each with its `on_roster`."""
    found = sessions_for(actor, view.now).annotate(on_roster=Count("roster"))
    if view.trainings:
        found = found.filter(training__public_id__in=view.trainings)
    if view.modes:
        found = found.filter(mode__in=view.modes)
    if view.organisation:
        found = found.filter(organisation__public_id=view.organisation)
    if view.trainers:
        taught = Q(trainer__public_id__in=view.trainers)
        found = found.filter(taught | Q(trainer=None) if NOBODY in view.trainers else taught)
    return found.filter(_named(view)) if view.q else found


def _named(view: View) -> Q:
    """An id, or a part of a name, a place or what was asked."""
    named = Q(organisation__sort_key__contains=view.search) | Q(training__sort_key__contains=view.search)
    named |= Q(place__icontains=view.q) | Q(message__icontains=view.q) | Q(trainer__user__name__icontains=view.q)
    plain = view.q.lower()
    ids = Q(public_id=plain) | Q(organisation__public_id=plain) | Q(organisation__external_id=view.q)
    return named | ids | Q(external_id=view.q)


def is_shown(shown: Shown, now: datetime) -> Q:
    if shown is Shown.ALL:
        return Q()
    if shown in (Shown.AHEAD, Shown.TO_COMPLETE):
        begun = Q(starts_at__lte=now) if shown is Shown.TO_COMPLETE else Q(starts_at__gt=now)
        return Q(state=SessionState.SCHEDULED) & begun
    return Q(state=shown.value)


def count_by_tab(found: Found, now: datetime) -> dict[Shown, int]:
    """In one statement."""
    counts = {shown.value: Count("pk", filter=is_shown(shown, now)) for shown in Shown}
    rows = TrainingSession.objects.filter(pk__in=found.order_by().values("pk")).aggregate(**counts)
    return {shown: rows[shown.value] for shown in Shown}


def in_order(found: Found, view: View) -> Found:
    """Of the view's tab. What has no day stands behind."""
    column, falls = F(ORDERS[view.sort.removeprefix("-")]), view.sort.startswith("-")
    order = column.desc(nulls_last=True) if falls else column.asc(nulls_last=True)
    return found.filter(is_shown(view.shown, view.now)).order_by(order, "-id" if falls else "id")


def list_month(view: View, actor: Actor, month: Month) -> list[TrainingSession]:
    """What is planned or was held in it, by the seller's days, in order."""
    span = span_of(month)
    found = find(view, actor).filter(state__in=PLANNED, starts_at__gte=span.start, starts_at__lt=span.end)
    return list(found.order_by("starts_at", "id"))


def list_trainings() -> list[tuple[str, str]]:
    return list(Training.objects.order_by("sort_key", "id").values_list("public_id", "title"))


def list_trainers() -> list[tuple[str, str]]:
    """Who has taught or is to teach, and nobody."""
    teaching = Exists(TrainingSession.objects.filter(trainer=OuterRef("pk")))
    rows = StaffMember.objects.filter(teaching).select_related("user").order_by("user__name", "pk")
    return [*((one.public_id, str(one)) for one in rows), (NOBODY, "nobody yet")]


def get_organisation_name(public_id: str) -> str:
    """Empty where there is none."""
    return Organisation.objects.filter(public_id=public_id).values_list("name", flat=True).first() or ""

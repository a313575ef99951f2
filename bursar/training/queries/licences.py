"""Licences, scoped by the actor: staff see every one, customers their own and those of people whom they answer for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from bursar.access.actor import Actor
from bursar.billing.seller import seller_day
from bursar.core.errors import NotFound
from bursar.core.naming import NAMES
from bursar.core.sortkey import sort_key
from bursar.tenants.models import Organisation, OrganisationMembership, Person, WorkspaceMembership
from bursar.tenants.rules import GOVERNING
from bursar.training.licence_filters import View
from bursar.training.licence_rules import SHOWN, Shown
from bursar.training.models import Attendee, Licence, Training, TrainingSession


def _look_up(model: type[Attendee] | type[Licence], ids: Collection[str]) -> dict[str, str]:
    """What those are called who are not named as a person: a name, or the address at which they wait."""
    rows = model._default_manager.filter(public_id__in=ids).values_list("public_id", "name", "email")
    return {public_id: name or email for public_id, name, email in rows if name or email}


NAMES.add("lic", partial(_look_up, Licence))
NAMES.add("att", partial(_look_up, Attendee))


def licences_for(actor: Actor, at: datetime) -> QuerySet[Licence]:
    """Of a customer's: their own, those of organisations that they run, and of people who sit in workspaces that they
    run, as far as the workspace's own organisation sent them.
    """
    every = Licence.objects.select_related("training", "organisation", "person", "attendee")
    if actor.all_accounts:
        return every
    if actor.person_id is None:
        return every.none()
    own = OrganisationMembership.objects.at(at).filter(person_id=actor.person_id, role__in=GOVERNING)
    run = WorkspaceMembership.objects.at(at).filter(
        person_id=actor.person_id, role__in=GOVERNING, is_support=False, workspace__deleted_at=None
    )
    beside = WorkspaceMembership.objects.at(at).filter(
        person=OuterRef("person"), workspace__in=run.values("workspace"), is_support=False,
        workspace__organisation=OuterRef("organisation"),
    )  # fmt: skip
    mine = Q(person_id=actor.person_id) | Q(organisation__in=own.values("organisation"))
    return every.filter(mine | Q(Exists(beside)))


def get_licence(actor: Actor, public_id: str, at: datetime) -> Licence:
    found = licences_for(actor, at).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def find_by_token(token: str) -> Licence | None:
    """Whoever holds the certificate may ask; nothing else leads to it."""
    return Licence.objects.select_related("person").filter(token=token).first()


def list_of_session(session: TrainingSession) -> QuerySet[Licence]:
    """In the order of the roster."""
    found = Licence.objects.filter(attendee__session=session)
    return found.select_related("training", "organisation", "person", "attendee").order_by("attendee_id")


def list_of_person(person: Person) -> QuerySet[Licence]:
    """All of one person; the one that ends last first."""
    found = Licence.objects.filter(person=person).select_related("training", "organisation", "person", "attendee")
    return found.order_by("-last_day", "-id")


def is_shown(shown: Shown, today: date) -> Q:
    """Which licences a tab holds."""
    live = Q(revoked_at=None)
    if shown is Shown.ALL:
        return Q()
    if shown is Shown.REVOKED:
        return Q(revoked_at__isnull=False)
    if shown is Shown.EXPIRED:
        return live & Q(last_day__lt=today)
    days = SHOWN[shown].days
    soon = Q(last_day__lte=today + timedelta(days=days)) if days else Q()
    return live & Q(last_day__gte=today) & soon


def find(view: View, actor: Actor) -> QuerySet[Licence]:
    """What fits the filters, on every tab. `q`: an id, or part of a name, an address or the organisation's name."""
    found = licences_for(actor, view.now)
    if view.trainings:
        found = found.filter(training__public_id__in=view.trainings)
    if view.organisation:
        found = found.filter(organisation__public_id=view.organisation)
    return found.filter(_is_meant(view.q)) if view.q else found


def _is_meant(asked: str) -> Q:
    """People and organisations are looked up by themselves, so that no licence is joined only to be left out."""
    text, plain = sort_key(asked), asked.lower()
    whose = Q(public_id=plain) | Q(external_id=asked)
    meant = Q(sort_key__contains=text) | Q(public_id=plain) | Q(external_id=asked)
    if "@" in asked:
        whose |= Q(email__contains=plain)
        meant |= Q(email__contains=plain)
    organisations = Organisation.objects.filter(sort_key__contains=text).values("pk")
    return meant | Q(organisation__in=organisations) | Q(person__in=Person.objects.filter(whose).values("pk"))


def count_by_tab(found: QuerySet[Licence], today: date) -> dict[Shown, int]:
    """One statement; without a filter it reads an index alone."""
    counts = {shown.value: Count("pk", filter=is_shown(shown, today)) for shown in Shown}
    told: dict[str, Any] = found.order_by().aggregate(**counts)
    return {shown: told[shown.value] for shown in Shown}


ORDER = {"name": ("sort_key", "id"), "granted": ("granted_at", "id"), "ends": ("last_day", "id")}


def in_order(found: QuerySet[Licence], view: View) -> QuerySet[Licence]:
    """Those of its tab; a total order."""
    falls, names = view.sort.startswith("-"), ORDER[view.sort.removeprefix("-")]
    shown = found.filter(is_shown(view.shown, view.today))
    return shown.order_by(*[f"-{name}" if falls else name for name in names])


def list_trainings_with_licences() -> list[tuple[str, str]]:
    """For the filter: public ids and titles, of what grants a licence or did."""
    granted = Exists(Licence.objects.filter(training=OuterRef("pk")))
    found = Training.objects.filter(Q(grants_licence=True) | granted)
    return list(found.order_by("sort_key", "id").values_list("public_id", "title"))


def get_organisation_name(public_id: str) -> str:
    return Organisation.objects.filter(public_id=public_id).values_list("name", flat=True).first() or ""


def list_to_announce(now: datetime) -> QuerySet[Licence]:
    """Licences that end within the time of warning and of which nobody was told.

    Not of somebody who has a later one of the same training, nobody erased, and none of an organisation that is gone.
    """
    today = seller_day(now)
    last = today + timedelta(days=settings.BURSAR_LICENCE_WARNED)
    mine = Q(person=OuterRef("person")) | Q(person=None, email=OuterRef("email")) & ~Q(email="")
    later = Q(last_day__gt=OuterRef("last_day")) | Q(last_day=OuterRef("last_day"), id__gt=OuterRef("id"))
    renewed = Licence.objects.filter(mine & later, training=OuterRef("training"), revoked_at=None)
    found = Licence.objects.filter(revoked_at=None, told_ending_at=None, last_day__gte=today, last_day__lte=last)
    there = found.filter(organisation__deleted_at=None).exclude(name="", email="")
    return there.filter(~Exists(renewed)).order_by("last_day", "id")


def tell(licence: Licence) -> dict[str, Any]:
    """A licence in the product's words: no name. `person` is null while the product has not named them."""
    return {
        "licence": licence.public_id,
        "person": licence.person.external_id if licence.person else None,
        "organisation": licence.organisation.external_id,
        "training": licence.training.public_id,
        "title": licence.training.title,
        "valid_from": licence.valid_from.isoformat(),
        "last_day": licence.last_day.isoformat(),
    }

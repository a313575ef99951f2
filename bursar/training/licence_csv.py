"""Licences and rosters as files: one row a licence, one row a person."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, CharField, F, Func, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, NullIf

from bursar.access.actor import Actor
from bursar.files import csv
from bursar.files.csv import Layout, Written
from bursar.training.licence_filters import View
from bursar.training.licence_rules import LicenceState, Shown
from bursar.training.models import Licence, TrainingSession
from bursar.training.queries.licences import find, in_order, is_shown

COLUMNS = (
    "name", "email", "organisation", "training", "state", "valid_from", "last_day", "granted_at", "revoked_at",
    "session_id", "person_id", "product_id", "organisation_id", "licence_id",
)  # fmt: skip
_SOURCES = {
    "organisation": "organisation__name", "training": "training__title", "session_id": "attendee__session__public_id",
    "person_id": "person__public_id", "product_id": "person__external_id",
    "organisation_id": "organisation__external_id", "licence_id": "public_id",
}  # fmt: skip
ROSTER = ("name", "email", "was_there", "licence_id", "last_day", "person_id", "product_id")


def _instant(name: str) -> Func:
    form = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"')"
    return Func(F(name), template=form, output_field=TextField())


def _or_null(expression: Any) -> NullIf:
    return NullIf(expression, Value(""), output_field=TextField())


def flat(view: View, actor: Actor) -> QuerySet[Any, Any]:
    """The columns as tuples of text; None for an empty cell."""
    tabs = {LicenceState.REVOKED: Shown.REVOKED, LicenceState.EXPIRED: Shown.EXPIRED}
    texts: dict[str, Any] = {
        "name": _or_null(F("name")),
        "email": _or_null(Coalesce(F("person__email"), F("email"))),
        "state": Case(
            *[When(is_shown(tab, view.today), then=Value(state.value)) for state, tab in tabs.items()],
            default=Value(LicenceState.ACTIVE.value), output_field=CharField(),
        ),
        "granted_at": _instant("granted_at"),
        "revoked_at": _instant("revoked_at"),
    }  # fmt: skip
    texts |= {name: Cast(F(_SOURCES.get(name, name)), TextField()) for name in COLUMNS if name not in texts}
    named = {f"{name}_text": texts[name] for name in COLUMNS}
    return in_order(find(view, actor), view).annotate(**named).values_list(*named)


def write(view: View, actor: Actor, layout: Layout) -> Written:
    """All rows as filtered and sorted; memory stays flat."""
    return csv.write_selected(COLUMNS, flat(view, actor), layout)


def write_roster(session: TrainingSession, layout: Layout) -> Written:
    """Everybody on it, in the order in which they came."""
    licences = {one.attendee_id: one for one in Licence.objects.filter(attendee__session=session)}
    rows = []
    for one in session.roster.select_related("person").order_by("added_at", "id"):
        licence, person = licences.get(one.pk), one.person
        rows.append(
            [
                one.shown_name, person.email if person else one.email, "no" if one.is_absent else "yes",
                licence.public_id if licence else "", licence.last_day.isoformat() if licence else "",
                person.public_id if person else "", person.external_id if person else "",
            ]
        )  # fmt: skip
    return csv.write(ROSTER, [rows], layout)

"""Trainings of the demo company in every state; what is past comes as lines, the rest is done through the door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.billing.seller import seller_day, start_of
from bursar.core import clock
from bursar.core.errors import Refusal
from bursar.product.actions.pushes import Batch
from bursar.product.models import Scope
from bursar.tenants.models import Organisation, OrganisationMembership, Workspace
from bursar.tenants.queries import customer_of
from bursar.training.models import Licence, Training
from bursar.training.queries.needs import list_untrained
from bursar.training.queries.rosters import people_of

Line = dict[str, Any]
FIRST = "admin@client.example"
TRAINER = "noor@agora.example"
ONLINE, IN_PERSON, FLEX = "Online training", "In-person training", "Flex training"
REVOKED = "demo-s5-0"
WAITS = {"email": "puck@new.example", "name": "Puck Nieuw"}


class House(NamedTuple):
    """An organisation by the product's id, and those of its people."""

    ref: str
    people: list[str]


def list_houses(now: datetime) -> list[House]:
    """The first customer, whose sign-in the demo prints, and five others with people."""
    theirs = OrganisationMembership.objects.at(now).filter(person__email=FIRST).values("organisation")
    first = Organisation.objects.filter(pk__in=theirs)
    found = [*first, *Organisation.objects.filter(deleted_at=None).exclude(pk__in=first).order_by("id")[:12]]
    houses = [House(one.external_id, list(_people(one, now))) for one in found]
    return [house for house in houses if house.people][:6]


def _people(organisation: Organisation, now: datetime) -> Iterator[str]:
    yield from people_of(organisation, now).order_by("id").values_list("external_id", flat=True)[:8]


def lines(now: datetime) -> Iterator[Line]:
    """One session of each state and licences of each, among the first houses; the same again changes nothing."""
    houses = list_houses(now)
    if not houses:
        return
    house = [houses[place % len(houses)] for place in range(6)]
    today = seller_day(now)
    yield from _held("demo-s1", house[0], house[0].people[:3], today - timedelta(days=345), ONLINE)
    yield from _held("demo-s2", house[0], house[0].people[3:6], today - timedelta(days=60), IN_PERSON, waits=True)
    yield from _held("demo-s3", house[1], house[1].people[:3], today - timedelta(days=380), ONLINE)
    yield from _held("demo-s5", house[4], house[4].people[:3], today - timedelta(days=100), ONLINE)
    ahead = [{"person": ref} for ref in house[0].people[:2]]
    link = {"link": "https://meet.example/online-training", "participants": 8}
    yield _planned("demo-s6", house[0], [*ahead, WAITS], start_of(today + timedelta(days=9)), ONLINE, **link)
    room = {"place": "Town hall, room 2.14"}
    now_on = [{"person": ref} for ref in house[1].people[:4]]
    yield _planned("demo-s7", house[1], now_on, start_of(today), IN_PERSON, **room)
    yield _asked("demo-s8", house[2], now - timedelta(days=4), ONLINE, participants=6, message="After the summer?")
    off = {"state": "cancelled", "cancelled_at": now - timedelta(days=12)}
    yield _asked("demo-s9", house[2], now - timedelta(days=30), FLEX, **off)


def _asked(ref: str, house: House, at: datetime, title: str, **more: Any) -> Line:
    return {
        "kind": "training_session", "external_id": ref, "training": title, "organisation": house.ref,
        "state": "requested", "requested_at": at, **more,
    }  # fmt: skip


def _planned(ref: str, house: House, roster: list[Line], day: datetime, title: str, **more: Any) -> Line:
    """For three hours from half past nine."""
    plan = {"state": "scheduled", "starts_at": day + timedelta(hours=9, minutes=30), "minutes": 180}
    asked_at = day - timedelta(days=25)
    return _asked(ref, house, asked_at, title, **plan, trainer=TRAINER, roster=roster, **more)


def _held(ref: str, house: House, people: list[str], on: date, title: str, *, waits: bool = False) -> Iterator[Line]:
    """A licence for each who was there; the last of three was not. `waits`: with somebody whom nobody named yet."""
    absent = people[2:]
    roster: list[Line] = [{"person": one, **({"is_absent": True} if one in absent else {})} for one in people]
    roster += [WAITS] if waits or not people else []
    asked_at = start_of(on) - timedelta(days=30)
    yield _asked(ref, house, asked_at, title, state="completed", held_on=on.isoformat(), trainer=TRAINER, roster=roster)
    for place, one in enumerate(roster):
        if not one.get("is_absent"):
            yield {
                "kind": "licence", "external_id": f"{ref}-{place}", "training": title, "organisation": house.ref,
                "session": ref, "valid_from": on.isoformat(), **one,
            }  # fmt: skip


def follow_up(now: datetime) -> None:
    """What people and the product said since: a request of the first customer's, a licence revoked, a need."""
    seat = OrganisationMembership.objects.at(now).filter(person__email=FIRST, role="owner").first()
    wanted = Training.objects.filter(title=FLEX).first()
    if seat is not None and wanted is not None:
        data = {"training": wanted.public_id, "participants": 2, "message": "Two colleagues join us in January."}
        actor, target = customer_of(seat.person, now), seat.organisation.public_id
        _do("training.organisation.ask_training", actor, target, data, at=now - timedelta(days=1), once="demo-training")
    for licence in Licence.objects.filter(external_id=REVOKED):
        _do("training.licence.revoke", system("demo"), licence.public_id, {}, at=now, reason="Left the organisation")
    _need(now)


def _do(key: str, actor: Any, target: str, data: Line, *, at: datetime, once: str = "", reason: str = "") -> None:
    try:
        with clock.frozen(at):
            run(key, actor, target, data, idempotency_key=once, reason=reason)
    except Refusal:
        return  # it stands so already


def _need(now: datetime) -> None:
    """The product wants two workspaces trained; in one of them nobody is."""
    live = Workspace.objects.filter(deleted_at=None, kind="internal").select_related("organisation").order_by("id")
    houses = [house.ref for house in list_houses(now)]
    trained, untrained = (live.filter(organisation__external_id=ref).first() for ref in (houses[0], houses[-1]))
    items = [
        {
            "kind": "workspace", "external_id": one.external_id, "organisation": one.organisation.external_id,
            "name": one.name, "visibility": one.visibility, "needs_training": True, "changed_at": now.isoformat(),
        }
        for one in (trained, untrained)
        if one is not None and not list_untrained([one.pk], now)
    ]  # fmt: skip
    product = replace(system("demo"), scopes=frozenset(Scope.values))
    run("product.company.push", product, "company", {"batch": Batch(items, "demo")})

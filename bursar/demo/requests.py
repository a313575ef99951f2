"""A few requests for the demo company, made and decided through the door; made again, they change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from bursar.access.actor import Actor, ActorKind, Door
from bursar.access.models import User
from bursar.actions.run import run
from bursar.core import clock
from bursar.core.errors import Refusal
from bursar.staff.queries import get_staff
from bursar.tenants.models import OrganisationMembership, Person, Workspace, WorkspaceMembership
from bursar.tenants.queries import customer_of

ASKED = "requests.workspace.ask_upgrade"
STAFF = "lead@agora.example"
FIRST = "admin@client.example"
MEMBER = "member@client.example"
MESSAGES = (
    "We open a citizens' assembly in January and will record every evening.",
    "The council asked for a second round; one hour does not reach.",
    "Our free hours are used up, and the next meeting is on Tuesday.",
    "Could we have this until the end of the project?",
    "The board wants to know what it would cost for all of us.",
)
ENDS: tuple[tuple[str, dict[str, int], str], ...] = (
    ("approve", {}, "You are all set. Have a good first evening."),
    ("approve", {"end_date": 180}, "Yours until the project ends; we will write to you before."),
    ("deny", {}, "Not yet: let us first look at your usage together. I will call you this week."),
    ("", {}, ""),
    ("", {}, ""),
)


def make_requests(now: datetime) -> None:
    """Asks lie some days back; decisions are made now, because they change terms."""
    staff = find_colleague(STAFF)
    for place, (person, workspace) in enumerate(_askers(now)):
        asked_at = now - timedelta(days=9 - place, hours=3 * place)
        data = {"tier": "guardian" if place % 3 == 1 else "changemaker", "message": MESSAGES[place % len(MESSAGES)]}
        key = f"demo-{place}"
        made = at_instant(asked_at, ASKED, customer_of(person, now), workspace.public_id, data, key)
        verb, wish, note = ENDS[place % len(ENDS)]
        if made is None or not verb or staff is None:
            continue
        end = {name: (now + timedelta(days=days)).date().isoformat() for name, days in wish.items()}
        verdict = {"reason": "Agreed by phone", "message": note}
        at_instant(now, f"requests.request.{verb}", staff, made["request"], end, f"{key}-decided", **verdict)
    _ask_for_a_workspace(now)
    _ask_for_hours(now)


def at_instant(
    at: datetime, key: str, actor: Actor, target: str, data: dict[str, Any], once: str, **more: Any
) -> dict[str, Any] | None:
    """None where the story does not allow it: a decided request stays, a refused one is left out."""
    try:
        with clock.frozen(at):
            return run(key, actor, target, data, idempotency_key=once, **more).data
    except Refusal:
        return None


def find_colleague(email: str) -> Actor | None:
    user = User.objects.filter(email=email).first()
    staff = get_staff(user) if user else None
    if user is None or staff is None:
        return None
    return Actor(
        ActorKind.STAFF,
        staff.public_id,
        user.name,
        Door.IMPORT,
        staff.rights,
        all_accounts=True,
        user_id=user.pk,
        staff_id=staff.pk,
        roles=staff.roles,
    )


def _askers(now: datetime) -> Iterator[tuple[Person, Workspace]]:
    """Workspaces on Free whose account does not pay: an owner asks, in every fourth a plain member."""
    free = Workspace.objects.filter(deleted_at=None, base_tiers=None, account__payment_terms=None).order_by("id")
    for place, workspace in enumerate(free.select_related("account")[:10]):
        seats = WorkspaceMembership.objects.at(now - timedelta(days=10)).filter(workspace=workspace, valid_until=None)
        seats = seats.exclude(person__email=FIRST).filter(role="member" if place % 4 == 3 else "owner")
        seat = seats.select_related("person").order_by("id").first()
        if seat is not None:
            yield seat.person, workspace


def _ask_for_a_workspace(now: datetime) -> None:
    """The customer whose sign-in the demo prints has something to follow."""
    seat = OrganisationMembership.objects.at(now).filter(person__email=FIRST, role="owner").first()
    if seat is None:
        return
    data = {"name": "Jongerenraad", "visibility": "invite_only", "tier": "changemaker", "message": MESSAGES[0]}
    key, target = "requests.organisation.ask_workspace", seat.organisation.public_id
    at_instant(now - timedelta(days=2), key, customer_of(seat.person, now), target, data, "demo-workspace")


def _ask_for_hours(now: datetime) -> None:
    """The plain member whose sign-in the demo prints sits in a workspace that approaches its cap, and has asked."""
    seats = WorkspaceMembership.objects.at(now).filter(person__email=MEMBER, workspace__base_tiers=None)
    seat = seats.filter(workspace__deleted_at=None).select_related("person", "workspace").order_by("id").first()
    if seat is None:
        return
    data = {"tier": "changemaker", "message": MESSAGES[1]}
    at_instant(
        now - timedelta(days=1), ASKED, customer_of(seat.person, now), seat.workspace.public_id, data, "demo-hours"
    )

"""The levers of support access by name, and what is asked of them afterwards."""

from __future__ import annotations

from typing import Any

from bursar.access.actor import Actor
from bursar.access.models import User
from bursar.actions.run import run
from bursar.actions.spec import Outcome
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.staff.models import StaffMember
from bursar.support.models import SupportRequest, SupportSession, SupportSwitch
from bursar.support.queries import get_entry
from bursar.tenants.models import Person, Workspace
from bursar.tenants.queries import customer_of

WHY = "The transcripts of last week do not open."


def customer(ref: str) -> Actor:
    return customer_of(Person.objects.get(external_id=ref), clock.now())


def pull(verb: str, who: Actor, place: Workspace, **data: Any) -> Outcome:
    return run(f"support.workspace.{verb}", who, place.public_id, data)


def ask(who: Actor, place: Workspace, note: str = WHY) -> SupportRequest:
    pull("ask", who, place, note=note)
    return SupportRequest.objects.latest("id")


def join(who: Actor, place: Workspace, note: str = WHY) -> SupportSession:
    pull("join", who, place, note=note)
    return SupportSession.objects.latest("id")


def is_in(email: str, place: Workspace) -> bool:
    """As every access asks it."""
    staff = StaffMember.objects.select_related("user").filter(user=User.objects.get(email=email)).first()
    return get_entry(Workspace.objects.get(pk=place.pk), staff, clock.now()).session is not None


def all_rows() -> list[list[Any]]:
    """Everything that support access has stored, and how much the book says."""
    tables = (SupportSwitch, SupportRequest, SupportSession)
    return [*[list(table.objects.order_by("pk").values()) for table in tables], [AuditLine.objects.count()]]

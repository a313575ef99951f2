"""Every read of support access. What has run out by the clock counts as over here, whether or not a job has said so."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db.models import CharField, F, Q, QuerySet, Value

from bursar.access.rights import Right
from bursar.audit.models import AuditLine
from bursar.audit.queries import list_customer_history
from bursar.staff.models import StaffMember
from bursar.staff.queries import get_staff
from bursar.support import rules
from bursar.support.models import RequestState, SupportRequest, SupportSession, SupportSwitch
from bursar.tenants.models import Person, Workspace

M = TypeVar("M", SupportRequest, SupportSession)
KEYS = "support.workspace."
OWN = Q(organisation=F("workspace__organisation"))
"""By leave of those who have the workspace now: a handoff ends what the former ones let in."""
NOT_OWN = ~OWN


@dataclass(frozen=True)
class Standing:
    """How support access to one workspace stands at an instant. `pending`: those that can be answered still.

    `approved`: good for going in once, and not used. `sessions`: colleagues who are in.
    """

    switch: SupportSwitch | None
    pending: list[SupportRequest]
    approved: list[SupportRequest]
    sessions: list[SupportSession]

    @property
    def is_on(self) -> bool:
        return self.switch is not None

    @property
    def switch_until(self) -> datetime | None:
        return self.switch.until if self.switch else None

    def pending_of(self, staff_id: int | None) -> SupportRequest | None:
        return next((one for one in self.pending if one.staff_id == staff_id), None)

    def approved_of(self, staff_id: int | None) -> SupportRequest | None:
        return next((one for one in self.approved if one.staff_id == staff_id), None)

    def session_of(self, staff_id: int | None) -> SupportSession | None:
        return next((one for one in self.sessions if one.staff_id == staff_id), None)


def get_standing(workspace: Workspace, at: datetime) -> Standing:
    """In three statements; the oldest first."""
    requests = list(waiting_requests(at).filter(workspace=workspace))
    return Standing(
        switch=live_switches(at).filter(workspace=workspace).first(),
        pending=[one for one in requests if one.state == RequestState.PENDING],
        approved=[one for one in requests if one.state == RequestState.APPROVED],
        sessions=list(live_sessions(at).filter(workspace=workspace)),
    )


def live_switches(at: datetime) -> QuerySet[SupportSwitch]:
    on = SupportSwitch.objects.filter(Q(until=None) | Q(until__gt=at), OWN, off_at=None)
    return on.select_related("turned_on_by")


def live_sessions(at: datetime) -> QuerySet[SupportSession]:
    live = SupportSession.objects.filter(OWN, ended_at=None, until__gt=at)
    return _named(live).order_by("joined_at", "id")


def waiting_requests(at: datetime) -> QuerySet[SupportRequest]:
    """Those that wait for an answer, and those that were approved and wait to be used."""
    waits = Q(state=RequestState.PENDING, answer_until__gt=at) | Q(state=RequestState.APPROVED, use_until__gt=at)
    return _named(SupportRequest.objects.filter(waits, OWN)).order_by("requested_at", "id")


def _named(rows: QuerySet[M]) -> QuerySet[M]:
    return rows.select_related("staff__user", "workspace__organisation", "workspace__account")


def list_unused(workspace: Workspace) -> QuerySet[SupportRequest]:
    """What a former organisation approved, and nobody used."""
    return SupportRequest.objects.filter(NOT_OWN, workspace=workspace, state=RequestState.APPROVED)


def find_request(workspace: Workspace, public_id: str) -> SupportRequest | None:
    """Whatever became of it."""
    return SupportRequest.objects.filter(workspace=workspace, public_id=public_id).select_related("staff__user").first()


def find_staff(text: str) -> StaffMember | None:
    """By id or address."""
    known = StaffMember.objects.select_related("user")
    return known.filter(Q(public_id=text) | Q(user__email__iexact=text)).first()


class Entry(NamedTuple):
    """Whether a colleague may be in a workspace as its admin. `why`: a sentence when not."""

    session: SupportSession | None
    why: str = ""


def get_entry(workspace: Workspace, staff: StaffMember | None, at: datetime) -> Entry:
    """Asked at each access, and true with the worker stopped: of the session, the colleague and the workspace alike."""
    if staff is None:
        return Entry(None, "Nobody on the staff goes by that.")
    if workspace.deleted_at is not None:
        return Entry(None, "The workspace was deleted.")
    rights = get_staff(staff.user) if staff.user.is_active else None
    if rights is None or Right.ACT not in rights.rights:
        return Entry(None, "This colleague may not go into workspaces.")
    session = live_sessions(at).filter(workspace=workspace, staff=staff).first()
    return Entry(session) if session else Entry(None, "There is no running session: it ended, or never began.")


def is_visiting(workspace: Workspace, person: Person, at: datetime) -> bool:
    """Whether somebody whom the product knows is a colleague in a session there: by their sign-in, or their address."""
    them = Q(staff__user__person=person)
    if person.email:
        them |= Q(staff__user__email__iexact=person.email)
    return live_sessions(at).filter(them, workspace=workspace).exists()


def list_steps(workspace: Workspace) -> QuerySet[AuditLine]:
    """Every step, newest first, as far as customers may know of it."""
    return list_customer_history([workspace.public_id]).filter(key__startswith=KEYS)


class Due(NamedTuple):
    """What the clock did and nobody told yet. `ref`: the request's or session's id, empty for the switch."""

    at: datetime
    what: str
    ref: str
    workspace_id: int
    account_id: int


def list_due(now: datetime, account_ids: Collection[int] | None = None) -> list[Due]:
    """In one statement, the oldest first; of these accounts, else of all. What a former organisation let in is over."""
    switches = SupportSwitch.objects.filter(Q(until__lte=now) | NOT_OWN, off_at=None)
    requests = SupportRequest.objects.filter(Q(answer_until__lte=now) | NOT_OWN, state=RequestState.PENDING)
    sessions = SupportSession.objects.filter(Q(until__lte=now) | NOT_OWN, ended_at=None)
    whose = Q() if account_ids is None else Q(workspace__account_id__in=account_ids)
    parts = [
        _due(sessions.filter(whose), "session", F("until"), F("public_id")),
        _due(requests.filter(whose), "request", F("answer_until"), F("public_id")),
        _due(switches.filter(whose), "switch", F("until"), Value("", output_field=CharField())),
    ]
    return sorted(Due(*row) for row in parts[0].union(*parts[1:], all=True))


def _due(rows: QuerySet[Any], what: str, at: F, ref: F | Value) -> QuerySet[Any, Any]:
    named = rows.order_by().annotate(due_at=at, what=Value(what, output_field=CharField()), ref=ref)
    found: QuerySet[Any, Any] = named.values_list("due_at", "what", "ref", "workspace_id", "workspace__account_id")
    return found


class Reminder(NamedTuple):
    key: str
    workspace: str
    data: dict[str, str]


def list_reminders(now: datetime) -> Iterable[Reminder]:
    """Of what waits or ends soon; each is said once, and again when the end was moved."""
    for session in live_sessions(now).filter(until__lte=now + rules.SOON, reminded_at=None):
        yield Reminder("remind_session", session.workspace.public_id, {"session": session.public_id})
    half = timedelta(days=settings.BURSAR_SUPPORT_ANSWER_DAYS) / 2
    waiting = waiting_requests(now).filter(state=RequestState.PENDING, answer_until__lte=now + half, reminded_at=None)
    for request in waiting:
        yield Reminder("remind_request", request.workspace.public_id, {"request": request.public_id})
    soon = now + rules.switch_soon(settings.BURSAR_SUPPORT_SWITCH_DAYS)
    ending = live_switches(now).filter(until__lte=soon, reminded_at=None)
    for switch in ending.select_related("workspace"):
        yield Reminder("remind_switch", switch.workspace.public_id, {})


def find_past_session(workspace: Workspace, public_id: str, now: datetime) -> SupportSession | None:
    """One whose end is past, and not told yet."""
    past = SupportSession.objects.filter(
        Q(until__lte=now) | NOT_OWN, workspace=workspace, public_id=public_id, ended_at=None
    )
    return past.select_related("staff__user").first()


def find_past_switch(workspace: Workspace, now: datetime) -> SupportSwitch | None:
    past = SupportSwitch.objects.filter(Q(until__lte=now) | NOT_OWN, workspace=workspace, off_at=None)
    return past.order_by("id").first()

"""The only pen of support access. The caller holds the lock of the workspace's account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.support.models import RequestState, SessionEnd, SupportRequest, SupportSession, SupportSwitch
from bursar.tenants.models import Workspace


def _of(workspace: Workspace) -> dict[str, Any]:
    return {"workspace": workspace, "organisation_id": workspace.organisation_id}


def turn_on(workspace: Workspace, person_id: int, until: datetime | None, now: datetime) -> SupportSwitch:
    return SupportSwitch.objects.create(**_of(workspace), turned_on_at=now, turned_on_by_id=person_id, until=until)


def turn_off(switch: SupportSwitch, at: datetime, person_id: int | None = None) -> None:
    """`person_id` None: the clock did."""
    switch.off_at, switch.off_by_id = at, person_id
    switch.save(update_fields=["off_at", "off_by"])


def ask(workspace: Workspace, staff_id: int, note: str, answer_until: datetime, now: datetime) -> SupportRequest:
    return SupportRequest.objects.create(
        **_of(workspace), staff_id=staff_id, note=note, requested_at=now, answer_until=answer_until
    )


def decide(
    request: SupportRequest,
    state: RequestState,
    at: datetime,
    *,
    person_id: int | None = None,
    answer: str = "",
    use_until: datetime | None = None,
) -> None:
    """`person_id`: of the customer's people; None where a colleague or the clock closed it."""
    request.state, request.decided_at, request.decided_by_id = state.value, at, person_id
    request.answer, request.use_until = answer, use_until
    request.save(update_fields=["state", "decided_at", "decided_by", "answer", "use_until"])


def use_up(request: SupportRequest, state: RequestState) -> None:
    """What became of an approval; who gave it, and when, stays."""
    request.state = state.value
    request.save(update_fields=["state"])


def begin(
    workspace: Workspace, staff_id: int, why: str, until: datetime, now: datetime, request: SupportRequest | None
) -> SupportSession:
    return SupportSession.objects.create(
        **_of(workspace), staff_id=staff_id, why=why, joined_at=now, until=until, request=request
    )


def extend(session: SupportSession, until: datetime) -> None:
    """Whoever was told of the former end is told of the new one too."""
    session.until, session.reminded_at = until, None
    session.save(update_fields=["until", "reminded_at"])


def end(session: SupportSession, end: SessionEnd, at: datetime) -> None:
    session.ended_at, session.end = at, end.value
    session.save(update_fields=["ended_at", "end"])


def note_reminded(row: SupportSwitch | SupportRequest | SupportSession, now: datetime) -> None:
    row.reminded_at = now
    row.save(update_fields=["reminded_at"])


def reword_request(pk: int, **words: str) -> None:
    """Another `note` or `answer`, for a person who was erased."""
    SupportRequest.objects.filter(pk=pk).update(**words)


def reword_session(pk: int, **words: str) -> None:
    """Another `why`, for a person who was erased."""
    SupportSession.objects.filter(pk=pk).update(**words)

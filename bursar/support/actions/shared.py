"""What the verbs of support access share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings

from bursar.actions.spec import ActionForm, Case
from bursar.plans.actions.shared import why_deleted
from bursar.support import queries, rules
from bursar.support.models import NOTE_LENGTH, SupportRequest, SupportSession
from bursar.support.queries import Standing

TEAM = f"The {settings.BURSAR_COMPANY_NAME} team"
TOO_LONG = f"At most {NOTE_LENGTH:,} characters."
FOR_THE_CUSTOMER = f"The customer reads this, and it stays in their history: write nothing about a person. {TOO_LONG}"


def note_field(label: str, help_text: str = FOR_THE_CUSTOMER, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=help_text,
        error_messages={"max_length": TOO_LONG},
    )


def standing_of(case: Case) -> Standing:
    found: Standing = case.once("support", lambda: queries.get_standing(case.target, case.now))
    return found


class OneRequest(ActionForm):
    """Names a request of this workspace, whatever became of it. The only one that waits is the one that is meant."""

    request = forms.CharField(label="Request", max_length=40, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pending = standing_of(self.case).pending
        self.fields["request"].initial = pending[0].public_id if len(pending) == 1 else None

    def clean_request(self) -> SupportRequest:
        found = queries.find_request(self.case.target, self.cleaned_data["request"])
        if found is None:
            raise forms.ValidationError("There is no such request here.")
        return found


class OneSession(ActionForm):
    """Names somebody who is in this workspace."""

    session = forms.CharField(label="Session", max_length=40, widget=forms.HiddenInput())

    def clean_session(self) -> SupportSession:
        sessions = standing_of(self.case).sessions
        found = next((one for one in sessions if one.public_id == self.cleaned_data["session"]), None)
        if found is None:
            raise forms.ValidationError("There is no such session here now.")
        return found


def why_not_go_in(case: Case) -> str | None:
    """What stands before everything that a colleague does in a workspace."""
    if case.target.deleted_at is not None:
        return why_deleted(case)
    return None if case.actor.staff_id else rules.NOBODY


def tell_session(session: SupportSession, at: datetime | None = None) -> dict[str, Any]:
    """What programs hear, and whom it concerns. `at`: when it ended."""
    return {
        "session": session.public_id,
        "staff": session.staff.public_id,
        "until": (at or session.until).isoformat(),
        "asker": session.staff.public_id,
    }


def tell_request(request: SupportRequest) -> dict[str, Any]:
    return {
        "request": request.public_id,
        "staff": request.staff.public_id,
        "state": request.state,
        "answer_until": request.answer_until.isoformat(),
        "use_until": request.use_until.isoformat() if request.use_until else None,
        "asker": request.staff.public_id,
    }

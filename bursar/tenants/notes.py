"""Notes for colleagues, at whatever staff look at; a note that nobody followed is withdrawn within a day."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Change, Cleaned, Group, Outcome, Reason, Undo
from bursar.actions.undo import WayBack
from bursar.tenants.models import BillingAccount, Organisation, Workspace


class AddNote(ActionForm):
    text = forms.CharField(
        label="Note", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="For colleagues. It stays in the book for good, so write nothing about a person that may not stay.",
    )  # fmt: skip


def _add_note(act: Act, target: Any, data: Cleaned) -> Outcome:
    undo = Undo(act.request.action.inverse[0], {})
    return Outcome(f"Noted at {target}.", [Change("Note", "", data["text"], private=True)], undo=undo)


def _withdraw_note(act: Act, target: Any, data: Cleaned) -> Outcome:
    return Outcome(f"The note at {target} is withdrawn.", [Change("Note", "noted", "withdrawn", private=True)])


NOTES = (
    (
        "account",
        BillingAccount,
        "For what the next colleague should know about the payer: what was promised, whom to call, what is unusual. "
        "Not for the reason of a change: every lever asks for its reason itself. The note stays in the book for good.",
    ),
    (
        "workspace",
        Workspace,
        "For what concerns this one workspace, such as how a project goes or what was agreed by telephone. "
        "What concerns the payer belongs on the account. The note stays in the book for good.",
    ),
    (
        "organisation",
        Organisation,
        "For what holds for the organisation whoever pays: who decides there, how they buy, what they dislike. "
        "What concerns money belongs on the account. The note stays in the book for good.",
    ),
)


def declare(room: str, slug: str, model: type, when: str) -> None:
    """The lever that notes something at this kind of target, and its way back."""
    back = f"{room}.{slug}.withdraw_note"
    action(
        key=f"{room}.{slug}.add_note",
        on=model,
        form=AddNote,
        label="Add note…",
        group=Group.ATTENTION,
        done="Note added",
        icon="note",
        code="an",
        formerly=("comment", "remark"),
        help="Writes something down for colleagues; the customer never sees it.",
        when=when,
        reason=Reason.NONE,
        inverse=(back,),
    )(_add_note)
    action(
        key=back,
        on=model,
        form=WayBack,
        label="Withdraw note",
        group=Group.ATTENTION,
        done="Note withdrawn",
        icon="note-off",
        help="Takes a note out of the notes; in the book it stays, and that it was withdrawn.",
        when="When you noted something by mistake, at the wrong place for example: within 24 hours, and while nobody "
        "has noted anything there since, which may be an answer to it.",
        reason=Reason.NONE,
        way_back=True,
        in_menu=False,
    )(_withdraw_note)


for _slug, _model, _when in NOTES:
    declare("tenants", _slug, _model, _when)

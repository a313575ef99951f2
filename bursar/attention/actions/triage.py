"""Who looks after a row, for how long it may rest, and what came of it. Customers see nothing of this."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.actions.registry import Verb, action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, DayInput, Group, Outcome, Reason, Undo
from bursar.actions.undo import WayBack, offer_of
from bursar.attention.actions.shared import TARGETS, need_of, slug_of, triage_of, why_not_at_risk, write_triage
from bursar.attention.models import NoteOutcome, Triage
from bursar.attention.words import say_snooze
from bursar.core import naming
from bursar.core.bounds import read_instant
from bursar.core.calendar import midnight
from bursar.core.days import say_day
from bursar.staff.models import StaffMember
from bursar.staff.queries import list_managers
from bursar.tenants.models import Organisation


def _owner(case: Case) -> StaffMember | None:
    triage = triage_of(case)
    return triage.owner if triage else None


def _is_snoozed(case: Case) -> bool:
    triage = triage_of(case)
    if triage is None or triage.snoozed_at is None:
        return False
    return triage.snoozed_until is None or triage.snoozed_until > case.now


def _key(case: Case, verb: str) -> str:
    return f"attention.{slug_of(case.target)}.{verb}"


class Take(ActionForm):
    owner = forms.ChoiceField(label="Who takes it", help_text="You, or a colleague.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["owner"]
        assert isinstance(field, forms.ChoiceField)
        colleagues = list_managers()
        field.choices = [(member.public_id, str(member)) for member in colleagues]
        field.initial = next((m.public_id for m in colleagues if m.pk == self.case.actor.staff_id), None)


def _why_same_owner(case: Case, data: Cleaned) -> str | None:
    owner = _owner(case)
    return f"{naming.of(owner)} has it already." if owner and owner.public_id == data["owner"] else None


def take(act: Act, target: Any, data: Cleaned) -> Outcome:
    before = _owner(act.case)
    after = StaffMember.objects.select_related("user").get(public_id=data["owner"])
    write_triage(act.case, owner=after, taken_at=act.now)
    undo = Undo(_key(act.case, "take"), {"owner": before.public_id}) if before else Undo(_key(act.case, "release"), {})
    return Outcome(f"{naming.of(after)} takes {target}.", [_owner_change(before, after)], undo=undo)


def release(act: Act, target: Any, data: Cleaned) -> Outcome:
    before = _owner(act.case)
    assert before is not None
    write_triage(act.case, owner=None, taken_at=None)
    undo = Undo(_key(act.case, "take"), {"owner": before.public_id})
    return Outcome(f"{target} is free to take again.", [_owner_change(before, None)], undo=undo)


def _owner_change(before: StaffMember | None, after: StaffMember | None) -> Change:
    return Change(
        "Taken by",
        str(before or ""),
        str(after or ""),
        private=True,
        before_ref=before.public_id if before else "",
        after_ref=after.public_id if after else "",
    )


class Snooze(ActionForm):
    until = forms.DateField(
        label="Back on", required=False,
        help_text="Back on the list on this day, UTC; empty: until a worse reason appears, or this one begins anew.",
        widget=DayInput(),
    )  # fmt: skip

    def clean_until(self) -> Any:
        day = self.cleaned_data["until"]
        if day is not None and day <= self.case.now.date():
            raise forms.ValidationError(f"{say_day(day)} is not ahead. Choose tomorrow or later.")
        return day


def snooze(act: Act, target: Any, data: Cleaned) -> Outcome:
    need, triage = need_of(act.case), triage_of(act.case)
    assert need is not None
    until = midnight(data["until"]) if data["until"] else None
    before = say_snooze(triage.snoozed_until) if triage is not None and _is_snoozed(act.case) else ""
    undo = _undo_snooze(act.case, triage)
    since = need.since or act.now
    write_triage(act.case, snoozed_at=max(act.now, since), snoozed_until=until, snoozed_reason=need.reason)
    words = say_snooze(until)
    return Outcome(f"{target} rests: {words}.", [Change("Snoozed", before, words, private=True)], undo=undo)


def wake(act: Act, target: Any, data: Cleaned) -> Outcome:
    triage = triage_of(act.case)
    assert triage is not None
    until, undo = triage.snoozed_until, _undo_snooze(act.case, triage)
    write_triage(act.case, snoozed_at=None, snoozed_until=None, snoozed_reason="")
    return Outcome(
        f"{target} is back on the list.", [Change("Snoozed", say_snooze(until), "", private=True)], undo=undo
    )


def _undo_snooze(case: Case, triage: Triage | None) -> Undo:
    """The former snooze as it was, from when and for which reason as well; or none."""
    at, until, reason = (triage.snoozed_at, triage.snoozed_until, triage.snoozed_reason) if triage else (None, None, "")
    kept = {"at": at.isoformat() if at else None, "until": until.isoformat() if until else None, "reason": reason}
    return Undo(_key(case, "restore_snooze"), kept)


def restore_snooze(act: Act, target: Any, data: Cleaned) -> Outcome:
    kept, triage = offer_of(act.request).data, triage_of(act.case)
    at, until = (read_instant(kept[name]) if kept[name] else None for name in ("at", "until"))
    before = say_snooze(triage.snoozed_until) if triage is not None and _is_snoozed(act.case) else ""
    write_triage(act.case, snoozed_at=at, snoozed_until=until, snoozed_reason=kept["reason"])
    holds = at is not None and (until is None or until > act.now)
    after = say_snooze(until) if holds else ""
    sentence = f"{target} rests as before: {after}." if after else f"{target} is back on the list."
    return Outcome(sentence, [Change("Snoozed", before, after, private=True)])


class Note(ActionForm):
    outcome = forms.ChoiceField(label="What came of it", choices=NoteOutcome.choices)
    text = forms.CharField(
        label="Note", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For colleagues. It stays in the book for good, so write nothing about a person that may not stay.",
    )  # fmt: skip


def note_outcome(act: Act, target: Any, data: Cleaned) -> Outcome:
    triage = triage_of(act.case)
    made = NoteOutcome(data["outcome"])
    noted = triage.noted_at.isoformat() if triage and triage.noted_at else None
    undo = Undo(_key(act.case, "withdraw_outcome"), {"outcome": triage.outcome if triage else "", "noted_at": noted})
    write_triage(act.case, outcome=made.value, noted_at=act.now)
    before = triage.get_outcome_display() if triage and triage.outcome else ""
    changes = [Change("Outcome", before, str(made.label), private=True)]
    if data["text"].strip():
        changes.append(Change("Note", "", data["text"].strip(), private=True))
    return Outcome(f"Noted at {target}: {made.label}.", changes, undo=undo)


def withdraw_outcome(act: Act, target: Any, data: Cleaned) -> Outcome:
    kept, triage = offer_of(act.request).data, triage_of(act.case)
    before = triage.get_outcome_display() if triage and triage.outcome else ""
    at = read_instant(kept["noted_at"]) if kept["noted_at"] else None
    write_triage(act.case, outcome=kept["outcome"], noted_at=at)
    after = str(NoteOutcome(kept["outcome"]).label) if kept["outcome"] else ""
    return Outcome(f"The outcome at {target} is withdrawn.", [Change("Outcome", before, after, private=True)])


def _declare(slug: str, model: type, verb: str, function: Verb, **more: Any) -> None:
    """The same lever on each kind of target."""
    inverse = tuple(f"attention.{slug}.{other}" for other in more.pop("inverse", ()))
    more = {"reason": Reason.NONE, "group": Group.ATTENTION, "inverse": inverse, **more}
    action(key=f"attention.{slug}.{verb}", on=model, **more)(function)


for _slug, _model, _row, _list in (
    *((slug, model, "at-risk row", "at-risk list") for slug, model in TARGETS),
    ("organisation", Organisation, "external-led row", "external-led list"),
):
    _declare(
        _slug, _model, "take", take,
        form=Take, label="Take…", done="Taken in hand", icon="hand-stop",
        code="tk", formerly=("assign to me", "claim", "own"),
        blocked=why_not_at_risk, refused=_why_same_owner, bulk=True,
        help=f"Says who looks after this {_row}; it stays on the list, with that name beside it.",
        when="Before you write or call, so that two colleagues do not. It changes nothing for the customer; use "
        "“Assign account manager” for who looks after the account for good.",
        inverse=("take", "release"),
    )  # fmt: skip
    _declare(
        _slug, _model, "release", release,
        label="Release", done="Released", icon="hand-off", code="re", formerly=("unassign", "give back"),
        help=f"Gives this {_row} back; anybody can take it.",
        when="When you will not get to it. It does not take the row off the list; use “Snooze” for that.",
        blocked=lambda case: None if _owner(case) else "Nobody has taken it.",
        inverse=("take",),
    )  # fmt: skip
    _declare(
        _slug, _model, "snooze", snooze,
        form=Snooze, label="Snooze…", done="Snoozed", icon="zzz",
        code="sn", formerly=("mute", "pause", "remind me later"),
        blocked=why_not_at_risk, reason=Reason.OPTIONAL, bulk=True,
        help=f"Takes the row off the {_list} until a day, or until a worse reason appears.",
        when="When the customer asked for time, or you wait for their answer. Not to be rid of a row: it comes back by "
        "itself on the day, when a worse reason appears, or when the same one begins anew.",
        inverse=("restore_snooze",),
    )  # fmt: skip
    _declare(
        _slug, _model, "wake", wake,
        label="End snooze", done="Snooze ended", icon="alarm",
        code="wk", formerly=("unsnooze", "wake"),
        help=f"Brings the row back to the {_list} now.",
        when="When something happened before the day. Without it the row comes back by itself.",
        blocked=lambda case: None if _is_snoozed(case) else "It is not snoozed.",
        inverse=("restore_snooze",),
    )  # fmt: skip
    _declare(
        _slug, _model, "restore_snooze", restore_snooze,
        form=WayBack, label="Restore snooze", done="Snooze as before", icon="arrow-back", way_back=True, in_menu=False,
        help="Takes a snooze, or its end, back: the row rests, or does not, as it did before.",
        when="When the wrong row was snoozed, or woken: within 24 hours, and while nobody snoozed or woke it since.",
    )  # fmt: skip
    _declare(
        _slug, _model, "note_outcome", note_outcome,
        form=Note, label="Note outcome…", done="Outcome noted", icon="checklist",
        code="no", formerly=("resolve", "result", "close"),
        help=f"Keeps what came of the conversation; the last outcome stands in the {_row}.",
        when="After each try to reach the customer, also when nobody answered. For anything else use “Add note”.",
        inverse=("withdraw_outcome",),
    )  # fmt: skip
    _declare(
        _slug, _model, "withdraw_outcome", withdraw_outcome,
        form=WayBack, label="Withdraw outcome", done="Outcome withdrawn", icon="note-off", way_back=True, in_menu=False,
        help="Takes an outcome back, with its note: the outcome before it stands in the row again.",
        when="When an outcome was noted at the wrong row, or wrongly: within 24 hours, and while none was noted since.",
    )  # fmt: skip

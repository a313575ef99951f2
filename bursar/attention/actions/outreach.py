"""Writing to the admin contact: from one's own mail program, logged; or sent from here, as shown and edited."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django import forms

from bursar.access.models import User
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason, Undo
from bursar.actions.undo import WayBack, moved_from, offer_of
from bursar.attention import words
from bursar.attention.actions.shared import TARGETS, line_of, triage_of, why_not_at_risk, write_triage
from bursar.attention.models import Triage
from bursar.attention.words import Mail
from bursar.core import naming
from bursar.core.bounds import read_instant
from bursar.tenants.queries import Contact

SUBJECT_LENGTH = 200
TEXT_LENGTH = 5000


def _contacts(case: Case) -> list[Contact]:
    line = line_of(case)
    return [contact for contact in line.contacts if contact.email] if line else []


def _prepared(case: Case) -> Mail | None:
    line = line_of(case)
    return words.prepare(line, case.actor.name) if line else None


def _why_no_mail(case: Case) -> str | None:
    sentence = why_not_at_risk(case)
    if sentence:
        return sentence
    return None if _contacts(case) else "There is no admin contact with an address."


def _one_line(form: ActionForm) -> str:
    """A subject is one line, whatever was pasted into it."""
    return " ".join(str(form.cleaned_data["subject"]).split())


class SendMail(ActionForm):
    to = forms.ChoiceField(label="To")
    subject = forms.CharField(label="Subject", max_length=SUBJECT_LENGTH)
    text = forms.CharField(
        label="Mail", max_length=TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 12}),
        help_text="Exactly this is sent. Answers come to your own address.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, mail = self.fields["to"], _prepared(self.case)
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.person_id, f"{one.name} <{one.email}>") for one in _contacts(self.case)]
        if mail is not None:
            field.initial = mail.to.person_id
            self.fields["subject"].initial = mail.subject
            self.fields["text"].initial = mail.text

    def clean_subject(self) -> str:
        return _one_line(self)


def send_outreach(act: Act, target: Any, data: Cleaned) -> Outcome:
    contact = next(one for one in _contacts(act.case) if one.person_id == data["to"])
    sender = User.objects.filter(pk=act.actor.user_id or 0).values_list("email", flat=True).first()
    write_triage(act.case, outreach_at=act.now, outreach_subject=data["subject"], outreach_by_id=act.actor.staff_id)
    payload = {
        "recipient": contact.person_id,
        "to": contact.email,
        "name": contact.name,
        "subject": data["subject"],
        "text": data["text"],
        "reply_to": sender or "",
    }
    changes = [_told("Mail", data["subject"]), _told("To", contact.name, contact.person_id)]
    to = naming.say(contact.person_id, contact.name)
    return Outcome(f"“{data['subject']}” goes to {to}.", changes, outgoing=[("mail", payload)])


def _told(label: str, value: str, ref: str = "") -> Change:
    return Change(label, "", value, private=True, after_ref=ref)


class LogMail(ActionForm):
    subject = forms.CharField(label="What about", max_length=SUBJECT_LENGTH, help_text="The subject, without names.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mail = _prepared(self.case)
        self.fields["subject"].initial = mail.subject if mail else ""

    def clean_subject(self) -> str:
        return _one_line(self)


def log_outreach(act: Act, target: Any, data: Cleaned) -> Outcome:
    before = triage_of(act.case)
    at = before.outreach_at.isoformat() if before and before.outreach_at else None
    was = {
        "at": at,
        "subject": before.outreach_subject if before else "",
        "by": before.outreach_by_id if before else None,
    }
    write_triage(act.case, outreach_at=act.now, outreach_subject=data["subject"], outreach_by_id=act.actor.staff_id)
    undo = Undo(act.request.action.inverse[0], was, left={"at": act.now.isoformat()})
    return Outcome(f"Logged at {target}: “{data['subject']}”.", [_told("Outreach", data["subject"])], undo=undo)


def withdraw_outreach(act: Act, target: Any, data: Cleaned) -> Outcome:
    was, triage = offer_of(act.request).data, triage_of(act.case)
    before = triage.outreach_subject if triage else ""
    at = read_instant(was["at"]) if was["at"] else None
    write_triage(act.case, outreach_at=at, outreach_subject=was["subject"], outreach_by_id=was["by"])
    change = Change("Outreach", before, was["subject"], private=True)
    return Outcome(f"The outreach logged at {target} is withdrawn.", [change])


def _load_outreach(slug: str) -> Callable[[Collection[str]], dict[str, dict[str, str]]]:
    """Of targets of this kind, by their ids: when somebody wrote or called last."""

    def load(ids: Collection[str]) -> dict[str, dict[str, str]]:
        rows = Triage.objects.filter(**{f"{slug}__public_id__in": ids}, outreach_at__isnull=False)
        found = rows.values_list(f"{slug}__public_id", "outreach_at")
        return {public_id: {"at": at.isoformat()} for public_id, at in found}

    return load


for _slug, _model in TARGETS:
    action(
        key=f"attention.{_slug}.send_outreach",
        on=_model,
        form=SendMail,
        label="Send outreach mail…",
        instead="What was sent is sent; write once more.",
        group=Group.ATTENTION,
        done="Outreach mail sent",
        icon="mail-forward",
        code="so",
        formerly=("e-mail", "contact", "write to customer"),
        help="Sends a mail to an admin contact from Bursar, filled in by the row's first reason; answers come to you.",
        when="When the prepared words nearly fit: change them in the dialog. For a conversation that is already going "
        "on, answer from your own mail program and log that.",
        reason=Reason.NONE,
        blocked=_why_no_mail,
    )(send_outreach)
    action(
        key=f"attention.{_slug}.log_outreach",
        on=_model,
        form=LogMail,
        label="Log outreach…",
        inverse=(f"attention.{_slug}.withdraw_outreach",),
        group=Group.ATTENTION,
        done="Outreach logged",
        icon="mail-check",
        code="lo",
        formerly=("call", "phone", "contacted"),
        help="Keeps that you wrote or called; “Write” in the at-risk row logs by itself.",
        when="After a call, or a mail that you began outside Bursar. What came of it belongs into “Note outcome”.",
        reason=Reason.NONE,
    )(log_outreach)
    action(
        key=f"attention.{_slug}.withdraw_outreach",
        on=_model,
        form=WayBack,
        label="Withdraw outreach",
        group=Group.ATTENTION,
        done="Outreach withdrawn",
        icon="note-off",
        help="Takes a logged call or mail back: the row shows the outreach before it again.",
        when="When it was logged at the wrong row: within 24 hours, and while nobody wrote or called since.",
        reason=Reason.NONE,
        way_back=True,
        moved_on=moved_from(_load_outreach(_slug)),
        in_menu=False,
    )(withdraw_outreach)

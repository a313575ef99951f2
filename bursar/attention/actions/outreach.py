"""Writing to the admin contact: from one's own mail program, logged; or sent from here, as shown and edited."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.models import User
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason
from bursar.attention import words
from bursar.attention.actions.shared import TARGETS, line_of, why_not_at_risk, write_triage
from bursar.attention.words import Mail
from bursar.core import naming
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
    write_triage(act.case, outreach_at=act.now, outreach_subject=data["subject"], outreach_by_id=act.actor.staff_id)
    return Outcome(f"Logged at {target}: “{data['subject']}”.", [_told("Outreach", data["subject"])])


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
        instead="The line stays in the book; write a note beside it.",
        group=Group.ATTENTION,
        done="Outreach logged",
        icon="mail-check",
        code="lo",
        formerly=("call", "phone", "contacted"),
        help="Keeps that you wrote or called; “Write” in the at-risk row logs by itself.",
        when="After a call, or a mail that you began outside Bursar. What came of it belongs into “Note outcome”.",
        reason=Reason.NONE,
    )(log_outreach)

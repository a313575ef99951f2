"""Editing the prepared mails, one a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason, Undo
from bursar.attention import queries, rules, words
from bursar.attention.models import OutreachTemplate
from bursar.attention.reasons import REASONS
from bursar.core.fills import fill

EDIT = "attention.template.edit"

register_target(
    Target(
        slug="template",
        model=OutreachTemplate,
        label="outreach template",
        fetch=queries.get_template,
        accounts=lambda template: [],
        stream=lambda template: "staff",
        touches=lambda template: [template.public_id],
    )
)


class EditTemplate(ActionForm):
    subject = forms.CharField(label="Subject", max_length=200)
    body = forms.CharField(label="Mail", max_length=4000, widget=forms.Textarea(attrs={"rows": 14}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        template = self.case.target
        self.fields["subject"].initial, self.fields["body"].initial = template.subject, template.body
        names = ", ".join(f"{{{name}}}" for name in REASONS[template.reason].fills)
        self.fields["body"].help_text = f"Filled in for each mail: {names}."

    def clean_subject(self) -> str:
        return self._checked(" ".join(self.cleaned_data["subject"].split()), is_subject=True)

    def clean_body(self) -> str:
        return self._checked(self.cleaned_data["body"].replace("\r\n", "\n"), is_subject=False)

    def _checked(self, text: str, *, is_subject: bool) -> str:
        sentence = rules.why_not_text(REASONS[self.case.target.reason].fills, text, is_subject=is_subject)
        if sentence:
            raise forms.ValidationError(sentence)
        return text


def _show_sample(case: Case, data: Cleaned) -> list[str]:
    """The mail as an invented customer would get it, paragraph by paragraph."""
    values = {**words.SAMPLE, "company": settings.BURSAR_COMPANY_NAME, "sender": case.actor.name}
    body = fill(data["body"], values)
    return [f"Subject: {fill(data['subject'], values)}", *[part for part in body.split("\n") if part.strip()]]


def _why_same(case: Case, data: Cleaned) -> str | None:
    template = case.target
    if (data["subject"], data["body"]) == (template.subject, template.body):
        return "This is what the template says already."
    return None


@action(
    key=EDIT,
    on=OutreachTemplate,
    form=EditTemplate,
    label="Edit template…",
    group=Group.SETUP,
    done="Template edited",
    icon="edit",
    code="ed",
    formerly=("change text",),
    help="Changes the prepared mail of this reason for all colleagues; mails that were sent stay as they were.",
    when="When you change the same words again and again. For one customer, change them in the mail itself.",
    reason=Reason.NONE,
    refused=_why_same,
    preview=_show_sample,
    inverse=(EDIT,),
)
def edit(act: Act, template: OutreachTemplate, data: Cleaned) -> Outcome:
    undo = Undo(EDIT, {"subject": template.subject, "body": template.body})
    changes = []
    for label, before, after in (("Subject", template.subject, data["subject"]), ("Mail", template.body, data["body"])):
        if before != after:
            changes.append(Change(label, before, after))
    OutreachTemplate.objects.filter(pk=template.pk).update(subject=data["subject"], body=data["body"])
    return Outcome(f"The {template} is changed for everybody.", changes, undo=undo)

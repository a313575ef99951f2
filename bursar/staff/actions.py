"""Verbs of staff. Adding is here from the start: an empty installation needs its first lead."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.actor import ActorKind
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Outcome, Reason
from bursar.staff import sign_in
from bursar.staff.models import Role, StaffMember


class AddStaff(ActionForm):
    email = forms.EmailField(label="E-mail")
    name = forms.CharField(label="Name", max_length=200)
    role = forms.ChoiceField(label="Role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = list(Role.objects.values_list("slug", "name"))

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


def _why_not_add(case: Case, data: Cleaned) -> str | None:
    if StaffMember.objects.filter(user__email=data["email"], roles__slug=data["role"], is_active=True).exists():
        return f"{data['email']} has this role already."
    if case.actor.user_id and User.objects.filter(pk=case.actor.user_id, email=data["email"]).exists():
        return "Nobody changes their own roles. Ask a colleague."
    return None


@action(
    key="staff.company.add",
    on=Company,
    form=AddStaff,
    label="Add staff…",
    icon="user-plus",
    help="Gives somebody a staff role and makes a link that signs them in once, within 24 hours.",
    permission=Right.MANAGE_STAFF,
    reason=Reason.OPTIONAL,
    refused=_why_not_add,
    in_menu=False,
)
def add_staff(act: Act, company: Company, data: Cleaned) -> Outcome:
    user, is_new = User.objects.get_or_create(email=data["email"], defaults={"name": data["name"], "password": "!"})
    member, _ = StaffMember.objects.get_or_create(user=user, defaults={"created_at": act.now})
    StaffMember.objects.filter(pk=member.pk).update(is_active=True)
    role = Role.objects.get(slug=data["role"])
    member.roles.add(role)
    changes = [
        Change("Staff", "", user.name or user.email, after_ref=member.public_id),
        Change("Role", "", role.name),
    ]
    # A link signs in as that person: for one who can sign in already, only the operator's shell may make it.
    wants_link = is_new or act.actor.kind is ActorKind.OPERATOR
    link = sign_in.make_link(user, act.now) if wants_link else ""
    outcome = Outcome(f"{user.name or user.email} is {role.name} now.", changes)
    outcome.data = {"staff": member.public_id, "link": link}
    return outcome

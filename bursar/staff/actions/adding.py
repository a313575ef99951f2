"""A colleague is added, or let in again."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.actor import ActorKind
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Outcome, Reason
from bursar.core import naming
from bursar.staff import sign_in, store
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


def _has_role(data: Cleaned) -> bool:
    return StaffMember.objects.filter(user__email=data["email"], roles__slug=data["role"], is_active=True).exists()


def _why_not_add(case: Case, data: Cleaned) -> str | None:
    if _has_role(data) and case.actor.kind is not ActorKind.OPERATOR:
        return (
            f"{data['email']} has this role already. Who forgot their password gets a new sign-in link from whoever "
            "runs Bursar: `bursar staff add` at the server."
        )
    if case.actor.user_id and User.objects.filter(pk=case.actor.user_id, email=data["email"]).exists():
        return "Nobody changes their own roles. Ask a colleague."
    return None


@action(
    key="staff.company.add",
    on=Company,
    form=AddStaff,
    label="Add staff…",
    done="Staff added",
    icon="user-plus",
    help="Gives somebody a staff role and makes a link that signs them in once, within 24 hours.",
    when=(
        "When a colleague joins, or one needs a further role. The link signs them in once: hand it over in person or "
        "by a channel you trust. To change what a colleague may do who is there already, use Roles."
    ),
    permission=Right.MANAGE_STAFF,
    reason=Reason.OPTIONAL,
    refused=_why_not_add,
    in_menu=False,
    danger=True,
)
def add_staff(act: Act, company: Company, data: Cleaned) -> Outcome:
    """For who has the role already, which the operator alone may ask: a new link in place of a forgotten password."""
    if _has_role(data):
        return _let_in_again(act, StaffMember.objects.select_related("user").get(user__email=data["email"]))
    role = Role.objects.get(slug=data["role"])
    member, is_new = store.employ(data["email"], data["name"], role, act.now)
    user = member.user
    changes = [
        Change("Staff", "", user.name or user.email, after_ref=member.public_id),
        Change("Role", "", role.name),
    ]
    # A link signs in as that person: for one who can sign in already, only the operator's shell may make it.
    wants_link = is_new or act.actor.kind is ActorKind.OPERATOR
    link = sign_in.make_link(user, act.now) if wants_link else ""
    outcome = Outcome(f"{naming.of(member)} is {role.name} now.", changes, secret=link)
    outcome.data = {"staff": member.public_id}
    return outcome


def _let_in_again(act: Act, member: StaffMember) -> Outcome:
    """Changing a password asks for the old one, so the forgotten one goes: after the link they set a new one."""
    user = member.user
    user.set_unusable_password()
    user.save(update_fields=["password"])
    sign_in.shut_out(user, act.now)
    outcome = Outcome(f"{naming.of(member)} gets a new sign-in link in place of the password.")
    outcome.changes = [Change("Password", "as it was", "none, until a new one is set", private=True)]
    outcome.data, outcome.secret = {"staff": member.public_id}, sign_in.make_link(user, act.now)
    return outcome

"""Verbs of staff: adding, roles, deactivating, signing out, tokens."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms

from bursar.access.actor import ActorKind, Door
from bursar.access.keys import digest_of, make_secret
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, DayInput, Group, Loss, Outcome, Reason, Undo
from bursar.core import naming
from bursar.core.calendar import add_months, end_of
from bursar.core.days import say_day
from bursar.staff import queries, rules, sign_in, store
from bursar.staff.models import ApiToken, Role, StaffMember

register_target(
    Target(
        slug="staff",
        model=StaffMember,
        label="staff member",
        fetch=queries.get_member,
        accounts=lambda member: [],
        stream=lambda member: "staff",
        touches=lambda member: [member.public_id],
    )
)
register_target(
    Target(
        slug="token",
        model=ApiToken,
        label="token",
        fetch=queries.get_token,
        accounts=lambda token: [],
        stream=lambda token: "staff",
        touches=lambda token: [token.public_id, token.member.public_id],
    )
)


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


class SetRoles(ActionForm):
    roles = forms.MultipleChoiceField(label="Roles", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["roles"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(Role.objects.values_list("slug", "name"))
        field.initial = [role.slug for role in self.case.target.roles.all()]


def _why_not_self(case: Case) -> str | None:
    return rules.why_not_self(case.actor.staff_id, case.target.pk)


def _why_not_roles(case: Case, data: Cleaned) -> str | None:
    if set(data["roles"]) == set(case.target.roles.values_list("slug", flat=True)):
        return "These are their roles already."
    keeps = Role.objects.filter(slug__in=data["roles"], rights__contains=[Right.MANAGE_STAFF.value]).exists()
    return None if keeps else rules.why_not_lose_manager(queries.lock_managers(), case.target.pk)


def _foresee_roles(case: Case, data: Cleaned) -> list[str]:
    gone = case.target.roles.exclude(slug__in=data["roles"]).order_by("rank")
    return [Loss(f"{case.target} is {role.name} no more.") for role in gone]


@action(
    key="staff.staff.set_roles",
    on=StaffMember,
    form=SetRoles,
    label="Roles…",
    group=Group.PEOPLE,
    done="Roles changed",
    icon="user-cog",
    code="ro",
    formerly=("permissions", "rights"),
    help="Says what a colleague may do, at once: in the panel, by API and in jobs that still run.",
    when=(
        "When somebody's work changes. It holds from the next click, in the panel, by token and in jobs that still "
        "run. For one who leaves, deactivate them instead: that ends their sessions and tokens too."
    ),
    permission=Right.MANAGE_STAFF,
    blocked=lambda case: _why_not_self(case) or _why_inactive(case),
    refused=_why_not_roles,
    preview=_foresee_roles,
    danger=True,
    inverse=("staff.staff.set_roles",),
)
def set_roles(act: Act, member: StaffMember, data: Cleaned) -> Outcome:
    before = list(member.roles.order_by("rank"))
    after = list(Role.objects.filter(slug__in=data["roles"]).order_by("rank"))
    store.set_roles(member, after)
    names = [", ".join(role.name for role in roles) for roles in (before, after)]
    undo = Undo("staff.staff.set_roles", {"roles": [role.slug for role in before]})
    return Outcome(
        f"{naming.of(member)} is {names[1]} now.", [Change("Roles", names[0], names[1])], undo=undo if before else None
    )


def _why_inactive(case: Case) -> str | None:
    return None if case.target.is_active else "They are deactivated. Reactivate them first."


@action(
    key="staff.staff.deactivate",
    on=StaffMember,
    label="Deactivate…",
    group=Group.PEOPLE,
    done="Deactivated",
    icon="user-off",
    code="da",
    formerly=("disable", "offboard", "block"),
    help="Takes the staff hat away at once: every session and token ends. What they did stays in the book.",
    when=(
        "On a colleague's last day, or when an account may be in wrong hands and you do not know how. What they did "
        "stays in the book under their name. For a lost device alone, sign them out everywhere."
    ),
    permission=Right.MANAGE_STAFF,
    blocked=lambda case: _why_not_self(case) or _why_inactive(case),
    refused=lambda case, data: rules.why_not_lose_manager(queries.lock_managers(), case.target.pk),
    danger=True,
    inverse=("staff.staff.reactivate",),
    takes_away=True,
)
def deactivate(act: Act, member: StaffMember, data: Cleaned) -> Outcome:
    store.set_active(member, False)
    ended = sign_in.shut_out(member.user, act.now)
    revoked = member.tokens.filter(revoked_at=None).update(revoked_at=act.now)
    changes = [Change("Active", "yes", "no"), Change("Sessions ended", "", str(ended))]
    changes.append(Change("Tokens revoked", "", str(revoked)))
    return Outcome(f"{naming.of(member)} is no longer staff.", changes, undo=Undo("staff.staff.reactivate", {}))


@action(
    key="staff.staff.reactivate",
    on=StaffMember,
    label="Reactivate…",
    group=Group.PEOPLE,
    done="Reactivated",
    icon="user-check",
    code="ra",
    formerly=("enable",),
    help="Gives the staff hat back, with the roles they had. Their tokens stay revoked.",
    when=(
        "When a colleague comes back, or was deactivated by mistake. They get the roles they had; make new tokens by "
        "hand. Look at the roles afterwards: they may have been right for another job."
    ),
    permission=Right.MANAGE_STAFF,
    blocked=lambda case: "They are active." if case.target.is_active else _why_not_self(case),
    inverse=("staff.staff.deactivate",),
    danger=True,
)
def reactivate(act: Act, member: StaffMember, data: Cleaned) -> Outcome:
    store.set_active(member, True)
    return Outcome(
        f"{naming.of(member)} is staff again.", [Change("Active", "no", "yes")], undo=Undo("staff.staff.deactivate", {})
    )


@action(
    key="staff.staff.sign_out",
    on=StaffMember,
    label="Sign out everywhere…",
    instead="They sign in again.",
    group=Group.PEOPLE,
    done="Signed out everywhere",
    icon="logout",
    code="so",
    formerly=("end sessions", "log out"),
    help="Ends every session of theirs, on every device.",
    when=(
        "When a device was lost or left open, or a colleague forgot to sign out elsewhere. They can sign in again at "
        "once, so where you doubt the person or the password, deactivate them."
    ),
    permission=Right.MANAGE_STAFF,
    takes_away=True,
)
def sign_out(act: Act, member: StaffMember, data: Cleaned) -> Outcome:
    ended = sign_in.shut_out(member.user, act.now)
    return Outcome(f"{ended} sessions of {naming.of(member)} ended.", [Change("Sessions ended", "", str(ended))])


def _why_no_factor_to_reset(case: Case) -> str | None:
    member = case.target
    if case.actor.staff_id == member.pk:
        return "Manage your own second factor under “Your sign-in”; when it is lost, ask a colleague."
    return None if queries.has_second_factor(member.user_id) else f"{naming.of(member)} has no second factor."


@action(
    key="staff.staff.reset_factor",
    on=StaffMember,
    label="Reset second factor…",
    instead="They enrol a new one at their next sign-in.",
    group=Group.PEOPLE,
    done="Second factor reset",
    icon="shield-off",
    code="rf",
    formerly=("2fa", "mfa", "authenticator"),
    help="Removes their authenticator, passkeys and recovery codes, and ends every session. They enrol anew.",
    when="Somebody lost their phone or key and their recovery codes too. Make sure by voice that it is really them: "
    "whoever holds their password gets in until they have enrolled anew.",
    permission=Right.MANAGE_STAFF,
    blocked=_why_no_factor_to_reset,
    danger=True,
    takes_away=True,
)
def reset_factor(act: Act, member: StaffMember, data: Cleaned) -> Outcome:
    removed = sign_in.remove_factors(member.user)
    ended = sign_in.shut_out(member.user, act.now)
    changes = [Change("Second factor", ", ".join(removed), "none"), Change("Sessions ended", "", str(ended))]
    return Outcome(f"{naming.of(member)} has no second factor now, and enrols at the next visit.", changes)


class CreateToken(ActionForm):
    name = forms.CharField(label="Name", max_length=100, help_text="What it is for, such as “nightly report”.")
    rights = forms.MultipleChoiceField(
        label="Rights", widget=forms.CheckboxSelectMultiple, help_text="Never more than you hold yourself at the time."
    )
    last_day = forms.DateField(label="Last day", help_text="Inclusive; at most a year ahead.", widget=DayInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["rights"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(right.value, right.label) for right in Right if right in self.case.actor.rights]
        field.initial = [Right.READ.value]
        self.fields["last_day"].initial = (self.case.now + timedelta(days=90)).date()

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        today = self.case.now.date()
        if not today <= day <= add_months(today, 12):
            raise forms.ValidationError("Choose a day from today to a year ahead.")
        return day


def _why_no_token(case: Case) -> str | None:
    if case.actor.kind is not ActorKind.STAFF or case.actor.door is not Door.PAGE:
        return "A token is made by the person themselves, signed in to the panel."
    return None


@action(
    key="staff.company.create_token",
    on=Company,
    form=CreateToken,
    label="New token…",
    done="Token made",
    icon="key",
    help="Makes a token for the API that acts as you, with the rights you choose. It is shown once.",
    when=(
        "For a script or a report of your own that reads or acts through the API, with as few rights as it needs. Not "
        "for the product's systems: they get an API key, which acts as the product and not as a person."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    blocked=_why_no_token,
    in_menu=False,
    danger=True,
)
def create_token(act: Act, company: Company, data: Cleaned) -> Outcome:
    assert act.actor.staff_id is not None
    secret = make_secret("bst")
    made = ApiToken.objects.create(
        member_id=act.actor.staff_id,
        name=data["name"],
        digest=digest_of(secret),
        hint=secret[-4:],
        rights=data["rights"],
        created_at=act.now,
        expires_at=end_of(data["last_day"]),
    )
    changes = [Change("Token", "", str(made)), Change("Rights", "", ", ".join(made.rights))]
    changes.append(Change("Last day", "", say_day(data["last_day"])))
    return Outcome("The token is made.", changes, data={"token": made.public_id}, secret=secret)


@action(
    key="staff.token.revoke",
    on=ApiToken,
    label="Revoke token…",
    opposite="staff.company.create_token",
    group=Group.PEOPLE,
    done="Token revoked",
    icon="key-off",
    code="rv",
    formerly=("delete token",),
    help="Ends the token: it works no more from this moment.",
    when=(
        "When a script is no longer used, or its token may have been seen by somebody else. It stops at once; make a "
        "new one first where the script must go on."
    ),
    permission=Right.READ,
    reason=Reason.NONE,
    blocked=lambda case: "The token works no more already." if not case.target.is_live(case.now) else None,
    takes_away=True,
)
def revoke_token(act: Act, token: ApiToken, data: Cleaned) -> Outcome:
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=act.now)
    return Outcome(f"The token {token} works no more.", [Change("Token", str(token), "revoked")])

"""What is done with a colleague: roles, deactivating and back, signing out, a new second factor."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Loss, Outcome, Undo
from bursar.core import naming
from bursar.staff import queries, rules, sign_in, store
from bursar.staff.models import Role, StaffMember


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

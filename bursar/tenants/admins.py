"""Who runs a workspace: handed over by staff, and handed back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms

from bursar.actions.models import UndoOffer
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Loss, Notice, Outcome, Topic, Undo
from bursar.actions.undo import WayBack, offer_of
from bursar.core import naming
from bursar.tenants import queries, rules, store
from bursar.tenants.models import Workspace, WorkspaceMembership, WorkspaceRole

RESTORE_ROLES = "tenants.workspace.restore_roles"


def _members(case: Case) -> list[WorkspaceMembership]:
    members: list[WorkspaceMembership] = case.once(
        "members", lambda: list(queries.list_direct_members(case.target, case.now))
    )
    return members


NOBODY = "nobody"


class ChangeAdmin(ActionForm):
    new_admin = forms.ChoiceField(
        label="New admin", help_text="A direct member; externals and observers cannot run a workspace."
    )
    old_admin = forms.ChoiceField(
        label="Hands over", required=False, help_text="The present admin or owner who becomes a member."
    )
    keep_old = forms.BooleanField(label="Keep the old admin as admin too", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = _members(self.case)
        able = [m for m in members if m.role in rules.MAY_ADMINISTER]
        admins = [m for m in able if m.role in rules.GOVERNING]
        new, old = self.fields["new_admin"], self.fields["old_admin"]
        assert isinstance(new, forms.ChoiceField) and isinstance(old, forms.ChoiceField)
        new.choices = [(m.person.public_id, f"{m.person.name} · {m.get_role_display()}") for m in able]
        old.choices = [
            (NOBODY, "nobody"),
            *[(m.person.public_id, f"{m.person.name} · {m.get_role_display()}") for m in admins],
        ]
        self.leave_open("new_admin")
        self.leave_open("old_admin")

    def clean_old_admin(self) -> str:
        chosen: str = self.cleaned_data["old_admin"]
        return "" if chosen == NOBODY else chosen


def _why_no_admin_change(case: Case) -> str | None:
    if case.target.deleted_at is not None:
        return "The workspace was deleted."
    return rules.why_not_change_admin(
        sum(m.role in rules.MAY_ADMINISTER and m.role not in rules.GOVERNING for m in _members(case))
    )


def _why_not_hand_over(case: Case, data: Cleaned) -> str | None:
    return rules.why_not_hand_over(_member(case, data["new_admin"]).role)


def _foresee_hand_over(case: Case, data: Cleaned) -> list[str]:
    if not data["old_admin"] or data["keep_old"]:
        return []
    old = _member(case, data["old_admin"])
    return [Loss(f"{old.person.name} stops being {old.get_role_display()}: they run the workspace no more.")]


def _member(case: Case, person_id: str) -> WorkspaceMembership:
    return next(m for m in _members(case) if m.person.public_id == person_id)


@action(
    key="tenants.workspace.change_admin",
    on=Workspace,
    form=ChangeAdmin,
    label="Change admin…",
    group=Group.PEOPLE,
    done="Admin changed",
    icon="user-star",
    code="ca",
    formerly=("owner", "transfer ownership"),
    help="Hands the administration of the workspace to another of its members, at once.",
    when=(
        "When the admin has left or cannot be reached and a member has shown that they may take over; say in the "
        "reason how you know. An admin who can still sign in does this in the product. It grants no seat and changes "
        "no price by itself."
    ),
    customer_visible=True,
    concerns_money=False,
    blocked=_why_no_admin_change,
    refused=_why_not_hand_over,
    preview=_foresee_hand_over,
    tell=(Notice.WORKSPACE_ADMINS, Notice.BILLING),
    topic=Topic.PEOPLE,
    event="workspace.admin_changed",
    inverse=(RESTORE_ROLES,),
)
def change_admin(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    new = _member(act.case, data["new_admin"])
    changes, roles = [_set_role(act, new, WorkspaceRole.ADMIN)], {new: WorkspaceRole.ADMIN}
    sentence = f"{naming.of(new.person)} becomes admin of {workspace.name}"
    if data["old_admin"] and not data["keep_old"]:
        old = _member(act.case, data["old_admin"])
        changes.append(_set_role(act, old, WorkspaceRole.MEMBER))
        roles[old] = WorkspaceRole.MEMBER
        sentence += f"; {naming.of(old.person)} becomes a member"
    before = {member.person.public_id: member.role for member in roles}
    left = {member.person.public_id: role.value for member, role in roles.items()}
    return Outcome(
        f"{sentence}.", changes, {workspace.account_id: None}, data=_commanded(act, roles),
        undo=Undo(RESTORE_ROLES, before, left),
    )  # fmt: skip


def _roles_moved_on(offers: Sequence[UndoOffer]) -> Collection[str]:
    """Offers whose people have other roles by now: the product said so, or one of them left."""
    people = {person for one in offers for person in one.left}
    rows = WorkspaceMembership.objects.filter(
        workspace__public_id__in={one.target_id for one in offers}, person__public_id__in=people, valid_until=None
    ).values_list("workspace__public_id", "person__public_id", "role")
    present = {(workspace, person): role for workspace, person, role in rows}
    return {
        one.line_id
        for one in offers
        if any(present.get((one.target_id, who)) != role for who, role in one.left.items())
    }


@action(
    key=RESTORE_ROLES,
    on=Workspace,
    form=WayBack,
    label="Restore roles",
    group=Group.PEOPLE,
    done="Roles restored",
    icon="arrow-back",
    help="Takes a change of admin back: everybody concerned has the role that they had before.",
    when="When the administration was handed to the wrong person: within 24 hours, and while they have the roles that "
    "the change gave them. The notices that went out stay sent; this one sends its own.",
    customer_visible=True,
    concerns_money=False,
    tell=(Notice.WORKSPACE_ADMINS, Notice.BILLING),
    topic=Topic.PEOPLE,
    event="workspace.admin_changed",
    way_back=True,
    moved_on=_roles_moved_on,
    in_menu=False,
)
def restore_roles(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    kept = offer_of(act.request).data
    roles = {m: WorkspaceRole(kept[m.person.public_id]) for m in _members(act.case) if m.person.public_id in kept}
    changes = [_set_role(act, member, role) for member, role in roles.items()]
    names = " and ".join(f"{naming.of(m.person)} is {role.label}" for m, role in roles.items())
    return Outcome(
        f"{names} of {workspace.name} again.", changes, {workspace.account_id: None}, data=_commanded(act, roles)
    )


def _commanded(act: Act, roles: dict[WorkspaceMembership, WorkspaceRole]) -> dict[str, Any]:
    """What the product needs to do the same: its own ids, and the instant that its next push must not lie before."""
    members = [{"person": m.person.external_id, "role": role.value} for m, role in roles.items()]
    return {"members": members, "changed_at": act.now.isoformat()}


def _set_role(act: Act, membership: WorkspaceMembership, role: WorkspaceRole) -> Change:
    """The change says whose role it is, by reference, so that the name can be erased."""
    person = membership.person
    store.memberships.command([{"workspace": membership.workspace, "person": person}], role, act.now)
    return Change("Role", membership.get_role_display(), str(role.label), who=person.name, who_ref=person.public_id)

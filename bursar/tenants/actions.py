"""Targets and verbs of tenants."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import Own
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Loss, Notice, Outcome, Reason, Topic, Undo
from bursar.core import naming
from bursar.tenants import queries, rules, store, visibility
from bursar.tenants.models import BillingAccount, Organisation, Workspace, WorkspaceMembership, WorkspaceRole

__all__ = ["visibility"]


def sight_of(case: Case) -> rules.Sight:
    """What the actor's roles open at the workspace or organisation that the case is about."""
    target = case.target
    organisation_id, workspace_id = (
        (target.organisation_id, target.pk) if isinstance(target, Workspace) else (target.pk, None)
    )
    found: rules.Sight = case.once(
        "sight", lambda: queries.get_sight(case.actor.person_id, organisation_id, workspace_id, case.now)
    )
    return found


def own_rights_on(case: Case) -> list[str]:
    """What the actor's roles open at the account that the case is about."""
    bills = case.once("bills", lambda: queries.may_bill(case.actor.person_id, case.target, case.now))
    return [Own.PAY] if bills else []


register_target(
    Target(
        slug="account",
        model=BillingAccount,
        label="account",
        page="panel:account",
        own_page="dashboard:account",
        fetch=queries.get_account,
        accounts=lambda account: [account.pk],
        lock=store.lock_accounts,
        is_account=True,
        stream=lambda account: account.public_id,
        touches=lambda account: [account.public_id, account.organisation.public_id],
        own_rights=own_rights_on,
        parents=lambda account: [account.organisation],
    )
)
register_target(
    Target(
        slug="workspace",
        model=Workspace,
        label="workspace",
        page="panel:workspace",
        own_page="dashboard:workspace",
        fetch=queries.get_workspace,
        accounts=lambda workspace: [workspace.account_id],
        lock=store.lock_accounts,
        stream=lambda workspace: workspace.account.public_id,
        touches=lambda workspace: [
            workspace.public_id,
            workspace.account.public_id,
            workspace.organisation.public_id,
        ],
        own_rights=lambda case: sight_of(case).rights,
        parents=lambda workspace: [workspace.account, workspace.account.organisation],
    )
)
register_target(
    Target(
        slug="organisation",
        model=Organisation,
        label="organisation",
        page="panel:organisation",
        fetch=queries.get_organisation,
        accounts=queries.list_account_ids_of,
        lock=store.lock_accounts,
        stream=lambda organisation: organisation.public_id,
        touches=lambda organisation: [organisation.public_id, *queries.list_account_public_ids_of(organisation)],
        own_rights=lambda case: sight_of(case).rights,
    )
)


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
    return Outcome(f"{sentence}.", changes, {workspace.account_id: None}, data=_commanded(act, roles))


def _commanded(act: Act, roles: dict[WorkspaceMembership, WorkspaceRole]) -> dict[str, Any]:
    """What the product needs to do the same: its own ids, and the instant that its next push must not lie before."""
    members = [{"person": m.person.external_id, "role": role.value} for m, role in roles.items()]
    return {"members": members, "changed_at": act.now.isoformat()}


def _set_role(act: Act, membership: WorkspaceMembership, role: WorkspaceRole) -> Change:
    """The change says whose role it is, by reference, so that the name can be erased."""
    person = membership.person
    store.memberships.command([{"workspace": membership.workspace, "person": person}], role, act.now)
    return Change("Role", membership.get_role_display(), str(role.label), who=person.name, who_ref=person.public_id)


class PartnerToggle(ActionForm):
    partner = forms.TypedChoiceField(
        label="This organisation is",
        choices=[("yes", "a partner"), ("no", "not a partner")],
        help_text="A partner's admins may create workspaces for external clients.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].initial = "no" if self.case.target.is_partner else "yes"


@action(
    key="tenants.organisation.set_partner",
    on=Organisation,
    form=PartnerToggle,
    label="Partner toggle…",
    group=Group.PARTNER,
    done="Partner mark changed",
    icon="affiliate",
    code="pt",
    formerly=("agency", "reseller", "make partner"),
    help="Lets the organisation's admins create workspaces for external clients, or stops that. Name the agreement.",
    when=(
        "When a partner agreement was signed, or has ended: it lets their admins make workspaces for external clients. "
        "It gives no discount and no commission: those are levers of their own."
    ),
    preview=lambda case, data: (
        [] if data["partner"] == "yes" else [Loss("Their admins can make no more workspaces for external clients.")]
    ),
    refused=lambda case, data: rules.why_not_partner(case.target.is_partner, data["partner"] == "yes"),
    event="organisation.partner_changed",
    inverse=("tenants.organisation.set_partner",),
)
def set_partner(act: Act, organisation: Organisation, data: Cleaned) -> Outcome:
    wanted = data["partner"] == "yes"
    before = "partner" if organisation.is_partner else "not a partner"
    store.organisations.set_partner(organisation, wanted, act.now)
    after = "partner" if wanted else "not a partner"
    undo = Undo("tenants.organisation.set_partner", {"partner": "no" if wanted else "yes"})
    sentence = f"{organisation.name} is now {'a partner' if wanted else after}."
    return Outcome(sentence, [Change("Partner", before, after)], data={"is_partner": wanted}, undo=undo)


class AddNote(ActionForm):
    text = forms.CharField(
        label="Note", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="For colleagues. It stays in the book for good, so write nothing about a person that may not stay.",
    )  # fmt: skip


def add_note(act: Act, target: Any, data: Cleaned) -> Outcome:
    return Outcome(f"Noted at {target}.", [Change("Note", "", data["text"], private=True)])


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

for _slug, _model, _when in NOTES:
    action(
        key=f"tenants.{_slug}.add_note",
        on=_model,
        form=AddNote,
        label="Add note…",
        group=Group.ATTENTION,
        done="Note added",
        icon="note",
        code="an",
        formerly=("comment", "remark"),
        help="Writes something down for colleagues; the customer never sees it.",
        when=_when,
        reason=Reason.NONE,
    )(add_note)

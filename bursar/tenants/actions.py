"""Targets and verbs of tenants."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import Own
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Loss, Outcome, Undo
from bursar.tenants import admins, notes, queries, rules, store, visibility
from bursar.tenants.models import BillingAccount, Organisation, Workspace

__all__ = ["admins", "notes", "visibility"]


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

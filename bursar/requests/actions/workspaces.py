"""A workspace that is made here and not in the product: live at once, commanded, reported back by the product's id."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Notice, Outcome, Topic
from bursar.core import naming
from bursar.core.ids import public_id
from bursar.tenants import store
from bursar.tenants.models import (
    BillingAccount,
    OrganisationMembership,
    Person,
    Scope,
    Visibility,
    Workspace,
    WorkspaceRole,
)
from bursar.tenants.queries import GOVERNING_ROLES
from bursar.tenants.rules import NAME_LENGTH


def _governors(case: Case) -> list[Person]:
    """Whoever owns or administers the organisation, and so may own a workspace of it."""
    rows = OrganisationMembership.objects.at(case.now).filter(
        organisation=case.target.organisation, role__in=GOVERNING_ROLES
    )
    found: list[Person] = case.once(
        "governors", lambda: [row.person for row in rows.select_related("person").order_by("valid_from", "id")]
    )
    return found


class CreateWorkspace(ActionForm):
    name = forms.CharField(label="Name", max_length=NAME_LENGTH)
    visibility = forms.ChoiceField(label="Visibility", choices=Visibility.choices)
    owner = forms.ChoiceField(label="Owner", help_text="An owner or admin of the organisation, by id.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ChoiceField)
        owner.choices = [(person.public_id, person.name) for person in _governors(self.case)]


def _why_no_workspace(case: Case) -> str | None:
    if case.target.scope != Scope.ORGANISATION:
        return "This account pays for one workspace only. New ones draw on the organisation's pooled account."
    if case.target.organisation.deleted_at is not None:
        return "The organisation was deleted."
    return None if _governors(case) else "The organisation has no owner or admin who could own a workspace."


@action(
    key="requests.account.create_workspace",
    on=BillingAccount,
    form=CreateWorkspace,
    label="Create workspace",
    done="Workspace created",
    icon="square-plus",
    help="Makes an internal workspace here and tells the product, which reports its own id back.",
    when="It is done by approving a request for a new workspace. Customers make their own in the product.",
    customer_visible=True,
    concerns_money=False,
    blocked=_why_no_workspace,
    tell=(Notice.BILLING,),
    topic=Topic.PEOPLE,
    event="workspace.created_here",
    in_menu=False,
)
def create_workspace(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    own_id = public_id("wsp")
    owner = next(person for person in _governors(act.case) if person.public_id == data["owner"])
    made = Workspace(
        public_id=own_id,
        external_id=own_id,
        organisation=account.organisation,
        name=data["name"],
        visibility=data["visibility"],
        created_at=act.now,
        changed_at=act.now,
        here_from=act.now,
    )
    store.workspaces.make([made])
    store.memberships.command([{"workspace": made, "person": owner}], WorkspaceRole.OWNER, act.now)
    changes = [
        Change("Workspace", "", made.name),
        Change("Visibility", "", made.get_visibility_display()),
        Change("Owner", "", owner.name, after_ref=owner.public_id),
    ]
    told = {
        "bursar_id": own_id,
        "organisation": account.organisation.external_id,
        "name": made.name,
        "type": made.kind,
        "visibility": made.visibility,
        "owner": owner.external_id,
    }
    sentence = f"The workspace {made.name} is made; {naming.of(owner)} owns it."
    return Outcome(sentence, changes, {account.pk: None}, data=told, touches=[own_id])

"""Workspaces for external clients: a partner makes one on its own pages, and staff turn an internal one into one."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q

from bursar.access.rights import Own
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import (
    ActionForm,
    Case,
    Change,
    Cleaned,
    DayInput,
    Group,
    Loss,
    Notice,
    Outcome,
    Reason,
    Topic,
    Touched,
)
from bursar.billing.seller import seller_day, start_of
from bursar.core.days import say_day
from bursar.core.ids import public_id
from bursar.plans.queries import load_account
from bursar.plans.rules import has_way_of_paying
from bursar.tenants import rules, store
from bursar.tenants.models import (
    InvitationState,
    Kind,
    Organisation,
    Person,
    Visibility,
    Workspace,
    WorkspaceMembership,
    WorkspaceRole,
)
from bursar.tenants.rules import NAME_LENGTH

UNKNOWN = "No organisation is known by this id. The product makes the client's organisation first."
NO_PARTNER = "Only a partner makes workspaces for external clients."
PAYS = "Its account pays, or is managed: what was bought would not go over to the account that it gets."


class ClientForm(ActionForm):
    data_owner = forms.CharField(
        label="Client's organisation", max_length=100, help_text="Whose data it holds: its id in the product, or here."
    )
    data_owner_email = forms.EmailField(
        label="Client's e-mail", help_text="Of whoever answers for the data there; they are invited as observer."
    )

    def clean_data_owner(self) -> str:
        asked: str = self.cleaned_data["data_owner"].strip()
        if _find(asked) is None:
            raise forms.ValidationError(UNKNOWN)
        return asked


def _find(asked: str) -> Organisation | None:
    known = Organisation.objects.filter(Q(external_id=asked) | Q(public_id=asked), deleted_at=None)
    return known.first()


class CreateForm(ClientForm):
    name = forms.CharField(label="Name", max_length=NAME_LENGTH)
    visibility = forms.ChoiceField(label="Visibility", choices=Visibility.choices, initial=Visibility.PRIVATE)
    agreement = forms.BooleanField(
        label=f"The client agreed, and our partner agreement with {settings.BURSAR_COMPANY_NAME} holds here"
    )
    field_order = ("name", "visibility")


def _why_no_partner(case: Case) -> str | None:
    organisation: Organisation = case.target
    if organisation.deleted_at is not None:
        return rules.why_not_in_ended(organisation.name)
    return None if organisation.is_partner else NO_PARTNER


def _why_not_owner(organisation: Organisation, asked: str) -> str | None:
    owner = _find(asked)
    assert owner is not None
    return rules.why_not_for_client(organisation.name, organisation.is_partner, organisation.pk, owner.pk)


def _invite(act: Act, workspace: Workspace, email: str) -> str:
    """The client's own person as observer. Returns the invitation's id, by which the product makes it too."""
    made = public_id("ivt")
    values = {
        "email": email.lower(), "role": WorkspaceRole.OBSERVER.value, "invited_by_id": act.actor.person_id,
        "invited_at": act.now, "state": InvitationState.PENDING.value,
    }  # fmt: skip
    store.invitations.make(made, workspace, values, act.now)
    return made


def _tell(workspace: Workspace, owner: Organisation, invitation: str) -> dict[str, Any]:
    """For programs; the address of whom they invite is asked for by the invitation's id."""
    return {
        "bursar_id": workspace.public_id, "organisation": workspace.organisation.external_id, "name": workspace.name,
        "type": workspace.kind, "visibility": workspace.visibility, "data_owner": owner.external_id,
        "invitation": invitation,
    }  # fmt: skip


@action(
    key="partners.organisation.create_client_workspace",
    on=Organisation,
    form=CreateForm,
    label="Create client workspace…",
    instead="Write to us when it was made by mistake.",
    done="Client workspace created",
    icon="square-plus",
    help="Makes a workspace for a client of yours, with an account of its own that your organisation pays. You own it; "
    "the client's data stays theirs, and they are invited to watch.",
    when="For partners: owners and admins of the organisation. The client's organisation has to be known already.",
    permission=Own.ADD_WORKSPACE,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    message=Reason.NONE,
    blocked=_why_no_partner,
    refused=lambda case, data: _why_not_owner(case.target, data["data_owner"]),
    tell=(Notice.MANAGER,),
    topic=Topic.PEOPLE,
    event="workspace.client_created_here",
    in_menu=False,
)
def create_client_workspace(act: Act, organisation: Organisation, data: Cleaned) -> Outcome:
    owner, own_id = _find(data["data_owner"]), public_id("wsp")
    assert owner is not None and act.actor.person_id is not None
    made = Workspace(
        public_id=own_id, external_id=own_id, organisation=organisation, name=data["name"],
        visibility=data["visibility"], kind=Kind.EXTERNAL_CLIENT, data_owner=owner,
        data_owner_email=data["data_owner_email"].lower(), agreement_accepted_at=act.now, created_at=act.now,
        changed_at=act.now, here_from=act.now,
    )  # fmt: skip
    store.workspaces.make([made])
    by = Person.objects.get(pk=act.actor.person_id)
    store.memberships.command([{"workspace": made, "person": by}], WorkspaceRole.OWNER, act.now)
    told = _tell(made, owner, _invite(act, made, data["data_owner_email"]))
    changes = [
        Change("Workspace", "", made.name),
        Change("For", "", owner.name),
        Change("Visibility", "", made.get_visibility_display()),
    ]
    sentence = f"The workspace {made.name} for {owner.name} is made. {organisation.name} pays for it."
    touched: Touched = {made.account_id: None}
    return Outcome(sentence, changes, touched, data={**told, "owner": by.external_id}, touches=[own_id])


class ExternalForm(ClientForm):
    accepted_on = forms.DateField(
        label="Agreement accepted on", widget=DayInput(), help_text="When the partner accepted it for this client."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accepted_on"].initial = seller_day(self.case.now)

    def clean_accepted_on(self) -> date:
        day: date = self.cleaned_data["accepted_on"]
        if day > seller_day(self.case.now):
            raise forms.ValidationError("It was accepted today at the latest.")
        return day


def _why_not_external(case: Case) -> str | None:
    workspace: Workspace = case.target
    if workspace.deleted_at is not None:
        return "The workspace was deleted."
    if workspace.kind == Kind.EXTERNAL_CLIENT:
        return "It is a workspace for an external client already."
    if not workspace.organisation.is_partner:
        return f"{NO_PARTNER} {workspace.organisation.name} is none."
    return PAYS if has_way_of_paying(load_account(workspace.account_id), case.now) else None


def _foresee_external(case: Case, data: Cleaned) -> list[str]:
    seats = WorkspaceMembership.objects.at(case.now).filter(workspace=case.target, is_support=False).count()
    return [
        Loss("It leaves the account that it shares, and is never internal again."),
        f"{seats} people sit in it, and stay.",
    ]


@action(
    key="partners.workspace.make_external",
    on=Workspace,
    form=ExternalForm,
    label="Make external-client…",
    instead="An external-client workspace stays one; hand it off when the client takes it over.",
    group=Group.PARTNER,
    done="Made a workspace for an external client",
    icon="building-bridge",
    code="me",
    formerly=("client workspace", "agency"),
    help="Turns an internal workspace of a partner into one for an external client: it names whose data it holds, and "
    "draws on an account of its own.",
    when="When a partner began a client's work in a workspace of its own. New ones partners make by themselves. Not "
    "while its account pays.",
    customer_visible=True,
    concerns_money=False,
    blocked=_why_not_external,
    refused=lambda case, data: _why_not_owner(case.target.organisation, data["data_owner"]),
    preview=_foresee_external,
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.PEOPLE,
    event="workspace.made_external",
)
def make_external(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    owner, before = _find(data["data_owner"]), workspace.account_id
    assert owner is not None
    store.workspaces.make_external(
        workspace, owner, data["data_owner_email"].lower(), start_of(data["accepted_on"]), act.now
    )
    told = _tell(workspace, owner, _invite(act, workspace, data["data_owner_email"]))
    changes = [
        Change("Kind", "internal", "external client"),
        Change("For", "", owner.name),
        Change("Agreement accepted", "", say_day(data["accepted_on"])),
    ]
    touched: Touched = {before: None, workspace.account_id: None}
    return Outcome(f"{workspace.name} is a workspace for {owner.name} now.", changes, touched, data=told)

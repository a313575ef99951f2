"""Who of an organisation finds a workspace: the product owns it, and staff may command it."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Notice, Outcome, Topic, Undo
from bursar.tenants import rules, store
from bursar.tenants.models import Visibility, Workspace


class SetVisibility(ActionForm):
    visibility = forms.ChoiceField(label="Visibility", choices=Visibility.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leave_open("visibility")


def _why_no_visibility(case: Case) -> str | None:
    return "The workspace was deleted." if case.target.deleted_at is not None else None


@action(
    key="tenants.workspace.set_visibility",
    on=Workspace,
    form=SetVisibility,
    label="Set visibility…",
    group=Group.PEOPLE,
    done="Visibility changed",
    icon="eye",
    code="sv",
    formerly=("public", "private", "unlisted", "hide"),
    help="Says who of the organisation finds the workspace: it holds here at once, and the product is told to follow.",
    when=(
        "When the people concerned cannot change it in the product themselves, such as after their admin has left. It "
        "lets nobody in and takes nobody out: who sits there stays."
    ),
    permission=Right.SET_VISIBILITY,
    customer_visible=True,
    concerns_money=False,
    blocked=_why_no_visibility,
    refused=lambda case, data: rules.why_not_visible(
        case.target.visibility, data["visibility"], case.target.get_visibility_display()
    ),
    tell=(Notice.WORKSPACE_ADMINS,),
    topic=Topic.PEOPLE,
    event="workspace.visibility_changed",
    inverse=("tenants.workspace.set_visibility",),
)
def set_visibility(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    before, words = workspace.visibility, workspace.get_visibility_display()
    store.workspaces.set_visibility(workspace, Visibility(data["visibility"]), act.now)
    told = {"visibility_before": before, "visibility": workspace.visibility, "changed_at": act.now.isoformat()}
    return Outcome(
        f"{workspace.name} is {workspace.get_visibility_display()} now.",
        [Change("Visibility", words, workspace.get_visibility_display())],
        {workspace.account_id: None},
        data=told,
        undo=Undo("tenants.workspace.set_visibility", {"visibility": before}),
    )

"""Whose story it is: what the rooms filter their rows by."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from bursar.tenants.models import BillingAccount, Organisation, Person, Workspace


def of_account(target: Any, path: str = "account") -> Q:
    """Of rows that lead to an account: those of this one, or of all that an organisation has."""
    if isinstance(target, BillingAccount):
        return Q(**{path: target})
    if isinstance(target, Organisation):
        return Q(**{f"{path}__organisation": target})
    raise LookupError(f"No accounts belong to a {type(target).__name__}.")


def whose(account: BillingAccount | None, target: Any) -> str:
    """Which account, where the story is not its own."""
    return str(account) if account and str(account) != str(target) else ""


def of_workspace(target: Any, path: str = "workspace") -> Q:
    """Of rows that lead to a workspace: this one's, or those of an account's or an organisation's workspaces."""
    if isinstance(target, Workspace):
        return Q(**{path: target})
    if isinstance(target, BillingAccount):
        return Q(**{f"{path}__account": target})
    if isinstance(target, Organisation):
        return Q(**{f"{path}__organisation": target})
    raise LookupError(f"No workspaces belong to a {type(target).__name__}.")


def list_workspace_ids(target: Any) -> list[int]:
    """The workspace itself, or all of an account's or an organisation's, those that are gone too."""
    if isinstance(target, Workspace):
        return [target.pk]
    own = Q(account=target) if isinstance(target, BillingAccount) else Q(organisation=target)
    return list(Workspace.objects.filter(own).values_list("pk", flat=True))


def of_asker(target: Any) -> Q:
    """Of requests: a person's own, or about the thing; what is not made yet is asked of the organisation."""
    if isinstance(target, Person):
        return Q(requester=target)
    found = of_workspace(target)
    if isinstance(target, BillingAccount):
        found |= Q(workspace=None, organisation=target.organisation_id)
    if isinstance(target, Organisation):
        found |= Q(workspace=None, organisation=target)
    return found

"""Finds what the lines of a batch name by external id, in a handful of queries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bursar.core import locks
from bursar.product.records import OrganisationRecord, WorkspaceRecord
from bursar.product.records.shared import AccountRef
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount, Organisation, Person, Scope, Workspace
from bursar.tenants.store import accounts

TURNSTILE = "what the product says"
ORGANISATIONS = ("organisation", "data_owner", "partner")
PEOPLE = ("person", "creator", "invited_by")
COLLEAGUES = ("staff", "granted_by", "trainer")


def hold_what_they_name(records: list[Any]) -> None:
    """One batch at a time, of a file or of a push; then the accounts that it may touch, by id, as every action does."""
    locks.hold(TURNSTILE)
    refs = [r.account for r in records if isinstance(getattr(r, "account", None), AccountRef)]
    workspaces = {getattr(r, "workspace", None) for r in records} | {ref.workspace for ref in refs}
    workspaces |= {r.external_id for r in records if isinstance(r, WorkspaceRecord)}
    organisations = {getattr(r, "organisation", None) for r in records} | {ref.organisation for ref in refs}
    organisations |= {r.external_id for r in records if isinstance(r, OrganisationRecord)}
    accounts.hold(accounts.list_concerned(workspaces, (), organisations))


class Lookup:
    """Keys of rows by external id (staff: by address)."""

    def __init__(self, records: list[Any]) -> None:
        refs = [r.account for r in records if isinstance(getattr(r, "account", None), AccountRef)]
        named = [getattr(r, name, None) for r in records for name in ORGANISATIONS]
        ending = [r.external_id for r in records if isinstance(r, OrganisationRecord)]
        self.organisations = _keys(Organisation, [*named, *ending, *[ref.organisation for ref in refs]])
        workspaces = [*[getattr(r, "workspace", None) for r in records], *[ref.workspace for ref in refs]]
        rows = Workspace.objects.filter(external_id__in={w for w in workspaces if w})
        found = list(rows.values_list("external_id", "id", "account_id", "account__scope"))
        self.workspaces: dict[str, int] = {external: pk for external, pk, _, _ in found}
        self._own = {external: payer for external, _, payer, scope in found if scope == Scope.WORKSPACE}
        self.people = _keys(Person, [getattr(r, name, None) for r in records for name in PEOPLE])
        mails = {str(m).lower() for r in records for name in COLLEAGUES if (m := getattr(r, name, None))}
        staff = StaffMember.objects.filter(user__email__in=mails).values_list("user__email", "id")
        self.staff: dict[str | None, int] = dict(staff)
        pooled = BillingAccount.objects.filter(
            organisation_id__in=self.organisations.values(), scope=Scope.ORGANISATION
        )
        self._pooled = dict(pooled.values_list("organisation__external_id", "id"))

    def account(self, ref: AccountRef) -> int:
        if ref.organisation is not None:
            return self._pooled[ref.organisation]
        assert ref.workspace is not None
        return self._own[ref.workspace]

    def why_not(self, record: Any) -> str | None:
        """The first thing the line names that does not exist."""
        known: dict[str, dict[Any, int]] = {
            **dict.fromkeys(ORGANISATIONS, self.organisations), "workspace": self.workspaces,
            **dict.fromkeys(PEOPLE, self.people),
        }  # fmt: skip
        for name, keys in known.items():
            value = getattr(record, name, None)
            if value is not None and value not in keys:
                return f"there is no {_word_for(name)} “{value}”"
        for name in COLLEAGUES:
            value = getattr(record, name, None)
            if value is not None and value.lower() not in self.staff:
                return f"nobody on the staff has the address “{value}”"
        ref = getattr(record, "account", None)
        return self._why_no_account(ref) if isinstance(ref, AccountRef) else None

    def _why_no_account(self, ref: AccountRef) -> str | None:
        if ref.organisation is not None and ref.organisation not in self._pooled:
            return f"the organisation “{ref.organisation}” has no account: it needs a workspace first"
        if ref.workspace is not None and ref.workspace not in self._own:
            return f"the workspace “{ref.workspace}” has no account of its own"
        return None


def _word_for(name: str) -> str:
    return "person" if name == "invited_by" else name.replace("_", " ")


def _keys(model: Any, names: Iterable[str | None]) -> dict[str | None, int]:
    rows = model.objects.filter(external_id__in={name for name in names if name})
    return dict(rows.values_list("external_id", "id"))

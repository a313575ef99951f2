"""What the writers of pushed items share: what became of one, and whom or what it names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from bursar.core.registry import Registry
from bursar.product.pushed import OrganisationItem, WorkspaceItem
from bursar.product.records.shared import kind_of
from bursar.tenants import store
from bursar.tenants.models import Organisation, Person, Workspace

STALE = " What else it says is older than what is stored."


class NotPossible(Exception):
    """This item cannot be taken; the text says why. The others are."""


@dataclass
class Result:
    """`what`: created, updated, unchanged, stale or refused. `overruled`: a staff command that the push undid.

    `ends`: when an organisation is to end, None: it is not; it holds once the whole batch is written.
    """

    what: str
    sentence: str = ""
    accounts: set[int] = field(default_factory=set)
    overruled: str = ""
    ends: dict[int, datetime | None] = field(default_factory=dict)


Writer = Callable[[Any, datetime], Result]
WRITERS: Registry[Writer] = Registry("writer of pushed items")


def writes(model: type[BaseModel]) -> Callable[[Writer], Writer]:
    def register(function: Writer) -> Writer:
        return WRITERS.add(kind_of(model), function)

    return register


def is_stale(row: Any, item: Any) -> bool:
    """What is stored as newer stays."""
    return row.changed_at is not None and item.changed_at < row.changed_at


def say_moved(moved: bool) -> str:
    return "updated" if moved else "unchanged"


def report_adopted(row: Organisation | Workspace, more: str = "") -> Result:
    accounts = {row.account_id} if isinstance(row, Workspace) else set()
    return Result("updated", f"It goes by the product's id from now on.{more}", accounts=accounts)


def adopt(model: type[Organisation] | type[Workspace], item: OrganisationItem | WorkspaceItem) -> bool:
    """Gives what was made here the product's own id. False when it has it already."""
    if not item.bursar_id:
        return False
    rows: Any = model._default_manager
    row = rows.select_for_update(no_key=True, of=("self",)).filter(public_id=item.bursar_id).first()
    if row is None:
        raise NotPossible(f"There is no {model._meta.verbose_name} “{item.bursar_id}” here.")
    if row.external_id == item.external_id and not row.awaits_product:
        return False
    if not row.awaits_product:
        raise NotPossible(f"“{item.bursar_id}” goes by the product's id “{row.external_id}” already.")
    if rows.filter(external_id=item.external_id).exclude(pk=row.pk).exists():
        raise NotPossible(f"“{item.external_id}” is the id of another {model._meta.verbose_name} already.")
    store.handing.adopt(row, item.external_id)
    return True


def find_organisation(external_id: str) -> Organisation:
    found = Organisation.objects.filter(external_id=external_id).first()
    if found is None:
        raise NotPossible(f"There is no organisation “{external_id}”.")
    return found


def find_person(external_id: str) -> Person:
    found = Person.objects.filter(external_id=external_id).first()
    if found is None:
        raise NotPossible(f"There is no person “{external_id}”.")
    return found

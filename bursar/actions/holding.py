"""What the door locks: the accounts in id order, then the targets; everywhere in this order (decision 23)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from bursar.actions.registry import target_of
from bursar.actions.request import Request
from bursar.actions.spec import Case


def list_further(request: Request, target: Any, now: datetime) -> list[int]:
    """Accounts beside the target's own; the data is not checked yet."""
    locks = request.action.locks
    return list(locks(Case(request.actor, target, now), request.data)) if locks else []


def list_accounts(target: Any, further: Collection[int]) -> list[int]:
    return sorted({*target_of(target).accounts(target), *further})


def lock(targets: Sequence[Any], further: Collection[int]) -> datetime:
    """All of one kind. Returns the instant of the action: it never steps back."""
    kind = target_of(targets[0])
    moment = kind.lock(sorted({pk for target in targets for pk in list_accounts(target, further)}))
    if hasattr(targets[0], "_meta") and not kind.is_account:
        keys = [target.pk for target in targets]
        rows = type(targets[0])._base_manager.filter(pk__in=keys).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))
    return moment

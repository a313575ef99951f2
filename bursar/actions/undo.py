"""Taking an action back: an offer is kept beside its line, and holds while nothing of its kind was done since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet

from bursar.actions.models import UndoOffer
from bursar.actions.registry import ACTIONS
from bursar.actions.request import Request
from bursar.actions.spec import Action, Case, Outcome
from bursar.audit import queries as book
from bursar.audit.links import refers_to_lines
from bursar.core.errors import Refused

OFFERED_FOR = timedelta(hours=24)
refers_to_lines("offers to undo", lambda: UndoOffer.objects.annotate(book_line=F("line_id")))


def offer(action: Action, target_id: str, outcome: Outcome, now: datetime) -> None:
    """Keeps what the verb said would take it back. Raises RuntimeError for an action that is no declared inverse."""
    if outcome.undo is None:
        return
    if outcome.undo.key not in action.inverse:
        raise RuntimeError(f"{action.key} offers {outcome.undo.key} as its undo and does not declare it.")
    UndoOffer.objects.create(
        line_id=outcome.line_id,
        of_key=action.key,
        target_id=target_id,
        key=outcome.undo.key,
        data=outcome.undo.data,
        created_at=now,
    )


def get_offer(target_id: str, now: datetime) -> UndoOffer | None:
    """The newest action on this target that can still be taken back."""
    made = UndoOffer.objects.filter(target_id=target_id, created_at__gt=now - OFFERED_FOR).order_by("-id").first()
    return made if made is not None and _newer_line(made) is None else None


def find_offer(line_id: str, target_id: str, key: str) -> UndoOffer | None:
    return UndoOffer.objects.filter(line_id=line_id, target_id=target_id, key=key).first()


def check(request: Request, case: Case) -> None:
    """Raises Refused unless the target still stands as the action to be undone left it."""
    made = find_offer(request.undoes, case.target.public_id, request.action.key)
    if made is None:
        raise Refused("There is nothing to undo under this address.")
    if case.now - made.created_at > OFFERED_FOR:
        raise Refused("An action can be undone for 24 hours. Use the lever itself now.")
    newer = _newer_line(made)
    if newer is not None:
        raise Refused(f"“{newer.label}” was done here since. Look at the row again, then decide.")


def _newer_line(made: UndoOffer) -> Any:
    """A later line about this target, by the same action or one of its inverses."""
    family = {made.of_key, made.key, *ACTIONS[made.of_key].inverse}
    lines = book.list_timeline(made.target_id).filter(target_id=made.target_id, key__in=family)
    newest = lines.first()
    return newest if newest is not None and newest.public_id != made.line_id else None


def list_old(now: datetime) -> QuerySet[UndoOffer]:
    """Offers that ran out at least as long ago again, so that nobody has them on screen any more."""
    return UndoOffer.objects.filter(created_at__lt=now - 2 * OFFERED_FOR)

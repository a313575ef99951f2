"""Taking an action back: an offer is kept beside its line, and holds while the target stands as the action left it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django import forms
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast

from bursar.actions.models import UndoOffer
from bursar.actions.registry import ACTIONS
from bursar.actions.request import Request
from bursar.actions.spec import Action, ActionForm, Case, Outcome, Undo
from bursar.audit.links import refers_to_lines
from bursar.audit.models import AuditLine
from bursar.core.errors import NotFound, Refused

OFFERED_FOR = timedelta(hours=24)
GONE_ON = "What stands there changed since, and not by this action. Look at the row again, then decide."
refers_to_lines("offers to undo", lambda: UndoOffer.objects.annotate(book_line=F("line_id")))


class WayBack(ActionForm):
    """Of an action that only takes another back (`way_back`): what was before is in the offer, and not filled in."""

    line = forms.CharField(
        label="What is taken back", max_length=24, widget=forms.HiddenInput,
        help_text="The id of its line in the book; `GET /api/v1/undo` lists them.",
    )  # fmt: skip


def offer(request: Request, case: Case, outcome: Outcome) -> None:
    """Keeps what the verb said would take it back. Raises RuntimeError for an action that is no declared inverse."""
    made = outcome.undo
    if made is None:
        return
    if made.key not in request.action.inverse:
        raise RuntimeError(f"{request.action.key} offers {made.key} as its undo and does not declare it.")
    kept = UndoOffer.objects.create(
        line_id=outcome.line_id,
        of_key=request.action.key,
        target_id=case.target.public_id,
        key=made.key,
        data=made.data,
        left=made.left,
        actor_id=request.actor.id,
        group=outcome.group,
        created_at=case.now,
    )
    outcome.undo = Undo(made.key, fill(kept))


def fill(made: UndoOffer) -> dict[str, Any]:
    """What the form of the inverse is filled in with."""
    return {"line": made.line_id} if ACTIONS[made.key].way_back else made.data


def line_of(action: Action, undoes: str, data: Mapping[str, Any]) -> str:
    """The id of the line that is taken back: a way back names it in its own data."""
    return undoes or (str(data.get("line", ""))[:24] if action.way_back else "")


def list_newest_offers(target_ids: Iterable[str], now: datetime) -> dict[str, UndoOffer]:
    """The newest action on each of these targets, where it can still be taken back."""
    rows = UndoOffer.objects.filter(target_id__in=list(target_ids), created_at__gt=now - OFFERED_FOR)
    newest = list(rows.order_by("target_id", "-id").distinct("target_id"))
    overtaken = find_overtaken(newest)
    return {made.target_id: made for made in newest if made.line_id not in overtaken}


def find_offer(line_id: str, target_id: str, key: str) -> UndoOffer | None:
    return UndoOffer.objects.filter(line_id=line_id, target_id=target_id, key=key).first()


def find_offer_of(group: str, target_id: str) -> UndoOffer | None:
    """What takes back what one bulk run did to one target."""
    return UndoOffer.objects.filter(group=group, target_id=target_id).order_by("-id").first()


def offer_of(request: Request) -> UndoOffer:
    """For the verb of a way back: what it takes back. Raises NotFound."""
    made = find_offer(request.undoes, request.target_id, request.action.key)
    if made is None:
        raise NotFound
    return made


def check(request: Request, case: Case) -> None:
    """Raises Refused unless the target still stands as the action to be undone left it."""
    made = find_offer(request.undoes, case.target.public_id, request.action.key)
    if made is None or (request.action.way_back and request.data.get("line") != request.undoes):
        raise Refused("There is nothing to undo under this address.")
    if case.now - made.created_at > OFFERED_FOR:
        raise Refused("An action can be undone for 24 hours. Use the lever itself now.")
    if made.line_id in (overtaken := find_overtaken([made])):
        newer = overtaken[made.line_id]
        raise Refused(f"“{newer.label}” was done here since. Look at the row again, then decide." if newer else GONE_ON)


@cache
def family_of(key: str) -> frozenset[str]:
    """The actions of which a later one overtakes an offer of this one: itself, its ways back, and what shares them."""
    back = set(ACTIONS[key].inverse)
    near = {other.key for other in ACTIONS.values() if key in other.inverse or back & set(other.inverse)}
    return frozenset({key, *back, *near})


def find_overtaken(made: Sequence[UndoOffer]) -> dict[str, AuditLine | None]:
    """Of these offers those that hold no more, by the id of their line: the line that came since, the one that took it
    back before others; None where something else moved on. One statement for all, and one a kind of state.
    """
    found: dict[str, AuditLine | None] = dict.fromkeys(_find_moved_on(made))
    lines = _list_later(made)
    for one in made:
        family = {one.key, *family_of(one.of_key)}
        own = next((n for n, line in enumerate(lines[one.target_id]) if line.public_id == one.line_id), -1)
        later = [line for line in lines[one.target_id][own + 1 :] if line.key in family]
        if later:
            found[one.line_id] = next((line for line in later if one.line_id in line.touches), later[-1])
    return found


def _list_later(made: Sequence[UndoOffer]) -> dict[str, list[AuditLine]]:
    """Lines about these targets since the first of the offers, oldest first, by target."""
    lines: dict[str, list[AuditLine]] = defaultdict(list)
    if made:
        ids = list({one.target_id for one in made})
        keys = {key for one in made for key in (one.key, *family_of(one.of_key))}
        since = min(one.created_at for one in made)
        rows = AuditLine.objects.filter(touches__overlap=ids, target_id__in=ids, key__in=keys, at__gte=since)
        for line in rows.order_by("at", "id"):
            lines[line.target_id].append(line)
    return lines


def _find_moved_on(made: Sequence[UndoOffer]) -> set[str]:
    """What the clock, the product or another lever changed since, where the way back can tell."""
    by_key: dict[str, list[UndoOffer]] = defaultdict(list)
    for one in made:
        by_key[one.key].append(one)
    asked = ((ACTIONS[key].moved_on, some) for key, some in by_key.items())
    return {line for moved_on, some in asked if moved_on is not None for line in moved_on(some)}


def moved_from(load: Callable[[Collection[str]], Mapping[str, Any]]) -> Callable[[Sequence[Any]], Collection[str]]:
    """For `Action.moved_on`: whatever stands otherwise than the action left it. `load`: of targets, by their public
    ids, what `Undo.left` has.
    """

    def find(offers: Sequence[UndoOffer]) -> Collection[str]:
        now = load({one.target_id for one in offers})
        return {one.line_id for one in offers if now.get(one.target_id) != one.left}

    return find


def drop(made: UndoOffer) -> None:
    """It can be taken back no more."""
    made.delete()


def forget(emails: Iterable[str]) -> None:
    """Offers that would bring back an address of somebody who is erased go."""
    rows = UndoOffer.objects.annotate(kept=Cast("data", TextField()), was_left=Cast("left", TextField()))
    held = Q(pk__in=[])
    for email in emails:
        written = json.dumps(email, ensure_ascii=False)
        held |= Q(kept__icontains=written) | Q(was_left__icontains=written)
    rows.filter(held).delete()


def list_offers(now: datetime, *, by: str = "", before: int | None = None) -> QuerySet[UndoOffer]:
    """All that are not over by the clock, newest first. `by`: an actor's id. `before`: older than this offer's key."""
    found = UndoOffer.objects.filter(created_at__gt=now - OFFERED_FOR).order_by("-id")
    found = found.filter(actor_id=by) if by else found
    return found.filter(pk__lt=before) if before is not None else found


def list_old(now: datetime) -> QuerySet[UndoOffer]:
    """Offers that ran out at least as long ago again, so that nobody has them on screen any more."""
    return UndoOffer.objects.filter(created_at__lt=now - 2 * OFFERED_FOR)

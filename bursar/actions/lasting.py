"""How an action is taken back: undone for a day, by its opposite, or not at all; and what no undo calls back."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from bursar.access.actor import ActorKind
from bursar.access.rights import Own
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Action, Case, Notice, Outcome
from bursar.actions.undo import OFFERED_FOR
from bursar.core.days import say_instant
from bursar.core.words import list_words

_TOLD = {
    Notice.WORKSPACE_ADMINS: "the workspace's admins",
    Notice.BILLING: "billing people",
    Notice.ORGANISATION_ADMINS: "those who run the organisation",
    Notice.REQUESTER: "whoever asked",
    Notice.OWN_PEOPLE: "the workspace's own people",
    Notice.FORMER: "those whom it leaves",
}


class Ending(NamedTuple):
    """`label`, `url`: the opposite, where its dialog opens for the same target; the sentence ends before its name.

    `is_final`: neither undo nor another lever brings back what was.
    """

    sentence: str
    label: str = ""
    url: str = ""
    is_final: bool = False


def find_ending(action: Action, case: Case, outcome: Outcome | None) -> Ending | None:
    """`outcome`: of the rehearsal; None while the form is not whole. Returns None where nothing is to be taken back."""
    if outcome is not None and outcome.waits:
        return Ending("Nothing is done before a second person decides; until then it can be withdrawn.")
    if outcome is not None and outcome.undo is not None:
        return Ending(f"It can be undone until {say_instant(case.now + OFFERED_FOR)}.")
    if outcome is None and action.inverse:
        return Ending(f"It can be undone for {OFFERED_FOR.total_seconds() / 3600:.0f} hours.")
    opposite = _find_opposite(action)
    cannot = "This time it cannot be undone" if action.inverse else "It cannot be undone"
    if opposite is action:
        return Ending(f"{cannot}; the same lever sets it back.")
    if opposite is not None and case.actor.kind is ActorKind.CUSTOMER and opposite.permission not in Own.values:
        return Ending(f"{cannot} by you. Tell us, and we do the opposite.")
    if opposite is not None:
        url = _address(opposite, case) if opposite.target_slug == action.target_slug else ""
        return Ending(f"{cannot}; the opposite is", opposite.title, url)
    if action.is_harmless:
        return Ending(f"There is nothing to undo. {action.instead}")
    if action.instead:
        return Ending(f"{cannot}. {action.instead}", is_final=True)
    if action.way_back:
        return Ending("It cannot be undone; what it takes back can be done anew.")
    return Ending(f"{cannot}.", is_final=True) if action.inverse else None


def _find_opposite(action: Action) -> Action | None:
    """As declared, else an inverse that people reach for by themselves."""
    keys = [action.opposite] if action.opposite else sorted(action.inverse, key=lambda key: key == action.key)
    return next((ACTIONS[key] for key in keys if not ACTIONS[key].way_back), None)


def _address(action: Action, case: Case) -> str:
    where = "own_actions" if case.actor.kind is ActorKind.CUSTOMER else None
    return reverse(
        "actions:dialog", args=[action.target_slug, case.target.public_id, action.verb_name], current_app=where
    )


def say_mail(action: Action) -> str:
    """Whom of the customer's people it tells by mail; empty where none of them."""
    told = [_TOLD[notice] for notice in action.tell if notice in _TOLD]
    if not told:
        return ""
    how = "by mail at once" if action.topic.is_urgent else "by notice and mail, as each of them has chosen"
    return f"It tells {list_words(told)} {how}; that is not called back."

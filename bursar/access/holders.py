"""Whom to ask for a right: the sentence for a colleague who has not got it names those who have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.db import models

from bursar.access.actor import Actor, ActorKind
from bursar.access.rights import Right, explain_missing
from bursar.core.registry import Registry
from bursar.core.words import list_words

NAMED = 3
Holders = Mapping[str, Sequence[str]]

HOLDERS: Registry[Callable[[], Holders]] = Registry("list of holders")
"""By the room that knows them: the colleagues who hold each right, by their places in text (`core/naming.py`)."""


def load_holders() -> Holders:
    """In one statement for each list; there is one."""
    found: dict[str, list[str]] = {}
    for load in HOLDERS.values():
        for right, names in load().items():
            found.setdefault(right, []).extend(names)
    return found


def explain_to(
    actor: Actor, right: models.TextChoices, why: str = "", load: Callable[[], Holders] = load_holders
) -> str:
    """The sentence for whoever lacks the right. Only colleagues read who has it. `why`: what it is needed for here."""
    asked = say_holders(load(), right) if isinstance(right, Right) and actor.kind is ActorKind.STAFF else ""
    return " ".join(filter(None, [explain_missing(right), why, asked]))


def say_holders(holders: Holders, right: Right) -> str:
    """ "Iris and Noor have it." Where nobody has it: who could give it."""
    names = list(holders.get(right.value, ()))
    if not names:
        givers = list(holders.get(Right.MANAGE_STAFF.value, ()))[:NAMED]
        return f"Nobody has it at present; {list_words(givers)} can give it." if givers else ""
    more = len(names) - NAMED
    said = list_words([*names[:NAMED], *([f"{more} more"] if more > 0 else [])])
    return f"{said} {'has' if len(names) == 1 else 'have'} it."

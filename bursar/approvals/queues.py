"""What waits for a second person, of whatever kind: each room with a queue of its own brings its cards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse

from bursar.access.actor import Actor
from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.core.registry import Registry


@dataclass(frozen=True)
class Card:
    """One that waits, or was decided. `url`: its own page; `account_url`: empty where it is nobody's. `about`: a line
    on what it is for; `pairs`: further words, as (heading, text, whether it warns). `levers`: of `list_levers`.
    """

    id: str
    url: str
    amount: Decimal
    whose: str
    account_url: str
    about: str
    state: str
    waits: bool
    asked_by: str
    asked_at: datetime
    reason: str
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""
    pairs: tuple[tuple[str, str, bool], ...] = ()
    warning: str = ""
    levers: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Queue:
    """list_decided: newest first, that many at most."""

    count: Callable[[], int]
    list_waiting: Callable[[Actor, datetime], list[Card]]
    list_decided: Callable[[Actor, datetime, int], list[Card]]


QUEUES: Registry[Queue] = Registry("queue before a second person")
"""Registered with the pages; `config/urls.py` closes it."""


def list_levers(slug: str, keys: tuple[str, ...], case: Case) -> list[dict[str, Any]]:
    """Of what waits; the first is the one that does it."""
    return [
        {
            "label": ACTIONS[key].label,
            "url": reverse("actions:dialog", args=[slug, case.target.public_id, ACTIONS[key].verb_name]),
            "why_not": why_not(ACTIONS[key], case),
            "is_main": key == keys[0],
        }
        for key in keys
    ]

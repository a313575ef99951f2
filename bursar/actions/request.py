"""What is asked of the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.access.actor import Actor
from bursar.actions.spec import Action


@dataclass(frozen=True)
class Request:
    """What is asked of the door. `seen` is when the person looked: newer changes by others refuse the submit.

    `undoes` is the id of the book line that this takes back.
    """

    action: Action
    actor: Actor
    target_id: str
    data: Mapping[str, Any]
    reason: str = ""
    message: str = ""
    idempotency_key: str = ""
    group: str = ""
    seen: datetime | None = None
    undoes: str = ""

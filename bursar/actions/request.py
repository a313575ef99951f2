"""What is asked of the door."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.access.actor import Actor
from bursar.actions.spec import Action, Notice


@dataclass(frozen=True)
class Request:
    """What is asked of the door. `seen` is when the person looked: newer changes by others refuse the submit.

    `undoes` is the id of the book line that this takes back. `message_for_billing`: of a customer's people only those
    with billing rights read the message. `rehearsed`: it is rolled back, so nobody has to prove for it who they are.
    `is_approved`: somebody asked for it, and a second person has decided now that it is done.
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
    message_for_billing: bool = False
    rehearsed: bool = False
    is_approved: bool = False

    @property
    def message_is_narrow(self) -> bool:
        """Whether a line of this group at another place keeps the message to billing people: what was written about
        money, or to the one who asked, is not for every member there.
        """
        return self.message_for_billing or bool(self.action.concerns_money) or Notice.REQUESTER in self.action.tell

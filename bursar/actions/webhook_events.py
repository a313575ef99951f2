"""What an event is: what the product's systems are told by an outgoing webhook when an action happened.

Each room describes those that its actions send, in a file of this name; `bursar/webhooks/events.py` collects them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """`details`: name → an example; what is not named here is not told. `changes`: an example of them in words."""

    help: str
    details: dict[str, Any] = field(default_factory=dict)
    changes: tuple[tuple[str, str, str], ...] = ()
    of_workspace: bool = False
    of_account: bool = True

"""What speaks against asking for an invoice just now. Each room says what it knows: money under way, a bank line that
waits for somebody, a hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from bursar.core.registry import Registry

Obstacles = Callable[[Collection[int], datetime], Mapping[int, str]]
"""From keys of invoices and the time to a sentence for each that somebody should wait with."""

OBSTACLES: Registry[Obstacles] = Registry("obstacle to a reminder")


def list_obstacles(invoice_ids: Collection[int], now: datetime) -> dict[int, str]:
    """The first sentence for each; those that nothing speaks against are left out. One statement a kind."""
    found: dict[int, str] = {}
    for look in OBSTACLES.values():
        left = [pk for pk in invoice_ids if pk not in found]
        found |= look(left, now) if left else {}
    return found

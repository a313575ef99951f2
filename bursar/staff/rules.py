"""Who may change whom among the staff. Pure. DOMAIN 0 and 2."""

from __future__ import annotations

from collections.abc import Collection


def why_not_self(actor_staff_id: int | None, target_id: int) -> str | None:
    return "Nobody changes their own roles or access. Ask a colleague." if actor_staff_id == target_id else None


def why_not_lose_manager(managers: Collection[int], target_id: int) -> str | None:
    """`managers`: the active staff who hold manage_staff now, and will not after the change if it is `target_id`."""
    if set(managers) <= {target_id}:
        return "They are the last who can manage staff. Give that right to a colleague first."
    return None

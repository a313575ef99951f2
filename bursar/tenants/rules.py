"""Pure rules about people and workspaces (DOMAIN 1 and 2)."""

from __future__ import annotations

ADMINISTERING = frozenset({"owner", "admin"})
MAY_ADMINISTER = frozenset({"owner", "admin", "member", "billing"})


def why_not_change_admin(candidates: int) -> str | None:
    if candidates == 0:
        return "Nobody else could take over: it needs another direct member who is not external or observer."
    return None


def why_not_hand_over(new_role: str) -> str | None:
    """The new admin is promoted in the same step, so the workspace never lacks one."""
    if new_role in ADMINISTERING:
        return "That person administers the workspace already."
    return None


def why_not_partner(is_partner: bool, wanted: bool) -> str | None:
    if is_partner == wanted:
        return "It is a partner already." if is_partner else "It is no partner now."
    return None

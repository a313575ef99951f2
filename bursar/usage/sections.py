"""What usage shows on the page of one workspace."""

from __future__ import annotations

from typing import Any

from bursar.ui.sections import Look, Section
from bursar.usage.queries import Standing, get_recorded, get_standing


def standing_of(look: Look) -> Standing:
    """Read once a page."""
    return look.once("standing", lambda: get_standing(look.target, look.now))  # type: ignore[no-any-return]  # cached


def _shares(look: Look) -> dict[str, Any]:
    shares = get_recorded(look.target, standing_of(look), look.now).to_staff()
    return {"shares": shares, "person_url": "panel:person"}


WHO = Section("who", "Who recorded it", "usage/_shares.html", _shares)

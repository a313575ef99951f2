"""What every page about money says: whether money moves here."""

from __future__ import annotations

from typing import Any

from django import template

from bursar.payments import present

register = template.Library()


@register.inclusion_tag("payments/_mode.html")
def mollie_mode() -> dict[str, Any]:
    """In test mode no money moves, in live mode it does; without a key there are no payments."""
    return {"mode": present.mode()}

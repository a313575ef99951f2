"""What every page about money says: whether money moves here."""

from __future__ import annotations

from typing import Any

from django import template

from bursar.payments import present

register = template.Library()


@register.inclusion_tag("payments/_mode.html")
def mollie_mode(for_customer: bool = False) -> dict[str, Any]:
    """In test mode no money moves, in live mode it does; without a key there are no payments.

    Customers are told of test mode alone: what key there is, is no business of theirs.
    """
    mode = present.mode()
    return {"mode": mode, "is_hidden": for_customer and mode != "test"}

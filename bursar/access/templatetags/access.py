from __future__ import annotations

from typing import Any

from django import template

from bursar.access.holders import explain_to
from bursar.access.request import actor_of
from bursar.access.rights import Right
from bursar.core.naming import Said

register = template.Library()


@register.simple_tag(takes_context=True)
def missing_right(context: dict[str, Any], right: str) -> str:
    """The sentence for a reader without it, and whom to ask."""
    return Said(explain_to(actor_of(context["request"]), Right(right)))

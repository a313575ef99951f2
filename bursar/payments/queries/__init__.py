"""Reads of payments that other rooms and the actions here share."""

from bursar.payments.queries.basics import (
    foresee,
    get_meant,
    get_planned,
    get_usable_mandate,
    list_open,
)

__all__ = ["foresee", "get_meant", "get_planned", "get_usable_mandate", "list_open"]

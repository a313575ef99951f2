"""How an account pays, in words that stand once. Pure; `plans.models` makes its choices of them. DOMAIN 2."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """Who asks for the money: the customer at Mollie's checkout, or staff by invoice."""

    SELF_SERVE = "self_serve"
    MANAGED = "managed"


class Status(StrEnum):
    """Where a Mollie subscription stands; managed accounts have none."""

    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELLED = "cancelled"


class Source(StrEnum):
    """What a paid period was paid by."""

    MOLLIE = "mollie"
    MANAGED = "managed"

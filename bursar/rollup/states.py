"""The revenue classes, in words that stand once. Pure; `rollup.models` makes its choices of them. DOMAIN 4."""

from __future__ import annotations

from enum import StrEnum


class Klass(StrEnum):
    PAYING = "paying"
    MANAGED = "managed"
    TRIAL = "trial"
    COMPED = "comped"
    FREE = "free"


HOPED_FOR = (Klass.MANAGED, Klass.TRIAL)
"""Those whose price is potential."""

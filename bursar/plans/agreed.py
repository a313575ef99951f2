"""What rooms above agreed on about an account's discount: said before another one takes its place, or it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bursar.core.registry import Registry
from bursar.plans.models import Discount

Say = Callable[[Any, Discount], str]
"""Of an account and its present discount: a sentence, or nothing."""

AGREEMENTS: Registry[Say] = Registry("agreement on a discount")


def list_agreed(account: Any, present: Discount | None) -> list[str]:
    said = [say(account, present) for say in AGREEMENTS.values()] if present is not None else []
    return [sentence for sentence in said if sentence]

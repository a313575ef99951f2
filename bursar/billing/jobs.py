"""What the clock owes billing: fresh answers of the register, before anything is charged by an old one."""

from __future__ import annotations

from datetime import datetime

from bursar.billing.asking import ask_again
from bursar.core.ticks import tick


@tick("billing.ask_vies")
def ask_vies(now: datetime) -> None:
    ask_again(now)

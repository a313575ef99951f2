"""What is counted, and how near the cap a workspace is. Pure. Rules: DOMAIN 3."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

PACE_WINDOW = timedelta(days=14)
PACE_HORIZON = timedelta(days=7)
APPROACHING = Fraction(4, 5)
FUTURE_LIMIT = timedelta(hours=24)


@dataclass(frozen=True)
class CapState:
    """`key`: ok, approaching, at_cap or hard_blocked. `share`: per cent of the cap, at most 100."""

    key: str
    share: int

    @property
    def label(self) -> str:
        return {"ok": "", "approaching": "approaching cap", "at_cap": "at cap", "hard_blocked": "blocked"}[self.key]


def calc_cap_state(counted: int, cap: int | None, effect: str, recent: int = 0) -> CapState:
    """Seconds counted against a cap in seconds (None: unlimited); `recent`: counted in the last 14 days."""
    if cap is None:
        return CapState("ok", 0)
    share = min(100, counted * 100 // cap) if cap else 100
    if counted >= cap:
        return CapState("hard_blocked" if effect == "hard_block" else "at_cap", 100)
    pace = Fraction(recent, PACE_WINDOW.days) * PACE_HORIZON.days
    if counted >= APPROACHING * cap or (recent and counted + pace >= cap):
        return CapState("approaching", share)
    return CapState("ok", share)


@dataclass(frozen=True)
class Entitlement:
    tier: str
    cap_seconds: int | None
    counted_seconds: int
    may_record: bool
    uploads_locked: bool


def calc_entitlement(tier: str, cap: int | None, counted: int, effect: str) -> Entitlement:
    """Free at its cap: records on, uploads locked. Pilot at its cap: no recording, uploads locked too (DOMAIN 3)."""
    is_full = cap is not None and counted >= cap
    return Entitlement(
        tier=tier,
        cap_seconds=cap,
        counted_seconds=counted,
        may_record=not (is_full and effect == "hard_block"),
        uploads_locked=is_full,
    )


def why_not_reset(cap: int | None, counted: int) -> str | None:
    if cap is None:
        return "This tier has no cap, so there is nothing to reset."
    if counted == 0:
        return "Nothing is counted yet, so there is nothing to reset."
    return None

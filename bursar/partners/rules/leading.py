"""When a partner's client behaves like an owner: the signals, the strongest first. Pure. DOMAIN 9, decision 47."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

FOUNDED_WITHIN = timedelta(days=365)
INVITED_WITHIN = timedelta(days=90)
LOGINS_WITHIN = timedelta(days=30)
FEWEST_LOGINS = 5
"""A majority of fewer says nothing."""
NEAR_CAP = 80  # per cent
NEAR_EXPIRY = timedelta(days=60)


class Reason(StrEnum):
    """In order of strength."""

    FOUNDED = "founded"
    LEADS = "leads"
    INVITES = "invites"


LABELS = {
    Reason.FOUNDED: "made an organisation of its own",
    Reason.LEADS: "most logins are theirs",
    Reason.INVITES: "invites people",
}
STRENGTH = tuple(Reason)


@dataclass(frozen=True)
class Signal:
    """`evidence`: a sentence. `since`: when it began; None: nobody can say."""

    reason: Reason
    evidence: str
    since: datetime | None = None


def leads(own: int, whole: int) -> bool:
    """own, whole: logins of the last 30 days, of the client's people and of all who sit there."""
    return whole >= FEWEST_LOGINS and own * 2 > whole


def in_order(signals: list[Signal]) -> list[Signal]:
    """The strongest first; of one strength the newest."""
    return sorted(signals, key=lambda one: (STRENGTH.index(one.reason), -(one.since.timestamp() if one.since else 0)))


def is_worse(reason: str, than: str) -> bool:
    """Whether a signal is stronger than the one under which a row was put to rest."""
    known = [one.value for one in STRENGTH]
    return than not in known or known.index(reason) < known.index(than)


def is_near_cap(accrued: Decimal, cap: Decimal | None) -> bool:
    return cap is not None and accrued * 100 >= cap * NEAR_CAP

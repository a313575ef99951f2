"""What may be adjusted while it runs."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

from bursar.mollie_sim.schedule import MonthEnds

MOST = 1_000_000


@dataclass(frozen=True)
class Config:
    """month_ends: on which reading subscriptions charge. debit_days: business days until a direct debit is decided.

    mandate_days: business days until a new mandate is valid (0: at once). gives_up: Mollie ends a card's mandate after
    a chargeback, and a subscription after two failed debits in a row. balance: what refunds may take; None: enough.
    Webhooks leave `delay` seconds later, up to `jitter` more, each twice with the chance `twice`, never with the chance
    `lost`, in any order with `shuffled`, and not at all while `held`. With an events_url, events signed with
    events_secret go there too.
    """

    month_ends: MonthEnds = MonthEnds.SAME_DAY
    debit_days: int = 1
    mandate_days: int = 0
    gives_up: bool = True
    balance: Decimal | None = None
    delay: float = 0.0
    jitter: float = 0.0
    twice: float = 0.0
    lost: float = 0.0
    shuffled: bool = False
    held: bool = False
    events_url: str = ""
    events_secret: str = ""

    def changed(self, values: dict[str, Any]) -> Config:
        """Raises ValueError, naming it, for what does not exist or cannot be read."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        read: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"there is no “{name}”; there are {', '.join(known)}")
            read[name] = _read(name, value)
        return replace(self, **read)


def _read(name: str, value: Any) -> Any:
    try:
        if name == "month_ends":
            return MonthEnds(value)
        if name == "balance":
            return None if value is None else Decimal(str(value))
    except (ValueError, ArithmeticError):
        raise ValueError(f"“{value}” is no {name}") from None
    meant = type(getattr(Config, name))
    if meant is float and type(value) is int:
        value = float(value)
    if type(value) is not meant or (meant in (int, float) and not 0 <= value < MOST):
        raise ValueError(f"“{value}” is no {name}")
    return value

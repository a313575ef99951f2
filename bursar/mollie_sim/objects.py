"""What the simulator holds. Amounts are Decimal of one currency a payment; instants are aware."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bursar.mollie_sim.schedule import Interval

NOTHING = Decimal("0.00")
FINAL = frozenset({"paid", "canceled", "expired", "failed"})


@dataclass(frozen=True)
class Money:
    value: Decimal
    currency: str

    def of(self, value: Decimal) -> Money:
        return Money(value, self.currency)


@dataclass
class Customer:
    id: str
    mode: str
    created_at: datetime
    name: str | None = None
    email: str | None = None
    locale: str | None = None
    metadata: Any = None
    is_deleted: bool = False
    mandates: list[Mandate] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)


@dataclass
class Mandate:
    """next: how the next charges by it end, in order; after them all are paid. failures: of debits, in a row.

    valid_at: when one that is pending becomes valid by itself.
    """

    id: str
    mode: str
    customer_id: str
    method: str
    status: str
    created_at: datetime
    details: dict[str, Any]
    signed_on: date
    reference: str | None = None
    next: list[str] = field(default_factory=list)
    failures: int = 0
    valid_at: datetime | None = None


@dataclass
class Payment:
    """decided_at: when `outcome` comes true by itself. methods: what the customer may choose from; empty: all."""

    id: str
    mode: str
    created_at: datetime
    amount: Money
    description: str
    sequence: str
    status: str = "open"
    method: str | None = None
    methods: tuple[str, ...] = ()
    redirect_url: str | None = None
    cancel_url: str | None = None
    webhook_url: str | None = None
    metadata: Any = None
    locale: str | None = None
    customer_id: str | None = None
    mandate_id: str | None = None
    subscription_id: str | None = None
    settlement_id: str | None = None
    link_id: str | None = None
    outcome: str = ""
    decided_at: datetime | None = None
    expires_at: datetime | None = None
    authorized_at: datetime | None = None
    paid_at: datetime | None = None
    canceled_at: datetime | None = None
    expired_at: datetime | None = None
    failed_at: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)
    refunds: list[Refund] = field(default_factory=list)
    chargebacks: list[Chargeback] = field(default_factory=list)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def refunded(self) -> Decimal:
        return sum((one.amount.value for one in self.refunds if one.counts), NOTHING)

    @property
    def charged_back(self) -> Decimal:
        return sum((one.amount.value for one in self.chargebacks if one.reversed_at is None), NOTHING)

    @property
    def is_cancelable(self) -> bool:
        """A debit until it is with the bank; a bank transfer while it is waited for."""
        if self.method == "directdebit":
            return self.status == "pending" and self.decided_at is not None
        return self.status == "open" and self.method == "banktransfer"


@dataclass
class Subscription:
    """anchor: the day that charges are counted from; charged: how many since then; made: in all."""

    id: str
    mode: str
    customer_id: str
    created_at: datetime
    amount: Money
    interval: Interval
    start: date
    description: str
    anchor: date
    next_date: date | None
    status: str = "active"
    charged: int = 0
    made: int = 0
    times: int | None = None
    method: str | None = None
    mandate_id: str | None = None
    metadata: Any = None
    webhook_url: str | None = None
    canceled_at: datetime | None = None
    payments: list[Payment] = field(default_factory=list)

    @property
    def times_left(self) -> int | None:
        return None if self.times is None else max(0, self.times - self.made)


@dataclass
class Link:
    id: str
    mode: str
    created_at: datetime
    token: str
    description: str
    amount: Money | None
    minimum: Money | None = None
    redirect_url: str | None = None
    webhook_url: str | None = None
    is_reusable: bool = False
    is_archived: bool = False
    expires_at: datetime | None = None
    paid_at: datetime | None = None
    methods: tuple[str, ...] | None = None
    sequence: str = "oneoff"
    customer_id: str | None = None
    payments: list[Payment] = field(default_factory=list)


@dataclass
class Refund:
    id: str
    mode: str
    payment_id: str
    created_at: datetime
    amount: Money
    description: str
    status: str = "pending"
    metadata: Any = None
    settlement_id: str | None = None
    leaves_at: datetime | None = None

    @property
    def counts(self) -> bool:
        """Whether the money left, or is about to."""
        return self.status not in ("failed", "canceled")


@dataclass
class Chargeback:
    id: str
    mode: str
    payment_id: str
    created_at: datetime
    amount: Money
    reason: tuple[str, str] | None = None
    reversed_at: datetime | None = None
    settlement_id: str | None = None


@dataclass
class Settlement:
    """`fee`: what was kept of each payment."""

    id: str
    created_at: datetime
    reference: str
    amount: Money
    status: str
    settled_at: datetime | None = None
    fee: Decimal = Decimal(0)
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    chargebacks: list[Chargeback] = field(default_factory=list)

"""What Mollie knows, as we hold it: amounts as Decimal with their currency, instants aware, days as dates.

`raw` is the JSON as it came, since Mollie sends more than the SDK's models keep; two things are equal when all that we
read is. A status is Mollie's own word; new ones may come.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from bursar.payments.keys import Mode

T = TypeVar("T")
Raw = dict[str, Any]


@dataclass(frozen=True)
class Amount:
    """value: exact, with the decimals that the currency has."""

    value: Decimal
    currency: str

    @property
    def wire(self) -> dict[str, str]:
        """As Mollie reads it. Raises ValueError for a part of a cent: money is rounded before it comes here."""
        if self.value != self.value.quantize(Decimal("0.01")):
            raise ValueError(f"{self.value} {self.currency} is no whole number of cents")
        return {"currency": self.currency, "value": f"{self.value:.2f}"}


@dataclass(frozen=True)
class Page(Generic[T]):
    """`next_id`: where the next page starts (give it as `from_id`); None on the last."""

    items: tuple[T, ...]
    next_id: str | None


@dataclass(frozen=True)
class Customer:
    id: str
    mode: Mode
    name: str
    email: str
    metadata: Any
    created_at: datetime
    dashboard: str
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Mandate:
    """status: valid, pending, invalid. account: the IBAN, or the card's last digits."""

    id: str
    mode: Mode
    customer_id: str
    method: str
    status: str
    holder: str
    account: str
    card_label: str
    card_expires: date | None
    created_at: datetime
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Payment:
    """status: open, pending, authorized, paid, canceled, expired, failed. It stays paid when refunded or charged back.

    failure_reason: a card's code. bank_code, bank_reason: a direct debit's. checkout: where one pays, while it is open.
    """

    id: str
    mode: Mode
    status: str
    amount: Amount
    refunded: Decimal
    charged_back: Decimal
    remaining: Decimal | None
    settled: Amount | None
    description: str
    sequence: str
    method: str
    customer_id: str
    mandate_id: str
    subscription_id: str
    settlement_id: str
    metadata: Any
    webhook_url: str
    failure_reason: str
    failure_message: str
    bank_code: str
    bank_reason: str
    is_cancelable: bool
    created_at: datetime
    authorized_at: datetime | None
    paid_at: datetime | None
    canceled_at: datetime | None
    expires_at: datetime | None
    expired_at: datetime | None
    failed_at: datetime | None
    due_date: date | None
    checkout: str
    dashboard: str
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Subscription:
    """status: pending, active, canceled, suspended, completed. next_date: the next charge, None when there is none."""

    id: str
    mode: Mode
    customer_id: str
    mandate_id: str
    status: str
    amount: Amount
    interval: str
    times: int | None
    times_left: int | None
    start_date: date
    next_date: date | None
    description: str
    method: str
    metadata: Any
    webhook_url: str
    created_at: datetime
    canceled_at: datetime | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class PaymentLink:
    """url: what the customer opens. amount: None when the customer types it."""

    id: str
    mode: Mode
    description: str
    amount: Amount | None
    is_archived: bool
    is_reusable: bool
    customer_id: str
    webhook_url: str
    created_at: datetime
    paid_at: datetime | None
    expires_at: datetime | None
    url: str
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Refund:
    """status: queued, pending, processing, refunded, failed, canceled."""

    id: str
    mode: Mode
    payment_id: str
    status: str
    amount: Amount
    settled: Amount | None
    description: str
    metadata: Any
    settlement_id: str
    created_at: datetime
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Chargeback:
    """reversed_at: when the money came back after all."""

    id: str
    payment_id: str
    amount: Amount
    settled: Amount | None
    reason_code: str
    reason: str
    settlement_id: str
    created_at: datetime
    reversed_at: datetime | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Settlement:
    """reference: what the bank statement says. status: open, pending, processing-at-bank, paidout, failed."""

    id: str
    status: str
    amount: Amount
    reference: str
    created_at: datetime | None
    settled_at: datetime | None
    raw: Raw = field(repr=False, compare=False)


@dataclass(frozen=True)
class Method:
    """minimum, maximum: of one payment; maximum None when there is none."""

    id: str
    description: str
    minimum: Amount
    maximum: Amount | None
    raw: Raw = field(repr=False, compare=False)

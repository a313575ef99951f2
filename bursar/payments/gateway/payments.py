"""Payments: one attempt to receive one amount."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from bursar.payments.gateway.caller import Caller
from bursar.payments.gateway.shared import PAGE, given
from bursar.payments.ids import IdKind, checked
from bursar.payments.keys import StoredKey
from bursar.payments.objects import Amount, Chargeback, Page, Payment, Raw, Refund
from bursar.payments.reading import read_chargeback, read_page, read_payment, read_refund


class Sequence(StrEnum):
    """FIRST: the customer pays and so gives a mandate. RECURRING: by a mandate, nobody is asked. ONEOFF: neither."""

    ONEOFF = "oneoff"
    FIRST = "first"
    RECURRING = "recurring"


@dataclass(frozen=True)
class NewPayment:
    """What Mollie is told. method: None lets the customer choose; a recurring one goes by its mandate.

    redirect_url is needed unless the payment is recurring; webhook_url has to be reachable from Mollie when it is made.
    """

    amount: Amount
    description: str
    sequence: Sequence
    customer_id: str
    webhook_url: str
    redirect_url: str | None = None
    mandate_id: str | None = None
    method: str | None = None
    metadata: Any = None

    @property
    def body(self) -> dict[str, Any]:
        return given(
            amount=self.amount.wire,
            description=self.description,
            sequenceType=self.sequence.value,
            customerId=checked(self.customer_id, IdKind.CUSTOMER),
            webhookUrl=self.webhook_url,
            redirectUrl=self.redirect_url,
            mandateId=checked(self.mandate_id, IdKind.MANDATE) if self.mandate_id else None,
            method=self.method,
            metadata=self.metadata,
        )


class Whole(NamedTuple):
    payment: Payment
    refunds: tuple[Refund, ...]
    chargebacks: tuple[Chargeback, ...]


class Payments:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(self, key: StoredKey, new: NewPayment | Raw) -> Payment:
        """new: also a body as it was kept, since a repeat has to say the same."""
        body = new.body if isinstance(new, NewPayment) else new
        return read_payment(self._caller.make("payments.create", key, ("payment_request", body)))

    def get(self, payment_id: str) -> Payment:
        payment_id = checked(payment_id, IdKind.PAYMENT)
        return read_payment(self._caller.get("payments.get", payment_id=payment_id))

    def get_whole(self, payment_id: str) -> Whole:
        """With the money that went back, in one answer."""
        payment_id = checked(payment_id, IdKind.PAYMENT)
        raw = self._caller.get("payments.get", payment_id=payment_id, embed="refunds,chargebacks")
        embedded = raw.pop("_embedded", {})
        refunds = tuple(read_refund(one) for one in embedded.get("refunds") or ())
        chargebacks = tuple(read_chargeback(one) for one in embedded.get("chargebacks") or ())
        return Whole(read_payment(raw), refunds, chargebacks)

    def cancel(self, payment_id: str) -> Payment:
        """Raises RefusedThere when it can no longer be cancelled (`is_cancelable`)."""
        payment_id = checked(payment_id, IdKind.PAYMENT)
        return read_payment(self._caller.end("payments.cancel", payment_id=payment_id))

    def list(self, from_id: str | None = None, limit: int = PAGE) -> Page[Payment]:
        """All of the key's mode, newest first. Mollie cannot be asked for a span of time: walk back until there."""
        raw = self._caller.get("payments.list", from_=from_id, limit=limit)
        return read_page(raw, "payments", read_payment)

    def list_of_customer(self, customer_id: str, from_id: str | None = None, limit: int = PAGE) -> Page[Payment]:
        customer_id = checked(customer_id, IdKind.CUSTOMER)
        raw = self._caller.get("customers.list_payments", customer_id=customer_id, from_=from_id, limit=limit)
        return read_page(raw, "payments", read_payment)

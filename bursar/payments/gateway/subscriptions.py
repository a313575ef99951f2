"""Subscriptions: Mollie charges by itself, by a mandate. Nothing tells of one but the payments that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from bursar.payments.errors import RefusedThere
from bursar.payments.gateway.caller import Caller
from bursar.payments.gateway.shared import PAGE, given
from bursar.payments.ids import IdKind, checked
from bursar.payments.keys import StoredKey
from bursar.payments.objects import Amount, Page, Payment, Raw, Subscription
from bursar.payments.reading import read_page, read_payment, read_subscription

CANCELED = "canceled"


@dataclass(frozen=True)
class NewSubscription:
    """interval: "1 month", "12 months". start: of the first charge; without one Mollie would charge today.

    description: unique among the customer's live subscriptions. metadata: copied to every payment.
    """

    amount: Amount
    interval: str
    start: date
    description: str
    mandate_id: str
    webhook_url: str
    metadata: Any = None

    @property
    def body(self) -> dict[str, Any]:
        return given(
            amount=self.amount.wire,
            interval=self.interval,
            startDate=self.start.isoformat(),
            description=self.description,
            mandateId=checked(self.mandate_id, IdKind.MANDATE),
            webhookUrl=self.webhook_url,
            metadata=self.metadata,
        )


class Subscriptions:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(self, key: StoredKey, customer_id: str, new: NewSubscription | Raw) -> Subscription:
        """new: also a body as it was kept, since a repeat has to say the same."""
        customer_id = checked(customer_id, IdKind.CUSTOMER)
        body = new.body if isinstance(new, NewSubscription) else new
        raw = self._caller.make("subscriptions.create", key, ("subscription_request", body), customer_id=customer_id)
        return read_subscription(raw)

    def get(self, customer_id: str, subscription_id: str) -> Subscription:
        return read_subscription(self._caller.get("subscriptions.get", **_pair(customer_id, subscription_id)))

    def update(
        self,
        customer_id: str,
        subscription_id: str,
        *,
        amount: Amount | None = None,
        start: date | None = None,
        interval: str | None = None,
        mandate_id: str | None = None,
        description: str | None = None,
    ) -> Subscription:
        """What is given changes, from the next charge on."""
        body = given(
            amount=amount.wire if amount else None,
            startDate=start.isoformat() if start else None,
            interval=interval,
            mandateId=checked(mandate_id, IdKind.MANDATE) if mandate_id else None,
            description=description,
        )
        pair = _pair(customer_id, subscription_id)
        return read_subscription(self._caller.change("subscriptions.update", ("request_body", body), **pair))

    def cancel(self, customer_id: str, subscription_id: str) -> Subscription:
        """At once; there is no end of period at Mollie. One that is cancelled already is returned as it is."""
        try:
            return read_subscription(self._caller.end("subscriptions.cancel", **_pair(customer_id, subscription_id)))
        except RefusedThere:
            found = self.get(customer_id, subscription_id)
            if found.status != CANCELED:
                raise
            return found

    def list(self, from_id: str | None = None, limit: int = PAGE) -> Page[Subscription]:
        """All of the key's mode, newest first."""
        raw = self._caller.get("subscriptions.all", from_=from_id, limit=limit)
        return read_page(raw, "subscriptions", read_subscription)

    def list_of_customer(self, customer_id: str, from_id: str | None = None, limit: int = PAGE) -> Page[Subscription]:
        customer_id = checked(customer_id, IdKind.CUSTOMER)
        raw = self._caller.get("subscriptions.list", customer_id=customer_id, from_=from_id, limit=limit)
        return read_page(raw, "subscriptions", read_subscription)

    def list_payments(
        self, customer_id: str, subscription_id: str, from_id: str | None = None, limit: int = PAGE
    ) -> Page[Payment]:
        pair = _pair(customer_id, subscription_id)
        raw = self._caller.get("subscriptions.list_payments", from_=from_id, limit=limit, **pair)
        return read_page(raw, "payments", read_payment)


def _pair(customer_id: str, subscription_id: str) -> dict[str, Any]:
    return {
        "customer_id": checked(customer_id, IdKind.CUSTOMER),
        "subscription_id": checked(subscription_id, IdKind.SUBSCRIPTION),
    }

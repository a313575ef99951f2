"""Customers, and the mandates by which they may be charged without being there."""

from __future__ import annotations

from datetime import date
from typing import Any

from bursar.payments.gateway.caller import Caller
from bursar.payments.gateway.shared import PAGE, given
from bursar.payments.ids import IdKind, checked
from bursar.payments.keys import StoredKey
from bursar.payments.objects import Customer, Mandate, Page
from bursar.payments.reading import read_customer, read_mandate, read_page


class Customers:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(self, key: StoredKey, *, name: str, email: str | None = None, metadata: Any = None) -> Customer:
        body = given(name=name, email=email, metadata=metadata)
        return read_customer(self._caller.make("customers.create", key, ("entity_customer", body)))

    def get(self, customer_id: str) -> Customer:
        customer_id = checked(customer_id, IdKind.CUSTOMER)
        return read_customer(self._caller.get("customers.get", customer_id=customer_id))

    def update(self, customer_id: str, *, name: str, email: str) -> Customer:
        customer_id = checked(customer_id, IdKind.CUSTOMER)
        body = {"name": name, "email": email}
        return read_customer(self._caller.change("customers.update", ("request_body", body), customer_id=customer_id))

    def list(self, from_id: str | None = None, limit: int = PAGE) -> Page[Customer]:
        """Newest first."""
        raw = self._caller.get("customers.list", from_=from_id, limit=limit)
        return read_page(raw, "customers", read_customer)


class Mandates:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(
        self, key: StoredKey, customer_id: str, *, holder: str, iban: str, signed_on: date, reference: str
    ) -> Mandate:
        """For direct debits by an IBAN that the customer gave us in writing. `reference` is unique among ours."""
        body = {
            "method": "directdebit",
            "consumerName": holder,
            "consumerAccount": iban,
            "signatureDate": signed_on.isoformat(),
            "mandateReference": reference,
        }
        customer_id = checked(customer_id, IdKind.CUSTOMER)
        raw = self._caller.make("mandates.create", key, ("mandate_request", body), customer_id=customer_id)
        return read_mandate(raw)

    def get(self, customer_id: str, mandate_id: str) -> Mandate:
        return read_mandate(self._caller.get("mandates.get", **_pair(customer_id, mandate_id)))

    def revoke(self, customer_id: str, mandate_id: str) -> None:
        """Mollie cancels every subscription that charges by it: move them first."""
        self._caller.end("mandates.revoke", **_pair(customer_id, mandate_id))

    def list(self, customer_id: str, from_id: str | None = None, limit: int = PAGE) -> Page[Mandate]:
        """Newest first."""
        customer_id = checked(customer_id, IdKind.CUSTOMER)
        raw = self._caller.get("mandates.list", customer_id=customer_id, from_=from_id, limit=limit)
        return read_page(raw, "mandates", read_mandate)


def _pair(customer_id: str, mandate_id: str) -> dict[str, str]:
    return {
        "customer_id": checked(customer_id, IdKind.CUSTOMER),
        "mandate_id": checked(mandate_id, IdKind.MANDATE),
    }

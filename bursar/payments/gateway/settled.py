"""Settlements, what Mollie pays out to our bank, and the methods by which customers may pay."""

from __future__ import annotations

from bursar.payments.gateway.caller import Caller
from bursar.payments.gateway.payments import Sequence
from bursar.payments.gateway.shared import PAGE
from bursar.payments.ids import IdKind, checked
from bursar.payments.objects import Amount, Chargeback, Method, Page, Payment, Refund, Settlement
from bursar.payments.reading import (
    read_chargeback,
    read_method,
    read_page,
    read_payment,
    read_refund,
    read_settlement,
)


class Settlements:
    """Always live, and only for an access token."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self, settlement_id: str) -> Settlement:
        settlement_id = checked(settlement_id, IdKind.SETTLEMENT)
        return read_settlement(self._caller.get("settlements.get", settlement_id=settlement_id))

    def list(self, from_id: str | None = None, limit: int = PAGE) -> Page[Settlement]:
        raw = self._caller.get("settlements.list", from_=from_id, limit=limit)
        return read_page(raw, "settlements", read_settlement)

    def list_payments(self, settlement_id: str, from_id: str | None = None, limit: int = PAGE) -> Page[Payment]:
        settlement_id = checked(settlement_id, IdKind.SETTLEMENT)
        raw = self._caller.get("settlements.list_payments", settlement_id=settlement_id, from_=from_id, limit=limit)
        return read_page(raw, "payments", read_payment)

    def list_refunds(self, settlement_id: str, from_id: str | None = None, limit: int = PAGE) -> Page[Refund]:
        settlement_id = checked(settlement_id, IdKind.SETTLEMENT)
        raw = self._caller.get("settlements.list_refunds", settlement_id=settlement_id, from_=from_id, limit=limit)
        return read_page(raw, "refunds", read_refund)

    def list_chargebacks(self, settlement_id: str, from_id: str | None = None, limit: int = PAGE) -> Page[Chargeback]:
        settlement_id = checked(settlement_id, IdKind.SETTLEMENT)
        raw = self._caller.get("settlements.list_chargebacks", settlement_id=settlement_id, from_=from_id, limit=limit)
        return read_page(raw, "chargebacks", read_chargeback)


class Methods:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, sequence: Sequence, amount: Amount | None = None) -> tuple[Method, ...]:
        """Those that are switched on and take such a payment; with an amount, those that take that amount."""
        wire = amount.wire if amount else None
        raw = self._caller.get("methods.list", sequence_type=sequence.value, amount=wire)
        return read_page(raw, "methods", read_method).items

"""Money that goes back: refunds, which we ask for, and chargebacks, which the payer's bank takes.

Neither changes a payment's status. Both lists exist for all payments too, newest first, for what no webhook told.
"""

from __future__ import annotations

from typing import Any

from bursar.payments.gateway.caller import Caller
from bursar.payments.gateway.shared import PAGE, given
from bursar.payments.ids import IdKind, checked
from bursar.payments.keys import StoredKey
from bursar.payments.objects import Amount, Chargeback, Page, Refund
from bursar.payments.reading import read_chargeback, read_page, read_refund


class Refunds:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(
        self, key: StoredKey, payment_id: str, *, amount: Amount, description: str, metadata: Any = None
    ) -> Refund:
        body = given(amount=amount.wire, description=description, metadata=metadata)
        payment_id = checked(payment_id, IdKind.PAYMENT)
        return read_refund(self._caller.make("refunds.create", key, ("refund_request", body), payment_id=payment_id))

    def get(self, payment_id: str, refund_id: str) -> Refund:
        return read_refund(self._caller.get("refunds.get", **_pair(payment_id, refund_id)))

    def cancel(self, payment_id: str, refund_id: str) -> None:
        """While it is queued or pending."""
        self._caller.end("refunds.cancel", **_pair(payment_id, refund_id))

    def list(self, from_id: str | None = None, limit: int = PAGE) -> Page[Refund]:
        raw = self._caller.get("refunds.all", from_=from_id, limit=limit)
        return read_page(raw, "refunds", read_refund)

    def list_of_payment(self, payment_id: str, from_id: str | None = None, limit: int = PAGE) -> Page[Refund]:
        payment_id = checked(payment_id, IdKind.PAYMENT)
        raw = self._caller.get("refunds.list", payment_id=payment_id, from_=from_id, limit=limit)
        return read_page(raw, "refunds", read_refund)


class Chargebacks:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self, payment_id: str, chargeback_id: str) -> Chargeback:
        pair = {
            "payment_id": checked(payment_id, IdKind.PAYMENT),
            "chargeback_id": checked(chargeback_id, IdKind.CHARGEBACK),
        }
        return read_chargeback(self._caller.get("chargebacks.get", **pair))

    def list(self, from_id: str | None = None, limit: int = PAGE) -> Page[Chargeback]:
        raw = self._caller.get("chargebacks.all", from_=from_id, limit=limit)
        return read_page(raw, "chargebacks", read_chargeback)

    def list_of_payment(self, payment_id: str, from_id: str | None = None, limit: int = PAGE) -> Page[Chargeback]:
        payment_id = checked(payment_id, IdKind.PAYMENT)
        raw = self._caller.get("chargebacks.list", payment_id=payment_id, from_=from_id, limit=limit)
        return read_page(raw, "chargebacks", read_chargeback)


def _pair(payment_id: str, refund_id: str) -> dict[str, str]:
    return {"payment_id": checked(payment_id, IdKind.PAYMENT), "refund_id": checked(refund_id, IdKind.REFUND)}

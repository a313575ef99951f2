"""Payment links: an address to send. Mollie makes the payment when somebody starts to pay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.payments.gateway.caller import Caller
from bursar.payments.gateway.shared import PAGE, given
from bursar.payments.ids import IdKind, checked
from bursar.payments.keys import StoredKey
from bursar.payments.objects import Amount, Page, Payment, PaymentLink, Raw
from bursar.payments.reading import read_link, read_page, read_payment


@dataclass(frozen=True)
class NewLink:
    """The amount stays for good, and there is no metadata: put a token of ours into webhook_url to know it again.

    What that address is told is the id of a payment, never the link's.
    """

    amount: Amount
    description: str
    webhook_url: str
    redirect_url: str | None = None
    expires_at: datetime | None = None

    @property
    def body(self) -> dict[str, Any]:
        return given(
            amount=self.amount.wire,
            description=self.description,
            webhookUrl=self.webhook_url,
            redirectUrl=self.redirect_url,
            expiresAt=self.expires_at.isoformat(timespec="seconds") if self.expires_at else None,
        )


class Links:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(self, key: StoredKey, new: NewLink | Raw) -> PaymentLink:
        """new: also a body as it was kept, since a repeat has to say the same."""
        body = new.body if isinstance(new, NewLink) else new
        return read_link(self._caller.make("payment_links.create", key, ("request_body", body)))

    def get(self, link_id: str) -> PaymentLink:
        return read_link(self._caller.get("payment_links.get", payment_link_id=checked(link_id, IdKind.LINK)))

    def archive(self, link_id: str) -> PaymentLink:
        """Nobody can pay by it any more."""
        link_id = checked(link_id, IdKind.LINK)
        body = {"archived": True}
        return read_link(self._caller.change("payment_links.update", ("request_body", body), payment_link_id=link_id))

    def list(self, from_id: str | None = None, limit: int = PAGE) -> Page[PaymentLink]:
        raw = self._caller.get("payment_links.list", from_=from_id, limit=limit)
        return read_page(raw, "payment_links", read_link)

    def list_payments(self, link_id: str, from_id: str | None = None, limit: int = PAGE) -> Page[Payment]:
        link_id = checked(link_id, IdKind.LINK)
        raw = self._caller.get("payment_links.list_payments", payment_link_id=link_id, from_=from_id, limit=limit)
        return read_page(raw, "payments", read_payment)

"""Writes down what passed between one demo account and Mollie: charges, tries at them, money that went back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.conf import settings

from bursar.billing.rules import VatDecision
from bursar.billing.seller import seller_day
from bursar.core.calendar import midnight
from bursar.core.money import ZERO, cents
from bursar.payments.models import Charge, Chargeback, Mandate, MollieCustomer, Payment, Refund, Subscription
from bursar.payments.rules.intervals import MOLLIE_CALLS_IT
from bursar.payments.store.history import History
from bursar.payments.words import BANK_CAUSES, CARD, CARD_CAUSES, DIRECT_DEBIT
from bursar.plans.models import PaidPeriod
from bursar.plans.rules import Terms
from bursar.tenants.models import BillingAccount

MODE = "test"
CHARGED_AT = timedelta(hours=6)
DEBIT_TAKES = timedelta(days=1, hours=3)
_CAUSES = {DIRECT_DEBIT: list(BANK_CAUSES), CARD: list(CARD_CAUSES)}


@dataclass(frozen=True)
class Amount:
    """EUR. `seats` at `rate` a month each, of `tier`."""

    net: Decimal
    gross: Decimal
    tier: str = ""
    seats: int = 0


class Till:
    """`now`: nothing is dated later, except what is planned. Every id follows from the order of calls.

    Mollie's instants are whole seconds.
    """

    def __init__(self, now: datetime) -> None:
        self.now, self.history = now.replace(microsecond=0), History()
        self._numbers: dict[str, Iterator[int]] = {}
        self._failures: dict[str, int] = {}

    def id(self, prefix: str) -> str:
        return f"{prefix}_demo{next(self._numbers.setdefault(prefix, count(1))):06d}"

    def _copied(self, learned_at: datetime) -> dict[str, Any]:
        return {"mode": MODE, "learned_at": min(learned_at, self.now)}

    def customer(self, account: BillingAccount | None, since: datetime) -> MollieCustomer:
        made = MollieCustomer(
            account=account,
            mollie_id=self.id("cst"),
            rules_since=since if account else None,
            **self._copied(since),
        )
        made.dashboard = f"{settings.BURSAR_MOLLIE_URL}/dashboard/customers/{made.mollie_id}"
        self.history.customers.append(made)
        return made

    def mandate(self, customer: MollieCustomer, method: str, since: datetime, **more: Any) -> Mandate:
        made = Mandate(
            mollie_id=self.id("mdt"),
            customer=customer,
            method=method,
            status="valid",
            created_at=since,
            account_end="" if method == "paypal" else f"{len(self.history.mandates) * 37 % 9000 + 1000}",
            card_label="Mastercard" if method == CARD else "",
            **{**self._copied(since), **more},
        )
        self.history.mandates.append(made)
        return made

    def subscription(
        self, customer: MollieCustomer, mandate: Mandate, cadence: str, gross: Decimal, since: datetime, **more: Any
    ) -> Subscription:
        values: dict[str, Any] = {
            "account": customer.account, "customer": customer, "mollie_id": self.id("sub"), "is_meant": True,
            "mollie_mandate_id": mandate.mollie_id, "status": "active", "amount": gross, "wanted": gross,
            "interval": MOLLIE_CALLS_IT[cadence], "cadence": cadence, "start_date": since.date(), "created_at": since,
            **self._copied(since),
        }  # fmt: skip
        made = Subscription(**{**values, **more})
        self.history.subscriptions.append(made)
        return made

    def charge(
        self,
        account: BillingAccount,
        kind: str,
        state: str,
        amount: Amount,
        at: datetime,
        decision: VatDecision,
        **more: Any,
    ) -> Charge:
        """`at`: when it was asked for; it is due on that day unless `more` says otherwise."""
        line = {"tier": amount.tier, "seats": amount.seats, "rate": "", "percent": 0, "net": str(amount.net)}
        values: dict[str, Any] = {
            "account": account, "kind": kind, "state": state, "made_at": min(at, self.now), "due_on": seller_day(at),
            "seats": amount.seats, "lines": [line], "net": amount.net, "vat": amount.gross - amount.net,
            "gross": amount.gross, "decision": decision.as_json(), "settled_at": at if state == "paid" else None,
            "ended_at": at if state == "ended" else None, "tries": 1 if state == "failed" else 0,
        }  # fmt: skip
        made = Charge(**{**values, **more})
        self.history.charges.append(made)
        return made

    def payment(
        self, customer: MollieCustomer, charge: Charge | None, method: str, status: str, at: datetime, **more: Any
    ) -> Payment:
        at = at.replace(microsecond=0)
        decided_at = at + DEBIT_TAKES if method == DIRECT_DEBIT else at + timedelta(minutes=4)
        id = self.id("tr")
        values: dict[str, Any] = {
            "mollie_id": id, "account": customer.account, "charge": charge, "kind": charge.kind if charge else "other",
            "mollie_customer_id": customer.mollie_id, "amount": charge.gross if charge else ZERO, "method": method,
            "status": status, "at": at, "paid_at": decided_at if status == "paid" else None,
            "failed_at": decided_at if status in ("failed", "expired", "canceled") else None,
            "reason": self._next_cause(method) if status == "failed" else "",
            "description": "Demo", "dashboard": f"{settings.BURSAR_MOLLIE_URL}/dashboard/payments/{id}",
            **self._copied(at),
        }  # fmt: skip
        made = Payment(**{**values, **more})
        self.history.payments.append(made)
        return made

    def _next_cause(self, method: str) -> str:
        """All of them in turn, so that each occurs."""
        causes = _CAUSES.get(method)
        if not causes:
            return ""
        place = self._failures[method] = self._failures.get(method, -1) + 1
        return causes[place % len(causes)]

    def list_untold(self, method: str) -> list[str]:
        """Causes for which no payment by this method failed yet."""
        return _CAUSES[method][self._failures.get(method, -1) + 1 :]

    def refund(self, payment: Payment, amount: Decimal, state: str, at: datetime, **more: Any) -> Refund:
        is_asked = state in ("asked", "denied")
        made = Refund(
            mollie_id="" if is_asked else self.id("re"),
            payment=payment,
            amount=amount,
            state=state,
            created_at=at,
            **{**self._copied(at), **more},
        )
        if not is_asked and state not in ("failed", "canceled"):
            payment.refunded += amount
        self.history.refunds.append(made)
        return made

    def chargeback(self, payment: Payment, at: datetime, reversed_at: datetime | None = None) -> Chargeback:
        made = Chargeback(
            mollie_id=self.id("chb"),
            payment=payment,
            amount=payment.amount,
            reason_code="MD06",
            reason="Disputed by the debtor",
            created_at=at,
            reversed_at=reversed_at,
            **self._copied(at),
        )
        payment.charged_back += ZERO if reversed_at else payment.amount
        self.history.chargebacks.append(made)
        return made


def with_vat(net: Decimal, decision: VatDecision, tier: str = "", seats: int = 0) -> Amount:
    return Amount(net, cents(net * (100 + (decision.rate or 0)) / 100), tier, seats)


def charged_at(day: date) -> datetime:
    """When in the day Mollie charges."""
    return midnight(day) + CHARGED_AT


@dataclass
class Client:
    """One account at Mollie. `number`: its place among them, by which everything varies."""

    number: int
    account: BillingAccount
    terms: Terms
    periods: list[PaidPeriod]
    quote: Amount
    decision: VatDecision
    customer: MollieCustomer
    mandate: Mandate
    subscription: Subscription
    first_method: str

    @property
    def method(self) -> str:
        return self.mandate.method

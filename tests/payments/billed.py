"""An account that buys by Mollie while Bursar makes the invoices; what the minute does; and what must then be so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from bursar.billing.models import AccountCredit, Invoice, LedgerEntry
from bursar.core import clock
from bursar.core.money import ZERO
from bursar.payments import invoicing
from bursar.payments.models import Charge, Chargeback, Payment, Refund
from bursar.payments.rules.booking import calc_kept
from bursar.tenants.models import BillingAccount
from tests.payments import mirrored


def minute(after: int = 1) -> None:
    """The tick, some minutes later."""
    clock.set_fixed(clock.now() + timedelta(minutes=after))
    invoicing.invoice(clock.now())


@dataclass
class Bought:
    """A first interval that was paid. `payment`: by which; `gross`: of it."""

    account: BillingAccount
    charge: Charge
    payment: Payment

    @property
    def gross(self) -> Decimal:
        return self.charge.gross

    @property
    def invoice(self) -> Invoice:
        return Invoice.objects.get(made_for=self.charge.public_id)

    @property
    def notes(self) -> list[Invoice]:
        return list(Invoice.objects.filter(kind="credit_note", account=self.account).order_by("pk"))

    @property
    def credit(self) -> Decimal:
        return AccountCredit.objects.filter(account=self.account).values_list("amount", flat=True).first() or ZERO

    def pay_again(self, status: str = "paid") -> Payment:
        row = mirrored.payment(self.charge, status)
        mirrored.apply(row)
        return row

    def tell(self, payment: Payment | None = None, **more: Any) -> None:
        mirrored.tell(payment or self.payment, to_book=True, **more)

    def charge_back(self, payment: Payment | None = None, amount: Decimal | None = None) -> Chargeback:
        paid = payment or self.payment
        taken = amount or paid.amount
        made = Chargeback.objects.create(
            mollie_id=mirrored.new_id("chb"), payment=paid, amount=taken, created_at=clock.now(), mode="test",
            learned_at=clock.now(),
        )  # fmt: skip
        self.tell(paid, charged_back=taken)
        return made

    def reverse(self, made: Chargeback) -> None:
        Chargeback.objects.filter(pk=made.pk).update(reversed_at=clock.now())
        self.tell(made.payment, charged_back=ZERO)

    def refund(self, amount: str, state: str = "refunded", payment: Payment | None = None) -> Refund:
        paid = payment or self.payment
        paid.refresh_from_db()
        made = Refund.objects.create(
            mollie_id=mirrored.new_id("re"), payment=paid, amount=Decimal(amount), state=state, mode="test",
            created_at=clock.now(), learned_at=clock.now(),
        )  # fmt: skip
        self.tell(paid, refunded=paid.refunded + Decimal(amount))
        return made

    def say_of(self, refund: Refund, state: str) -> None:
        """Mollie says something else of it now."""
        Refund.objects.filter(pk=refund.pk).update(state=state)
        refund.payment.refresh_from_db()
        back = refund.amount if state == "failed" else ZERO
        self.tell(refund.payment, refunded=refund.payment.refunded - back)


def buy(account: BillingAccount, cadence: str = "monthly") -> Bought:
    """Paid by iDEAL just now, and nothing of it is invoiced yet."""
    held = mirrored.mandate(account)
    charge = mirrored.check_out(account, "changemaker", cadence)
    row = mirrored.payment(charge, "paid", mollie_mandate_id=held.mollie_id, method="ideal")
    mirrored.apply(row)
    charge.refresh_from_db()
    return Bought(account, charge, row)


def check_books() -> None:
    """Each paid charge has one invoice; what the ledger received is what Mollie kept; parts add up to the whole."""
    for charge in Charge.objects.exclude(kind="method").filter(settled_at__isnull=False):
        own = Invoice.objects.filter(made_for=charge.public_id)
        assert own.count() == 1 and charge.invoice_id == own.get().pk, f"{charge}: {list(own)}"
    assert Invoice.objects.filter(kind="invoice").count() == Charge.objects.filter(invoice__isnull=False).count()
    for row in Invoice.objects.filter(kind="invoice"):
        assert row.gross == row.open + row.paid + row.credited + row.written_off + row.difference, row
    kept = ZERO
    for payment in Payment.objects.filter(charge__invoice__isnull=False):
        kept += calc_kept(payment.status, payment.amount, payment.charged_back)
        kept -= sum((one.amount for one in payment.refunds.filter(state="refunded")), ZERO)
    money = LedgerEntry.objects.filter(kind__in=["received", "returned"])
    booked = money.aggregate(total=Sum("amount"))["total"] or ZERO
    assert booked == kept, f"the ledger has {booked}, Mollie kept {kept}"
    notes = Invoice.objects.filter(kind="credit_note").aggregate(total=Sum("gross"))["total"] or ZERO
    credited = Invoice.objects.filter(kind="invoice").aggregate(total=Sum("credited"))["total"] or ZERO
    assert notes == credited

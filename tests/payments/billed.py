"""An account that buys by Mollie while Bursar makes the invoices; what the minute does; and what must then be so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from bursar.billing.models import Invoice, LedgerEntry, NotIssued
from bursar.billing.seller import seller_day
from bursar.billing.store.ledger import get_credit
from bursar.core import clock
from bursar.core.money import ZERO
from bursar.payments import invoicing
from bursar.payments.models import Charge, Chargeback, Payment, Refund
from bursar.tenants.models import BillingAccount
from tests.payments import mirrored


def let_invoice(settings: Any) -> None:
    """The seller is known, and invoices begin with today."""
    settings.BURSAR_SELLER_NAME, settings.BURSAR_SELLER_ADDRESS = "Agora Voices B.V.", ["Dam 1", "1012 JS", "Amsterdam"]
    settings.BURSAR_SELLER_VAT_ID, settings.BURSAR_SELLER_IBAN = "NL004495445B01", "NL91ABNA0417164300"
    settings.BURSAR_INVOICES_FROM = seller_day(clock.now())


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
        amount: Decimal = self.charge.gross
        return amount

    @property
    def invoice(self) -> Invoice:
        return Invoice.objects.get(made_for=self.charge.public_id)

    @property
    def notes(self) -> list[Invoice]:
        return list(Invoice.objects.filter(kind="credit_note", account=self.account).order_by("pk"))

    @property
    def credit(self) -> Decimal:
        return get_credit(self.account)

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


def check_books() -> int:
    """Each paid charge has one invoice; what the ledger received is what Mollie kept; parts add up to the whole.
    Returns how many documents there are. What fails a rule of documents is noted: of that charge alone the ledger lags.
    """
    waits = set(NotIssued.objects.exclude(what="booking").values_list("made_for", flat=True))
    assert not NotIssued.objects.filter(what="booking").exists(), "money can always be booked"
    causes: list[str] = []
    for charge in Charge.objects.select_related("invoice"):
        own = Invoice.objects.filter(made_for=charge.public_id)
        collects_another = charge.invoice is not None and charge.invoice.made_for != charge.public_id
        is_sold = charge.kind != "method" and charge.settled_at is not None and not collects_another
        is_waiting = NotIssued.objects.filter(made_for=charge.public_id, what="invoice").exists()
        assert own.count() == (is_sold and not is_waiting), f"{charge}: {list(own)}"
        if charge.invoice is None:
            continue
        assert collects_another or charge.invoice == own.get()
        mine, kept = _count_money(charge)
        causes += mine
        if not waits & {charge.public_id, *mine}:
            assert _sum_money(mine) == kept, f"{charge}: the ledger has {_sum_money(mine)}, Mollie kept {kept}"
    assert _sum_money(causes) == _sum_money(None), "money that no payment of Mollie's caused"
    _check_notes()
    return Invoice.objects.count()


def _count_money(charge: Charge) -> tuple[list[str], Decimal]:
    """Its payments and refunds by their ids, and what Mollie has of them."""
    payments = list(charge.payments.all())
    refunds = [one for payment in payments for one in payment.refunds.all()]
    kept = sum((one.amount - one.charged_back for one in payments if one.status == "paid"), ZERO)
    kept -= sum((one.amount for one in refunds if one.state == "refunded"), ZERO)
    return [one.public_id for one in payments] + [one.public_id for one in refunds], kept


def _sum_money(causes: list[str] | None) -> Decimal:
    money = LedgerEntry.objects.filter(kind__in=["received", "returned", "overdrawn"])
    found = money if causes is None else money.filter(cause__in=causes)
    return found.aggregate(total=Sum("amount"))["total"] or ZERO


def _check_notes() -> None:
    for row in Invoice.objects.filter(kind="invoice"):
        assert row.gross == row.open + row.paid + row.credited + row.written_off + row.difference, row
        notes = row.credit_notes.aggregate(total=Sum("gross"))["total"] or ZERO
        assert notes == row.credited, f"{row}: credit notes over {notes}, credited {row.credited}"
    for note in Invoice.objects.filter(kind="credit_note").exclude(made_for=""):
        assert note.gross <= Refund.objects.get(public_id=note.made_for).amount

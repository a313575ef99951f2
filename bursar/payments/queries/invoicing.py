"""What charges still lack in documents and ledger, by what Mollie says of their money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db.models import Case, Exists, F, Min, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from bursar.billing.models import AccountCredit, Invoice, LedgerEntry, NotIssued
from bursar.billing.queries.not_issued import list_due
from bursar.billing.rules.ledger import EntryKind
from bursar.billing.seller import seller_day, start_of
from bursar.core.money import ZERO
from bursar.payments.gateway import get_mode
from bursar.payments.models import Charge, InvoicesFrom, Payment, Refund
from bursar.payments.rules.booking import Books, calc_kept
from bursar.payments.states import ChargeKind, ChargeState, PaymentKind, PaymentState, RefundState

ISSUE, BOOK, CREDIT = "issue_charge_invoice", "book_charge_money", "credit_refund"
PAID_OTHERWISE = "settle_by_invoice"
AS_CREDIT = "book_link_money"
NEVER_BILLED = (ChargeKind.METHOD, ChargeKind.LINK)
"""What proves a method sells nothing; a payment link collects what an invoice asks for, or stands as credit."""
ELSEWHERE = "elsewhere"
MONEY = (EntryKind.RECEIVED.value, EntryKind.RETURNED.value, EntryKind.OVERDRAWN.value)


class Step(NamedTuple):
    """What is to be done next: an action of the system on the account, and what it is about. `amount`: EUR, gross."""

    verb: str
    data: dict[str, str]
    made_for: str
    amount: Decimal


@dataclass(frozen=True)
class Money:
    """Of one charge. `payments`, `refunds`: oldest first. `booked`: what the ledger has of each, by its public id.

    `corrections`: refunds of corrected VAT, whose documents and entries were made with them.
    """

    charge: Charge
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    booked: dict[str, Decimal]
    corrections: Sequence[Refund] = ()

    @property
    def first_paid_at(self) -> datetime | None:
        """When money came for it first; None: never, or none that anybody owed."""
        if self.charge.settled_at is None:
            return None
        return min((one.paid_at for one in self.payments if one.paid_at), default=self.charge.settled_at)

    @property
    def causes(self) -> list[str]:
        return _ids_of(self.payments, [*self.refunds, *self.corrections])

    def calc_more(self, payment: Payment) -> Decimal:
        """What of it the ledger lacks; below 0, what it has too much."""
        kept = calc_kept(payment.status, payment.amount, payment.charged_back)
        return kept - self.booked.get(payment.public_id, ZERO)

    def calc_all_more(self) -> Decimal:
        """Of all of it: what came beyond the ledger; below 0, what went."""
        came = sum(map(self.calc_more, self.payments), ZERO)
        return came + sum((-one.amount if is_sent(one) else one.amount for one in self.list_to_turn()), ZERO)

    @property
    def is_booked(self) -> bool:
        """Whether the ledger says what Mollie does."""
        return not self.list_to_turn() and not any(map(self.calc_more, self.payments))

    def list_to_turn(self) -> list[Refund]:
        """Refunds that are booked and did not go through after all, and those that left again since."""
        known = [one for one in self.refunds if one.public_id in self.booked]
        return [one for one in known if is_sent(one) != bool(self.booked[one.public_id])]

    def list_to_credit(self) -> list[Refund]:
        """Refunds that Mollie sent, and of which nothing was booked yet."""
        return [one for one in self.refunds if is_sent(one) and one.public_id not in self.booked]


def _ids_of(payments: Sequence[Payment], refunds: Sequence[Refund]) -> list[str]:
    return [one.public_id for one in payments] + [one.public_id for one in refunds]


def is_sent(refund: Refund) -> bool:
    return bool(refund.state == RefundState.REFUNDED)


def get_first_day() -> date | None:
    """From which day of payment on charges are invoiced; None: nobody has looked yet."""
    if settings.BURSAR_INVOICES_FROM is not None:
        day: date = settings.BURSAR_INVOICES_FROM
        return day
    mode = get_mode()
    return InvoicesFrom.objects.filter(mode=mode).values_list("first_day", flat=True).first() if mode else None


def load_money(charge: Charge) -> Money:
    """Three statements."""
    mode = get_mode()
    rows = Payment.objects.filter(charge=charge, **({"mode": mode.value} if mode else {})).defer("raw")
    payments = sorted(rows, key=lambda one: (one.paid_at or one.at, one.pk))
    found = list(Refund.objects.filter(payment__in=payments).defer("raw").order_by("created_at", "pk"))
    refunds = [one for one in found if one.corrects_id is None]
    entries = LedgerEntry.objects.filter(cause__in=_ids_of(payments, refunds), kind__in=MONEY).order_by()
    booked = dict(entries.values_list("cause").annotate(total=Sum("amount")))
    corrections = [one for one in found if one.corrects_id is not None]
    return Money(charge, payments, refunds, booked, corrections)


def list_refund_ids(charge: Charge) -> list[str]:
    return list(Refund.objects.filter(payment__charge=charge).values_list("public_id", flat=True))


def load_books(money: Money, invoice: Invoice | None) -> Books:
    """The invoice, where it has one, and the account's money as they stand. Two statements."""
    account, own = money.charge.account_id, Q(cause__in=money.causes)
    if invoice is not None:
        own |= Q(booking__in=LedgerEntry.objects.filter(invoice=invoice).values("booking"))
    overdrawn = Q(kind=EntryKind.OVERDRAWN.value)
    given_up = Q(kind=EntryKind.WRITTEN_OFF.value)
    found = LedgerEntry.objects.filter(own, account_id=account, invoice=None).aggregate(
        own=Sum("amount", filter=~overdrawn & ~given_up), owed=Sum("amount", filter=overdrawn)
    )
    stands = AccountCredit.objects.filter(pk=account).values_list("amount", "owed").first() or (ZERO, ZERO)
    return Books(
        invoice.standing if invoice else None, there=sum(stands, ZERO), owed=stands[1],
        own=found["own"] or ZERO, own_owed=-(found["owed"] or ZERO),
    )  # fmt: skip


def find_step(charge: Charge, first_day: date) -> Step | None:
    """What it lacks first; None: documents and ledger say what Mollie does, or it is to have none."""
    money, about = load_money(charge), {"charge": charge.public_id}
    if charge.invoice_id is None and charge.kind == ChargeKind.LINK:
        amount = sum((abs(money.calc_more(one)) for one in money.payments), ZERO)
        is_new = amount or money.list_to_turn() or money.list_to_credit()
        return Step(AS_CREDIT, about, charge.public_id, amount) if is_new else None
    if charge.invoice_id is None:
        if not is_billed(money, first_day):
            return None
        return Step(ISSUE, about, charge.public_id, charge.gross)
    if not money.is_booked:
        return Step(BOOK, about, charge.public_id, abs(money.calc_all_more()))
    for refund in money.list_to_credit():
        return Step(CREDIT, {**about, "refund": refund.public_id}, refund.public_id, refund.amount)
    return None


def is_billed(money: Money, first_day: date) -> bool:
    """Whether Bursar makes its invoice: something was sold, and first paid on that day or later."""
    paid_at = money.first_paid_at
    return money.charge.kind not in NEVER_BILLED and paid_at is not None and seller_day(paid_at) >= first_day


def list_to_book(at_most: int) -> list[Charge]:
    """Charges with news that documents and ledger do not follow yet."""
    news = Payment.objects.filter(to_book=True, to_apply=False, charge__isnull=False, mode=get_mode())
    ids = list(news.order_by("charge_id").values_list("charge_id", flat=True).distinct()[:at_most])
    return _with_accounts(Q(pk__in=ids))


def list_to_try(now: datetime, at_most: int) -> list[Charge]:
    """Those of which something failed a rule, and that are to be looked at again."""
    refunded = Refund.objects.filter(public_id__in=list_due(now, "ref_", at_most))
    ids = list(refunded.values_list("payment__charge_id", flat=True))
    return _with_accounts(Q(public_id__in=list_due(now, "chg_", at_most)) | Q(pk__in=ids))


def list_paid_otherwise() -> QuerySet[Charge]:
    """Owed since they were taken back, while their own invoice is settled by money: a bank line, a link, credit.

    Not while news of their money wait to be booked: then the invoice only seems to be settled.
    """
    failed = Charge.objects.filter(state=ChargeState.FAILED, invoice__settled_at__isnull=False)
    failed = failed.filter(invoice__made_for=F("public_id")).select_related("account", "invoice", "subscription")
    waits = NotIssued.objects.filter(made_for=OuterRef("public_id"))
    return failed.exclude(Exists(waits) | Exists(Payment.objects.filter(charge=OuterRef("pk"), to_book=True)))


def _with_accounts(which: Q) -> list[Charge]:
    return list(Charge.objects.filter(which).select_related("account", "invoice").order_by("pk"))


def list_unbilled(first_day: date) -> QuerySet[Charge]:
    """Paid from that day on, and without an invoice of Bursar's; oldest first."""
    paid = Payment.objects.filter(charge=OuterRef("pk"), paid_at__isnull=False, mode=get_mode())
    rows = Charge.objects.filter(Exists(paid), invoice=None, settled_at__isnull=False).exclude(kind__in=NEVER_BILLED)
    rows = rows.annotate(first_paid_at=Min("payments__paid_at")).filter(first_paid_at__gte=start_of(first_day))
    return rows.select_related("account").order_by("first_paid_at", "pk")


def name_invoice() -> Coalesce:
    """Of payments, in SQL: the number of the invoice that their money settles; ELSEWHERE for what came before Bursar
    made any; else empty.
    """
    first_day, names_it = get_first_day(), F("charge__invoice__number")
    if first_day is None:
        return Coalesce(names_it, Value(""))
    came_before = Q(status=PaymentState.PAID, paid_at__lt=start_of(first_day), account__isnull=False)
    is_sale = ~Q(kind__in=(PaymentKind.METHOD, PaymentKind.LINK, PaymentKind.OTHER))
    return Coalesce(names_it, Case(When(came_before & is_sale, then=Value(ELSEWHERE)), default=Value("")))


def say_invoice(charge: Charge, first_day: date | None) -> str:
    """The same of one charge, whose payments are loaded."""
    if charge.invoice is not None:
        return charge.invoice.number
    if first_day is None or charge.kind in NEVER_BILLED:
        return ""
    came = min((one.paid_at for one in charge.payments.all() if one.paid_at), default=None)
    return ELSEWHERE if came is not None and seller_day(came) < first_day else ""

"""Money that came and went in the story of an account: by Mollie, by the bank, and what was booked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse

from bursar.billing.models import LedgerEntry
from bursar.core.days import say_day
from bursar.payments import words
from bursar.payments.filters import ALL
from bursar.payments.models import Chargeback, Payment, Refund
from bursar.payments.present import TONES
from bursar.payments.queries.invoicing import MONEY
from bursar.payments.queries.shown import say_what
from bursar.payments.rules.refunds import DEAD
from bursar.payments.states import RUNNING, PaymentKind, PaymentState, RefundState
from bursar.tenants.story import of_account, whose
from bursar.ui.story import Ask, Bound, Entry, Kind, Source

_VERBS = {
    PaymentState.PAID: "paid",
    PaymentState.FAILED: "failed",
    PaymentState.CANCELED: "not paid, the checkout was left",
    PaymentState.EXPIRED: "not paid, the checkout ran out",
}
TAKEN_IN = frozenset(
    f"payments.account.{verb}"
    for verb in (
        "await_first", "start_paying", "note_under_way", "renew", "settle", "fall_behind", "note_failed_try",
        "book_charge_money", "book_link_money",
    )
)  # fmt: skip
BOOKED = frozenset(
    {"billing.invoice.mark_paid", "billing.invoice.book_bank_money", "billing.account.book_bank_credit",
     "billing.invoice.reverse_payment", "billing.account.pay_back_credit",
     "billing.account.mark_owed_paid", "billing.account.unbook_owed_paid"}
)  # fmt: skip
ASKED_BACK = frozenset(
    {"payments.account.refund", "payments.payment.refund", "payments.refund.put_up", "payments.account.note_refund"}
)
AS_MOLLIE_SAYS = ("raw", "payment__raw")
DECIDED = frozenset({"payments.refund.approve", "payments.refund.deny"})
TAKEN_BACK = frozenset({"payments.account.lose_payment", "payments.account.note_taken_back"})
GIVEN_BACK = frozenset({"payments.account.note_given_back"})


def _payments(ask: Ask, bound: Bound) -> Iterator[Entry]:
    """Each try once: at the instant at which it was decided; while it is not, at that of its beginning."""
    rows = Payment.objects.filter(of_account(ask.look.target)).annotate(told_at=Coalesce("paid_at", "failed_at", "at"))
    named = rows.select_related("charge__invoice", "account__organisation").defer("raw", "charge__invoice__says")
    for row in bound.cut(named, "told_at"):
        status = PaymentState(row.status)
        yield Entry(
            row.told_at,
            row.pk,
            f"{_say_what(row)}, {_VERBS.get(status, 'under way')}{_say_how(row)}",
            where=whose(row.account, ask.look.target),
            url=_page(row),
            state="" if status is PaymentState.PAID else words.STATUSES[status],
            tone="warn" if row.status in RUNNING else TONES.get(status, ""),
            amount=row.amount,
        )


def _say_what(row: Payment) -> str:
    """ "Renewal: Changemaker, billed yearly, 3 seats of 2026-000012" """
    what = say_what(row.charge) if row.charge else words.KINDS[PaymentKind(row.kind)].capitalize()
    number = f" of {row.charge.invoice.number}" if row.charge and row.charge.invoice else ""
    return f"{what}{number}"


def _say_how(row: Payment) -> str:
    method = words.say_by(row.method)
    reason = words.say_reason(row.method, row.reason) if row.status == PaymentState.FAILED else ""
    return f"{method}: {reason}" if reason else method


def _page(row: Payment) -> str:
    return f"{reverse('payments:page')}?{urlencode({'month': ALL, 'q': row.public_id})}"


def _booked(ask: Ask, bound: Bound) -> Iterator[Entry]:
    """Money of the ledger that no payment tells: it came by the bank, or somebody marked it."""
    moved = Q(kind__in=MONEY) & (Q(cause="") | Q(cause__startswith="bnl_"))
    rows = LedgerEntry.objects.filter(of_account(ask.look.target), moved).select_related(
        "invoice", "account__organisation"
    )
    for row in bound.cut(rows.defer("invoice__says"), "booked_at"):
        what = f"Invoice {row.invoice.number}" if row.invoice else "The account’s credit"
        yield Entry(
            row.booked_at,
            row.pk,
            f"{what}: {_say_way(row)}",
            where=whose(row.account, ask.look.target),
            url=reverse("panel:invoice", args=[row.invoice.public_id]) if row.invoice else "",
            body=row.reference,
            amount=row.amount,
            subject=row.invoice.public_id if row.invoice else row.account.public_id,
        )


def _say_way(row: LedgerEntry) -> str:
    """ "money arrived by the bank on 3 March 2026, paid in full"; the day where it is not that of booking."""
    said = "money arrived" if row.amount > 0 else "money went back"
    said += " by the bank" if row.cause else ""
    said += f" on {say_day(row.on)}" if row.on != row.booked_at.date() else ""
    return f"{said}, paid in full" if row.invoice and row.invoice.settled_at == row.booked_at else said


def _refunds(ask: Ask) -> QuerySet[Refund]:
    rows = Refund.objects.filter(of_account(ask.look.target, "payment__account"))
    named = ("payment__account__organisation", "asked_by__user", "decided_by__user")
    return rows.select_related(*named).defer(*AS_MOLLIE_SAYS)


def _asked_back(ask: Ask, bound: Bound) -> Iterator[Entry]:
    for row in bound.cut(_refunds(ask), "created_at"):
        waits, is_dead = row.state == RefundState.ASKED, row.state in DEAD
        yield Entry(
            row.created_at,
            row.pk,
            f"Refund of what was paid{_say_paid(row.payment)}",
            where=whose(row.payment.account, ask.look.target),
            url=reverse("refunds:refund", args=[row.public_id]),
            state=row.get_state_display(),
            tone="warn" if waits else "bad" if is_dead else "",
            by=str(row.asked_by or "at Mollie itself"),
            amount=-row.amount,
            reason=row.reason,
            subject=row.public_id,
        )


def _say_paid(payment: Payment) -> str:
    """ " on 3 March 2026 by iDEAL" """
    day = f" on {say_day(payment.paid_at)}" if payment.paid_at else ""
    return f"{day}{words.say_by(payment.method)}"


def _decided_back(ask: Ask, bound: Bound) -> Iterator[Entry]:
    for row in bound.cut(_refunds(ask).exclude(decided_at=None), "decided_at"):
        is_denied = row.state == RefundState.DENIED
        yield Entry(
            row.decided_at,  # type: ignore[arg-type]  # not among those without it
            row.pk,
            f"Refund of {say_day(row.created_at)} {'denied' if is_denied else 'approved'}",
            where=whose(row.payment.account, ask.look.target),
            url=reverse("refunds:refund", args=[row.public_id]),
            by=str(row.decided_by or ""),
            amount=-row.amount,
            reason=row.note,
            subject=row.public_id,
        )


def _chargebacks(ask: Ask) -> QuerySet[Chargeback]:
    rows = Chargeback.objects.filter(of_account(ask.look.target, "payment__account"))
    return rows.select_related("payment__account__organisation").defer(*AS_MOLLIE_SAYS)


def _taken_back(ask: Ask, bound: Bound) -> Iterator[Entry]:
    for row in bound.cut(_chargebacks(ask), "created_at"):
        why = row.reason or words.say_reason(row.payment.method, row.reason_code)
        yield Entry(
            row.created_at,
            row.pk,
            f"The payer’s bank took back what was paid{_say_paid(row.payment)}{f': {why}' if why else ''}",
            where=whose(row.payment.account, ask.look.target),
            url=_page(row.payment),
            state="reversed" if row.reversed_at else "charged back",
            tone="" if row.reversed_at else "bad",
            amount=-row.amount,
        )


def _given_back(ask: Ask, bound: Bound) -> Iterator[Entry]:
    for row in bound.cut(_chargebacks(ask).exclude(reversed_at=None), "reversed_at"):
        yield Entry(
            row.reversed_at,  # type: ignore[arg-type]  # not among those without it
            row.pk,
            f"Came again after all: what the payer’s bank took on {say_day(row.created_at)}",
            where=whose(row.payment.account, ask.look.target),
            url=_page(row.payment),
            amount=row.amount,
        )


PAYMENTS = Kind(
    "payments",
    "Payments",
    "cash",
    "No money came or went yet.",
    (
        Source("chargeback-reversed", _given_back, GIVEN_BACK),
        Source("chargeback", _taken_back, TAKEN_BACK),
        Source("refund-decided", _decided_back, DECIDED),
        Source("refund", _asked_back, ASKED_BACK),
        Source("booked", _booked, BOOKED),
        Source("payment", _payments, TAKEN_IN),
    ),
)

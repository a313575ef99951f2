"""Documents in the story of an account: issued, sent, reminded of, paid, credited."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Prefetch, QuerySet
from django.urls import reverse

from bursar.billing.models import Invoice, Reminder, Sending
from bursar.billing.models.sending import SendingKind
from bursar.billing.present import describe_invoice
from bursar.billing.queries.sending import describe_sent
from bursar.billing.seller import seller_day
from bursar.billing.trail import TONES
from bursar.core.days import say_day
from bursar.tenants.story import of_account, whose
from bursar.ui.story import Ask, Bound, Entry, Kind, Source

ISSUED = frozenset(
    {"billing.account.issue_invoice", "billing.account.invoice_extra_seats", "billing.account.issue_due",
     "billing.draft.issue", "billing.invoice.credit", "payments.account.issue_charge_invoice",
     "payments.account.credit_refund"}
)  # fmt: skip
"""Actions whose one result is the document. What does more beside, such as correcting a VAT, keeps its own line."""
PAYMENTS = "payments"
"""The kind that tells of the money itself."""
SENT = frozenset({"billing.invoice.send_out", "billing.invoice.send_again"})
REMINDED = frozenset({"billing.invoice.remind", "billing.invoice.record_reminder"})


def _issued(ask: Ask, bound: Bound) -> Iterator[Entry]:
    rows = Invoice.objects.filter(of_account(ask.look.target)).select_related("corrects", "account__organisation")
    today = seller_day(ask.look.now)
    for row in bound.cut(rows.defer("says", "corrects__says"), "issued_at"):
        said = describe_invoice(row, today)
        due = f", due on {say_day(row.due_on)}" if row.due_on and row.open > 0 else ""
        what = f"Credit note {row} of invoice {row.corrects} issued" if row.corrects else f"Invoice {row} issued{due}"
        yield Entry(
            row.issued_at,
            row.pk,
            what,
            where=whose(row.account, ask.look.target),
            url=_url(row),
            state=said["state"],
            tone=said["tone"],
            amount=-row.gross if row.corrects else row.gross,
            subject=row.public_id,
        )


def _url(row: Invoice) -> str:
    return reverse("panel:invoice", args=[row.public_id])


def _sent(ask: Ask, bound: Bound) -> Iterator[Entry]:
    """In two statements; mails of a reminder stand with it."""
    rows = Sending.objects.filter(of_account(ask.look.target, "invoice__account")).exclude(kind=SendingKind.REMINDER)
    for one in describe_sent(list(bound.cut(_with_invoice(rows), "at"))):
        row = one.sending
        again = " again" if row.kind == SendingKind.AGAIN else ""
        yield Entry(
            row.at,
            row.pk,
            f"Invoice {row.invoice} sent{again} to {row.email or 'a person who was erased'}",
            where=whose(row.invoice.account, ask.look.target),
            url=_url(row.invoice),
            body=one.failed,
            state=one.state,
            tone=TONES.get(one.state, ""),
            subject=row.invoice.public_id,
        )


def _with_invoice(rows: QuerySet[Sending]) -> QuerySet[Sending]:
    return rows.select_related("invoice__account__organisation").defer("invoice__says")


def _reminded(ask: Ask, bound: Bound) -> Iterator[Entry]:
    """In two statements."""
    rows = Reminder.objects.filter(of_account(ask.look.target, "invoice__account")).defer("invoice__says")
    sendings = Prefetch("sendings", Sending.objects.order_by("pk"))
    named = rows.select_related("invoice__account__organisation").prefetch_related(sendings)
    for row in bound.cut(named, "at"):
        level = f"Reminder {row.level}" if row.level else "Reminder"
        to = ", ".join(one.email or "a person who was erased" for one in row.sendings.all())
        yield Entry(
            row.at,
            row.pk,
            f"{level} of invoice {row.invoice} {row.get_way_display()}{f' to {to}' if to else ''}",
            where=whose(row.invoice.account, ask.look.target),
            url=_url(row.invoice),
            body=row.note,
            amount=row.open,
            subject=row.invoice.public_id,
        )


def _settled(ask: Ask, bound: Bound) -> Iterator[Entry]:
    """What settled it is told by the payments, where they are told too."""
    if PAYMENTS in ask.kinds:
        return
    rows = Invoice.objects.filter(of_account(ask.look.target)).exclude(settled_at=None)
    for row in bound.cut(rows.select_related("account__organisation").defer("says"), "settled_at"):
        yield Entry(
            row.settled_at,  # type: ignore[arg-type]  # not among those without it
            row.pk,
            f"Invoice {row} paid in full",
            where=whose(row.account, ask.look.target),
            url=_url(row),
        )


INVOICES = Kind(
    "invoices",
    "Invoices",
    "file-invoice",
    "No invoice was issued yet.",
    (
        Source("settled", _settled),
        Source("reminded", _reminded, REMINDED),
        Source("sent", _sent, SENT),
        Source("issued", _issued, ISSUED),
    ),
)

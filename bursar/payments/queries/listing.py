"""Every read of the mirror's payments. Totals, rows, CSV and API start from `filtered`, so they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum

from bursar.core.errors import NotFound
from bursar.core.money import ZERO
from bursar.payments.filters import CHARGED_BACK, REFUNDED, View
from bursar.payments.gateway import get_mode
from bursar.payments.ids import IdKind, is_id
from bursar.payments.models import Payment
from bursar.payments.queries.invoicing import name_invoice
from bursar.payments.states import PaymentState
from bursar.tenants.search import list_meant_ids
from bursar.ui.lists import PAGE_SIZE

ORDER = {
    "date": "dated_at",
    "account": "account__sort_key",
    "kind": "kind",
    "method": "method",
    "amount": "amount",
    "status": "status",
}
RUNNING = (PaymentState.OPEN, PaymentState.PENDING, PaymentState.AUTHORIZED)
LEFT = (PaymentState.CANCELED, PaymentState.EXPIRED)
"""The customer went away, or let it run out: no bank refused anything."""


def of_this_world() -> QuerySet[Payment]:
    """Payments of the key's mode, since test money is none. Without a key nothing new comes in, and all stand here."""
    mode = get_mode()
    return Payment.objects.filter(mode=mode) if mode else Payment.objects.all()


def filtered(view: View) -> QuerySet[Payment]:
    """What is searched for is looked up here, once, whatever is then asked of the rows."""
    rows = of_this_world()
    if view.span:
        rows = rows.filter(dated_at__gte=view.span.start, dated_at__lt=view.span.end)
    if view.q:
        rows = rows.filter(_is_meant(view.q))
    if view.states:
        rows = rows.filter(_state_in(view.states))
    for name, values in (("kind", view.kinds), ("method", view.methods), ("source", view.sources)):
        if values:
            rows = rows.filter(**{f"{name}__in": values})
    return rows


def _is_meant(asked: str) -> Q:
    """By one of its ids, or by its account as everywhere."""
    if is_id(asked, IdKind.PAYMENT):
        return Q(mollie_id=asked)
    if asked.startswith("pmt_"):
        return Q(public_id=asked)
    return Q(account_id__in=[pk for (pk,) in list_meant_ids(asked).values_list("id")])


def _state_in(states: tuple[str, ...]) -> Q:
    found = Q(status__in=[state for state in states if state not in (CHARGED_BACK, REFUNDED)])
    if CHARGED_BACK in states:
        found |= Q(charged_back__gt=0)
    if REFUNDED in states:
        found |= Q(refunded__gt=0)
    return found


def ordered(view: View, rows: QuerySet[Payment]) -> QuerySet[Payment]:
    """By the asked column, then the newest: a total order. Those of nobody's come last by account."""
    name, falls = view.sort.removeprefix("-"), view.sort.startswith("-")
    column = F(ORDER[name])
    last = True if name == "account" else None
    first = column.desc(nulls_last=last) if falls else column.asc(nulls_last=last)
    if name == "date":
        return rows.order_by(first, "-id" if falls else "id")
    return rows.order_by(first, "-dated_at", "-id")


def with_names(rows: QuerySet[Payment]) -> QuerySet[Payment]:
    return rows.select_related("account__organisation").defer("raw")


def list_page(view: View, rows: QuerySet[Payment]) -> list[Payment]:
    """One page of these, in one statement."""
    start = (view.page - 1) * PAGE_SIZE
    named = with_names(ordered(view, rows)).annotate(invoice_number=name_invoice())
    return list(named[start : start + PAGE_SIZE])


@dataclass
class Totals:
    """Of the whole filtered set, EUR gross. `received`: what was paid, before anything went back. `left`: abandoned."""

    rows: int = 0
    received: Decimal = ZERO
    received_rows: int = 0
    failed: Decimal = ZERO
    failed_rows: int = 0
    left_rows: int = 0
    pending: Decimal = ZERO
    pending_rows: int = 0
    refunded: Decimal = ZERO
    refunded_rows: int = 0
    charged_back: Decimal = ZERO
    charged_back_rows: int = 0

    @property
    def kept(self) -> Decimal:
        """What stayed of it."""
        return self.received - self.refunded - self.charged_back


def calc_totals(rows: QuerySet[Payment]) -> Totals:
    """One statement: grouped by status, added up here."""
    totals = Totals()
    groups = (
        rows.order_by()
        .values("status")
        .annotate(
            rows=Count("*"),
            total=Sum("amount"),
            refunded_=Sum("refunded"),
            charged_back_=Sum("charged_back"),
            refunded_rows=Count("status", filter=Q(refunded__gt=0)),
            charged_back_rows=Count("status", filter=Q(charged_back__gt=0)),
        )
    )
    for group in groups:
        status, count, total = group["status"], group["rows"], group["total"]
        totals.rows += count
        totals.refunded += group["refunded_"]
        totals.charged_back += group["charged_back_"]
        totals.refunded_rows += group["refunded_rows"]
        totals.charged_back_rows += group["charged_back_rows"]
        if status == PaymentState.PAID:
            totals.received, totals.received_rows = total, count
        elif status == PaymentState.FAILED:
            totals.failed, totals.failed_rows = total, count
        elif status in RUNNING:
            totals.pending += total
            totals.pending_rows += count
        else:
            totals.left_rows += count
    return totals


def get_payment(asked: str) -> Payment:
    """By our id or by Mollie's. Raises NotFound."""
    by = Q(mollie_id=asked) if is_id(asked, IdKind.PAYMENT) else Q(public_id=asked)
    found = with_names(of_this_world().filter(by)).first()
    if found is None:
        raise NotFound("There is no such payment here.")
    return found


def has_any() -> bool:
    return Payment.objects.exists()

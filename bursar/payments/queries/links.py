"""Payment links, and what they may be made for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from bursar.access.actor import Actor
from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice
from bursar.core.days import say_day, say_end
from bursar.core.turning import Turned, turn
from bursar.payments.models import Charge, Payment, PaymentLink
from bursar.payments.queries.refunds import find_for_staff
from bursar.payments.rules.links import LIVE, Standing
from bursar.payments.states import PaymentState
from bursar.tenants.models import BillingAccount

SHOWN = 8
WITH_BANK = (PaymentState.PENDING.value, PaymentState.AUTHORIZED.value)


def get_link(actor: Actor, public_id: str) -> PaymentLink:
    """For staff. Raises NotFound."""
    rows = PaymentLink.objects.select_related("account__organisation", "invoice")
    found: PaymentLink = find_for_staff(actor, rows.filter(public_id=public_id))
    return found


def standing_of(link: PaymentLink) -> Standing:
    return Standing(link.state, link.expires_at, link.why_ended)


def find_live(invoice: Invoice, now: datetime) -> PaymentLink | None:
    """One by which this invoice can be paid, or soon will be."""
    return _live(PaymentLink.objects.filter(invoice=invoice, expires_at__gt=now)).first()


def list_live_of(account: BillingAccount, now: datetime) -> list[PaymentLink]:
    """Oldest first."""
    rows = _live(PaymentLink.objects.filter(account=account, expires_at__gt=now))
    return list(rows.select_related("invoice").order_by("made_at", "id"))


def _live(rows: QuerySet[PaymentLink]) -> QuerySet[PaymentLink]:
    return rows.filter(state__in=[state.value for state in LIVE])


def list_links(of: BillingAccount | Invoice, asked: str) -> Turned[PaymentLink]:
    """Newest first."""
    which = Q(invoice=of) if isinstance(of, Invoice) else Q(account=of)
    rows = PaymentLink.objects.filter(which).select_related("invoice").order_by("-made_at", "-id")
    return turn(rows, "links", asked, SHOWN)


def list_open_invoices(account: BillingAccount) -> list[Invoice]:
    """Such as ask for money still; what is due first comes first."""
    rows = Invoice.objects.filter(account=account, kind=DocumentKind.INVOICE.value, open__gt=0)
    return list(rows.defer("says").order_by("due_on", "pk"))


def find_charge_of(link: PaymentLink) -> Charge | None:
    """That which its first payment made."""
    return Charge.objects.filter(payments__link=link).first()


def list_to_look_at(now: datetime, at_most: int) -> list[PaymentLink]:
    rows = PaymentLink.objects.filter(look_at__lte=now).exclude(mollie_id="")
    return list(rows.select_related("account").order_by("look_at", "id")[:at_most])


def say_under_way(invoice_ids: Collection[int], now: datetime) -> dict[int, str]:
    """Why somebody should wait with a reminder: money for the invoice is with the bank, or it can be paid by a link."""
    of_link, of_charge = Q(link__invoice__in=invoice_ids), Q(charge__invoice__in=invoice_ids)
    running = Payment.objects.filter(of_link | of_charge, status__in=WITH_BANK).order_by("-at")
    found = {}
    for invoice_of_link, invoice_of_charge, at in running.values_list("link__invoice", "charge__invoice", "at"):
        found[invoice_of_link or invoice_of_charge] = f"A payment for it is under way since {say_day(at)}."
    live = _live(PaymentLink.objects.filter(invoice__in=invoice_ids, expires_at__gt=now))
    for invoice_id, until in live.values_list("invoice", "expires_at"):
        assert invoice_id is not None
        found.setdefault(invoice_id, f"It can be paid by a payment link until {say_end(until)}.")
    return found

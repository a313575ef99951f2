"""Sales with VAT to buyers elsewhere in the EU: their sum for the one-stop shop, and what proves where buyers are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice
from bursar.billing.queries.bank import list_ibans
from bursar.billing.queries.corrections import list_to_correct
from bursar.billing.queries.oss import sum_abroad
from bursar.billing.rules import VatDecision, say_state_of
from bursar.billing.rules.oss import Proofs, Sold
from bursar.billing.seller import seller_day, start_of
from bursar.core.money import ZERO, cents
from bursar.payments.models import Charge, Payment
from bursar.payments.states import PaymentState


class Sale(NamedTuple):
    """`of`: the charge that paid for it, or the invoice that was paid by bank. `decision`: of its VAT. EUR."""

    of: Charge | Invoice
    paid_at: datetime
    net: Decimal
    vat: Decimal
    decision: VatDecision
    proofs: Proofs


def get_sold(now: datetime) -> Sold:
    """This year's and last year's, as the seller counts them."""
    year = seller_day(now).year
    this_year, last_year = (sum_abroad(one) + _sum_elsewhere(one) for one in (year, year - 1))
    return Sold(year, this_year, last_year, settings.BURSAR_OSS_THRESHOLD, settings.BURSAR_OSS)


def _sum_elsewhere(year: int) -> Decimal:
    """Paid by Mollie in that year and invoiced by another program; what was refunded since is left out."""
    back = Payment.objects.filter(charge=OuterRef("pk")).order_by().values("charge")
    refunded = Coalesce(Subquery(back.annotate(total=Sum("refunded")).values("total")), ZERO)
    rows = Charge.objects.filter(is_abroad=True, invoice=None, gross__gt=0)
    rows = rows.filter(settled_at__gte=start_of(date(year, 1, 1)), settled_at__lt=start_of(date(year + 1, 1, 1)))
    rows = rows.annotate(left=F("net") - refunded * F("net") / F("gross"))
    total: Decimal | None = rows.aggregate(total=Sum("left"))["total"]
    return cents(total or ZERO)


def list_sales() -> QuerySet[Any, tuple[datetime, str, int]]:
    """When, what and which of those that were paid, the newest first: charges, and invoices that no charge settles."""
    charges = Charge.objects.filter(is_abroad=True, settled_at__isnull=False).order_by()
    by_charge = Charge.objects.filter(invoice=OuterRef("pk"))
    invoices = Invoice.objects.filter(~Exists(by_charge), kind=DocumentKind.INVOICE.value, settled_at__isnull=False)
    named = [
        rows.values_list("settled_at", Value(what), "pk")
        for what, rows in (("charge", charges), ("invoice", invoices.exclude(abroad_net=0).order_by()))
    ]
    return named[0].union(named[1], all=True).order_by("-settled_at", "-pk")


def load_sales(keys: Collection[tuple[datetime, str, int]]) -> list[Sale]:
    """Of `list_sales`, in its order, in a number of statements that does not depend on how many there are."""
    paid = Payment.objects.filter(status=PaymentState.PAID).order_by("-at", "-id")
    ids = {what: [pk for _, one, pk in keys if one == what] for what in ("charge", "invoice")}
    rows = Charge.objects.select_related("account__organisation").prefetch_related(
        Prefetch("payments", paid, "paid_by")
    )
    charges, ibans = rows.in_bulk(ids["charge"]), list_ibans(ids["invoice"])
    invoices = Invoice.objects.select_related("account__organisation").in_bulk(ids["invoice"])
    return [
        _of_charge(charges[pk], at) if what == "charge" else _of_invoice(invoices[pk], at, ibans.get(pk, []))
        for at, what, pk in keys
    ]


def _of_charge(charge: Charge, at: datetime) -> Sale:
    """Its proofs as the charge keeps them, and as Mollie told of its payments."""
    buyer = charge.decision["inputs"]["buyer"]
    told = [payment.raw for payment in charge.paid_by]  # type: ignore[attr-defined]  # prefetched so
    bank = next(filter(None, map(_bank_of, told)), "")
    checkout = next((str(raw["countryCode"]) for raw in told if raw.get("countryCode")), "")
    proofs = Proofs(buyer["country"], bank, checkout, say_state_of(buyer["vat_id"]))
    return Sale(charge, at, charge.net, charge.vat, VatDecision.read(charge.decision), proofs)


def _of_invoice(row: Invoice, at: datetime, ibans: Sequence[str]) -> Sale:
    """Its proofs by the document, and by the bank's lines that paid it."""
    document = row.document
    bank = next(filter(None, map(_country_of, ibans)), "")
    proofs = Proofs(document.buyer.country, bank, "", say_state_of(document.buyer.vat_id))
    return Sale(row, at, row.net, row.vat, document.items[0].vat, proofs)


def _bank_of(raw: dict[str, object]) -> str:
    """The country of the bank account or the card; empty for a wallet, which tells none."""
    details = raw.get("details")
    if not isinstance(details, dict):
        return ""
    iban, card = str(details.get("consumerAccount") or ""), str(details.get("cardCountryCode") or "")
    return _country_of(iban) or card


def _country_of(iban: str) -> str:
    """Empty for what is none, such as the number of an account at home."""
    return iban[:2] if iban[:2].isalpha() and iban[2:4].isdigit() else ""


def count_to_look_at(now: datetime) -> int:
    """Invoices that may bear VAT which is not due, and the one-stop shop when it comes near."""
    return list_to_correct().count() + get_sold(now).is_to_warn

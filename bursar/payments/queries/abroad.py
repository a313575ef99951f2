"""Sales with VAT to buyers elsewhere in the EU: their sum for the one-stop shop, and what proves where buyers are."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from bursar.billing.queries.corrections import list_to_correct
from bursar.billing.queries.oss import sum_abroad
from bursar.billing.rules import say_state_of
from bursar.billing.rules.oss import Proofs, Sold
from bursar.billing.seller import seller_day, start_of
from bursar.core.money import ZERO, cents
from bursar.payments.models import Charge, Payment
from bursar.payments.states import PaymentState


class Sale(NamedTuple):
    charge: Charge
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


def list_sales() -> QuerySet[Charge]:
    """Paid ones, the newest first."""
    paid = Payment.objects.filter(status=PaymentState.PAID).order_by("-at", "-id")
    rows = Charge.objects.filter(is_abroad=True, settled_at__isnull=False).select_related("account__organisation")
    return rows.prefetch_related(Prefetch("payments", paid, "paid_by")).order_by("-settled_at", "-id")


def read_proofs(charge: Charge) -> Proofs:
    """As the charge keeps them, and as Mollie told of its payments. `charge`: of `list_sales`."""
    buyer = charge.decision["inputs"]["buyer"]
    told = [payment.raw for payment in charge.paid_by]  # type: ignore[attr-defined]  # prefetched so
    bank = next(filter(None, map(_bank_of, told)), "")
    checkout = next((str(raw["countryCode"]) for raw in told if raw.get("countryCode")), "")
    return Proofs(buyer["country"], bank, checkout, say_state_of(buyer["vat_id"]))


def _bank_of(raw: dict[str, object]) -> str:
    """The country of the bank account or the card; empty for a wallet, which tells none."""
    details = raw.get("details")
    if not isinstance(details, dict):
        return ""
    iban, card = str(details.get("consumerAccount") or ""), str(details.get("cardCountryCode") or "")
    return iban[:2] if iban[:2].isalpha() and iban[2:4].isdigit() else card


def count_to_look_at(now: datetime) -> int:
    """Invoices that may bear VAT which is not due, and the one-stop shop when it comes near."""
    return list_to_correct().count() + get_sold(now).is_to_warn

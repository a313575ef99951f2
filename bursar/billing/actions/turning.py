"""What becomes of invoices when an account becomes managed, or self-serve again: nothing, and the dialog says so."""

from __future__ import annotations

from datetime import datetime

from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice
from bursar.core.money import ZERO, euros
from bursar.plans.states import Mode
from bursar.plans.turning import TURNS, Turn
from bursar.tenants.models import BillingAccount


def foresee(account: BillingAccount, to: Mode, now: datetime) -> list[str]:
    if to is Mode.MANAGED:
        return []
    rows = Invoice.objects.filter(account=account, kind=DocumentKind.INVOICE.value, open__gt=0)
    found = list(rows.order_by("due_on", "pk").values_list("number", "open"))
    if not found:
        return []
    total, numbers = euros(sum((amount for _, amount in found), ZERO)), ", ".join(number for number, _ in found)
    return [f"{numbers} stays open: {total}." if len(found) == 1 else f"{numbers} stay open: {total} in all."]


TURNS.add("billing", Turn(foresee))

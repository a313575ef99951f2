"""Lines about who pays, and what was paid before."""

from __future__ import annotations

from datetime import datetime

from bursar.billing import store
from bursar.payments.models import Payment
from bursar.payments.store import imported
from bursar.product.apply.batch import Records, takes
from bursar.product.lookup import Lookup
from bursar.tenants.store import Written

DETAILS = ("name", "street", "street_more", "postcode", "city", "country", "vat_id", "legal_id", "peppol_id",
           "order_number", "order_last_day", "buyer_reference", "contract", "payment_days", "language")  # fmt: skip
PAYMENT = ("external_id", "source", "amount", "refunded", "charged_back", "method", "status", "reason", "description",
           "at", "paid_at", "failed_at")  # fmt: skip


@takes("billing_details")
def take_billing_details(records: Records, lookup: Lookup, now: datetime) -> Written:
    lines = [
        (
            lookup.account(r.account),
            store.Details(**{name: getattr(r, name) for name in DETAILS}, mails=tuple(dict.fromkeys(r.mails))),
        )
        for r in records
    ]
    return Written(refused=store.take_history(lines, now))


@takes("past_payment")
def take_past_payments(records: Records, lookup: Lookup, now: datetime) -> Written:
    """They move no figure: what was paid for is told by lines of kind paid."""
    rows = [
        Payment(account_id=lookup.account(r.account), kind=r.type, **{name: getattr(r, name) for name in PAYMENT})
        for r in records
    ]
    return Written(refused=imported.take_history(rows, now))

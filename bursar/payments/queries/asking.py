"""What of an account Mollie is asked about anew."""

from __future__ import annotations

from bursar.payments.models import Payment
from bursar.payments.states import PaymentState
from bursar.tenants.models import BillingAccount

RUNNING = (PaymentState.OPEN, PaymentState.PENDING, PaymentState.AUTHORIZED)
LATEST = 10


def list_to_ask(account: BillingAccount) -> list[str]:
    """Mollie's ids of payments that may change by themselves, and of the latest ones."""
    known = Payment.objects.filter(account=account).exclude(mollie_id="").order_by("-at", "-id")
    ids = [*known.filter(status__in=RUNNING).values_list("mollie_id", flat=True)[:LATEST]]
    return list(dict.fromkeys([*ids, *known.values_list("mollie_id", flat=True)[:LATEST]]))

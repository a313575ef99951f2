"""What an account has open: while anything is, none of its workspaces is handed off (DOMAIN 9)."""

from __future__ import annotations

from bursar.billing.models import Invoice
from bursar.billing.store.ledger import get_credit
from bursar.core.money import euros
from bursar.payments.models import Refund
from bursar.payments.queries import list_open
from bursar.payments.states import ChargeState, RefundState
from bursar.plans.states import Status
from bursar.tenants.models import BillingAccount

UNDER_WAY = (RefundState.ASKED, RefundState.SENDING, RefundState.QUEUED, RefundState.PENDING, RefundState.PROCESSING)


def list_open_ends(account: BillingAccount, status: str) -> list[str]:
    """A sentence each. What was only begun at a checkout is none: it ends with the handoff."""
    said = [f"Invoice {row.number} is open, {euros(row.open)}." for row in _list_open_invoices(account)]
    if (credit := get_credit(account)) < 0:
        said.append(f"It owes {euros(-credit)} beside its invoices.")
    if status == Status.PAST_DUE:
        said.append("A payment is past due.")
    if status == Status.PENDING or any(one.state == ChargeState.UNDER_WAY for one in list_open(account.pk)):
        said.append("A payment is under way.")
    if Refund.objects.filter(payment__account=account, state__in=UNDER_WAY).exists():
        said.append("A refund is under way.")
    return said


def _list_open_invoices(account: BillingAccount) -> list[Invoice]:
    return list(Invoice.objects.filter(account=account, kind="invoice", open__gt=0).order_by("id")[:5])

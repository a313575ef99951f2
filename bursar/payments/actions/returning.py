"""What goes back by itself."""

from __future__ import annotations

from bursar.actions.run import Act
from bursar.payments.models import Payment
from bursar.payments.states import CallOp, RefundState
from bursar.payments.store import calls, refunds
from bursar.tenants.models import BillingAccount


def give_back(act: Act, account: BillingAccount, payment: Payment) -> None:
    """All of a payment that only proved a new way of paying: nothing was sold."""
    made = refunds.ask(
        payment, payment.amount, RefundState.SENDING, act.now,
        description="It proved your new way of paying",
        reason="What only proves a new way of paying goes back at once.",
    )  # fmt: skip
    calls.put(CallOp.REFUND_CREATE, account, {"refund": made.public_id}, act.now)

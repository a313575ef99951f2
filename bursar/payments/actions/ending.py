"""How a subscription ends: what *Cancel*, *Set managed* and a refund that ends the plan share. Declares nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from bursar.actions.run import Act
from bursar.payments.actions.shared import set_terms
from bursar.payments.models import Payment
from bursar.payments.queries.basics import get_meant
from bursar.payments.queries.news import list_owed_intervals, list_to_end
from bursar.payments.rules.table import Stand
from bursar.payments.states import CallOp, PaymentState
from bursar.payments.store import calls, charges, subscriptions
from bursar.plans import rules, store
from bursar.plans.actions.shared import state_of, terms_of
from bursar.tenants.models import BillingAccount

CANCELABLE = (PaymentState.OPEN, PaymentState.PENDING)


class Ended(NamedTuple):
    """`lapses_at`: until when tiers and what is paid go on; None: both went at once.

    `fallen`: (workspace, tier before, tier after) of those that went to free now.
    """

    lapses_at: datetime | None
    fallen: list[tuple[int, str, str]]


def find_lapse(terms: rules.Terms, now: datetime) -> datetime | None:
    """Until when a plan that is cancelled now goes on; None: nothing is paid ahead, so it goes at once."""
    return terms.paid_until if terms.paid_until and terms.paid_until > now else None


def end_subscription(act: Act, account: BillingAccount, *, at_once: bool = False) -> Ended:
    """Ends it at Mollie now; nothing is tried or charged any more. Tiers stay until what is paid ends.

    While past due that stays owed until then. Where that day has passed, or `at_once`, tiers and paid time go now.
    """
    stop_charging(act, account)
    terms = terms_of(act.case)
    lapses_at = None if at_once else find_lapse(terms, act.now)
    if lapses_at is not None:
        set_terms(act, account, Stand.CANCELLED, lapses_at=lapses_at)
        return Ended(lapses_at, [])
    charges.end(list_owed_intervals(account.pk), act.now)
    set_terms(
        act, account, Stand.CANCELLED, paid_until=None if at_once else terms.paid_until, past_due_since=None,
        lapses_at=None, ends_paid=at_once,
    )  # fmt: skip
    return Ended(None, fall_to_free(act))


def stop_charging(act: Act, account: BillingAccount) -> None:
    """Mollie charges no more, and nothing waits or is tried; what failed is owed still. Terms and tiers stay."""
    meant = get_meant(account.pk)
    if meant is not None and meant.end_asked_at is None:
        subscriptions.put(meant, end_asked_at=act.now, then_tier="", then_cadence="")
        calls.put(CallOp.SUBSCRIPTION_CANCEL, account, {"subscription": meant.public_id}, act.now)
    end_waiting(account, act.now)
    charges.stop_tries(account.pk)


def end_waiting(account: BillingAccount, now: datetime) -> None:
    """What was begun, or is planned, is asked for no more; what Mollie has of it is cancelled, where that can be."""
    waiting = list_to_end(account.pk)
    tries = Payment.objects.filter(charge__in=waiting, status__in=CANCELABLE).exclude(mollie_id="")
    for mollie_id in tries.order_by("id").values_list("mollie_id", flat=True):
        calls.put(CallOp.PAYMENT_CANCEL, account, {"payment": mollie_id}, now)
    charges.end(waiting, now)


def fall_to_free(act: Act) -> list[tuple[int, str, str]]:
    """Paid base tiers go to free now; timed grants stay until their own end."""
    state, terms, fallen = state_of(act.case), terms_of(act.case), []
    for workspace in state.workspaces:
        base = rules.base_tier(workspace.bases, terms, act.now)
        if workspace.is_live(act.now) and base in rules.PAID_TIERS:
            fallen.append((workspace.id, base, "free"))
    store.tiers.set_base_tiers([pk for pk, _, _ in fallen], "free", act.now)
    return fallen

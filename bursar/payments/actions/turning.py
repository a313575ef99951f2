"""What of self-serve ends when an account becomes managed: checkouts, offers, and links that settle no invoice."""

from __future__ import annotations

from datetime import datetime

from bursar.core.money import euros
from bursar.payments.actions.ending import end_waiting
from bursar.payments.models import PaymentLink
from bursar.payments.queries import links as read
from bursar.payments.queries import standing
from bursar.payments.queries.news import list_to_end
from bursar.payments.states import ChargeState
from bursar.payments.store import links, offers
from bursar.plans.models import Tier
from bursar.plans.states import Mode
from bursar.plans.turning import TURNS, Turn
from bursar.tenants.models import BillingAccount

WHY = "The account is billed by invoice now."


def foresee(account: BillingAccount, to: Mode, now: datetime) -> list[str]:
    kept, loose = _list_links(account, now)
    said = [_say_links(kept, "stays open")] if kept else []
    if to is not Mode.MANAGED:
        return [*said, *([_say_links(loose, "stays open")] if loose else [])]
    said += say_waiting(account, now)
    return [*said, *([_say_links(loose, "is archived")] if loose else [])]


def say_waiting(account: BillingAccount, now: datetime) -> list[str]:
    """What was begun or offered, and ends where nothing is bought by this account any more."""
    waiting = [one for one in list_to_end(account.pk) if one.state != ChargeState.PLANNED]
    said = [f"What waits to be paid ends: {euros(one.gross)}." for one in waiting]
    if offer := standing.get_offer(account.pk, now):
        said.append(f"The offer of {Tier(offer.tier).label}, billed {offer.cadence}, ends.")
    return said


def _list_links(account: BillingAccount, now: datetime) -> tuple[list[PaymentLink], list[PaymentLink]]:
    """Those that settle an invoice, and those that do not."""
    live = read.list_live_of(account, now)
    return [one for one in live if one.invoice_id], [one for one in live if not one.invoice_id]


def _say_links(live: list[PaymentLink], what: str) -> str:
    each = ", ".join(f"{one.description}, {euros(one.amount)}" for one in live)
    return f"A payment link {what}: {each}."


def leave(account: BillingAccount, now: datetime) -> None:
    """What is with the bank may arrive all the same: then it stands in Drift."""
    end_waiting(account, now)
    offers.end(account, now)
    loose = links.list_live(PaymentLink.objects.filter(account=account, invoice=None))
    links.archive(loose.select_related("account"), WHY, now)


TURNS.add("payments", Turn(foresee, leave))

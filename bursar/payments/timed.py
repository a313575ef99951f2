"""What the clock does for accounts that pay by Mollie. Each tick asks what is due; one bad account stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import structlog

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.billing.seller import seller_day
from bursar.core.errors import Refusal
from bursar.core.ticks import tick
from bursar.payments.actions.apply import apply_subscription
from bursar.payments.actions.following import Course, find_course, is_to_tell, quote_next
from bursar.payments.actions.shared import KEY
from bursar.payments.models import Refund, Subscription
from bursar.payments.queries import due
from bursar.payments.queries.corrections import list_dead
from bursar.payments.queries.seats import quote_seats_of
from bursar.payments.store import subscriptions
from bursar.payments.store.hints import hint
from bursar.plans.queries import load_accounts, load_catalogue
from bursar.plans.rules import AccountState
from bursar.tenants.models import BillingAccount

TOGETHER = 200  # accounts whose state is loaded at once
AT_ONCE = 2000  # of what is due, so that a tick ends; the next minute goes on
log = structlog.get_logger()


def _each(what: str, rows: Iterable[Any], do: Callable[[Any], None]) -> None:
    for row in rows:
        try:
            do(row)
        except Refusal as refusal:
            log.info(f"{what}_not_done", row=row.pk, why=refusal.sentence)
        except Exception:
            log.exception(f"{what}_failed", row=row.pk)


def _run(verb: str, account: BillingAccount, **data: str) -> None:
    run(KEY.format(verb), system("clock"), account.public_id, data)


def _with_states(rows: Iterable[Subscription]) -> Iterator[tuple[list[Subscription], dict[int, AccountState]]]:
    everything = list(rows)
    for start in range(0, len(everything), TOGETHER):
        stretch = everything[start : start + TOGETHER]
        yield stretch, load_accounts({one.account_id for one in stretch if one.account_id})


@tick("payments.arrive")
def arrive(now: datetime) -> None:
    """Before all else at the end of an interval: plans that change then, and subscriptions that are over."""
    _each("plan", due.list_to_arrive(now)[:AT_ONCE], lambda one: _run("arrive_at_plan", one.account))
    _each("end", due.list_over(now)[:AT_ONCE], lambda one: _run("end_with_interval", one.account))
    _each("renewal", due.list_unrenewed(now)[:AT_ONCE], lambda one: _run("miss_renewal", one.account))


@tick("payments.follow")
def follow(now: datetime) -> None:
    """Amounts follow; where nothing changed, or cannot, that is only noted, many at once."""
    for stretch, states in _with_states(due.list_to_follow(now)[:AT_ONCE]):
        seen: list[int] = []

        def compare(meant: Subscription, states: dict[int, AccountState] = states, seen: list[int] = seen) -> None:
            account = meant.account
            assert account is not None
            state = states[account.pk]
            quote = quote_next(account, state, meant, now)
            seen.append(meant.pk)
            if find_course(meant, quote, state, now) is not Course.STAY:
                _run("tell_new_amount" if is_to_tell(meant, quote, account.pk) else "follow_amount", account)

        _each("amount", stretch, compare)
        subscriptions.note_followed(seen, now)


@tick("payments.seats")
def charge_seats(now: datetime) -> None:
    """Once a day, from 02:00 UTC on."""
    catalogue = load_catalogue()
    for stretch, states in _with_states(due.list_to_seat(now)[:AT_ONCE]):

        def look(meant: Subscription, states: dict[int, AccountState] = states) -> None:
            account = meant.account
            assert account is not None
            if quote_seats_of(account, states[account.pk], meant, now, catalogue) is not None:
                _run("charge_seats", account)

        _each("seats", stretch, look)
        subscriptions.note_seen([meant.pk for meant in stretch], now.date())


@tick("payments.announce")
def announce(now: datetime) -> None:
    rows = due.list_to_announce(now, seller_day(now))[:AT_ONCE]
    _each("notice", rows, lambda one: _run("announce_renewal", one.account))


@tick("payments.try_again")
def try_again(now: datetime) -> None:
    rows = due.list_to_try(now)[:AT_ONCE]
    _each("retry", rows, lambda one: _run("try_again", one.account, charge=one.public_id))


@tick("payments.ask_again")
def ask_again(now: datetime) -> None:
    """A discount to zero ended: whoever had a subscription before is asked to check out."""
    _each("checkout", due.list_to_ask_again(now)[:AT_ONCE], lambda one: _run("ask_to_check_out", one.account))


@tick("payments.credit_again")
def credit_again(now: datetime) -> None:
    """What a correction of VAT should have sent back, and did not leave."""

    def credit(refund: Refund) -> None:
        run("payments.refund.credit_again", system("clock"), refund.public_id)

    _each("credit", list_dead()[:AT_ONCE], credit)


@tick("payments.catch_up")
def catch_up(now: datetime) -> None:
    """News that a stopped process left: subscriptions that Mollie has otherwise than planned, checkouts left open."""
    _each("subscription", due.list_unplanned(now), lambda one: apply_subscription(one.pk, now))
    _each("checkout", due.list_abandoned(now)[:AT_ONCE], lambda one: hint(one.mollie_id, now))

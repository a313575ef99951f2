"""A first history: what Mollie did before Bursar was there, copied from its lists in pages, oldest day named.

Nothing is asked piece by piece, so that a year takes minutes; nothing is kept in memory but one page; what is cut off
goes on where it was. What is copied tells nobody: it happened before we looked. In the end it says how accounts paid.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from django.db.models.functions import Lower

from bursar.access.actor import Actor
from bursar.actions.run import run
from bursar.core import clock
from bursar.payments import look, objects
from bursar.payments.actions.past import KEY as TAKE_PAST
from bursar.payments.errors import Nonsense
from bursar.payments.gateway import Gateway
from bursar.payments.models import MollieCustomer, Payment, Subscription
from bursar.payments.models.shared import Mirrored
from bursar.payments.queries.basics import foresee
from bursar.payments.queries.past import CADENCES, LIVE, list_unmeant, list_without_past
from bursar.payments.states import PaymentKind
from bursar.payments.store import adopting, marks, mirror
from bursar.payments.store.belonging import find_owner, get_told
from bursar.payments.store.mirror import Asked, Older
from bursar.payments.sync.walks import List, Take, turn_page
from bursar.plans.queries import load_accounts
from bursar.tenants.models import BillingAccount, Person
from bursar.tenants.queries import list_customer_account_ids, may_bill

Given = dict[str, str]
"""Customers at Mollie, and the public id of whose they are, as the operator said."""
Tell = Callable[[str, int], None]
"""Hears how far it is: of what, and how many."""
M = TypeVar("M", bound=Mirrored)
AT_ONCE = 200
"""Customers whose past is worked out in one transaction."""
FIRST = "first"
IS_FRESH = timedelta(days=1)
log = structlog.get_logger()


@dataclass
class Taken:
    """`free`, `others`: accounts that cost nothing here, though Mollie charges them, and that cost another amount.

    `counted`: what `work_out` counts.
    """

    free: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Chapter:
    name: str
    listed: Callable[[Gateway], List]
    take: Take
    is_whole: bool = False
    """Told from its beginning: what still holds may be older than the day."""


def take_in(gateway: Gateway, since: datetime, given: Given, actor: Actor, tell: Tell) -> Taken:
    """What is at Mollie, which subscription each account should have, and how accounts paid. Raises MollieProblem."""
    copy(gateway, since, given, tell)
    taken = Taken()
    adopt(gateway.mode.value, clock.now(), taken)
    taken.counted = work_out(gateway.mode.value, since, actor, tell)
    return taken


def adopt(mode: str, now: datetime, taken: Taken) -> None:
    """The newest that lives is the one that its account should have; another one stands in drift.

    Its amount follows what the account has here. Where that is nothing it would end: it is left alone, and so is the
    account's past, until the same is done again after the tiers are there.
    """
    last = 0
    while found := list_unmeant(mode, last, AT_ONCE):
        last = found[-1].account_id or 0
        newest = {one.account_id: one for one in reversed(found) if one.account_id is not None}
        states = load_accounts(newest)
        for account_id, one in newest.items():
            assert one.account is not None
            price = foresee(one.account, states[account_id], now, cadence=CADENCES[one.interval]).gross
            if not price:
                taken.free.append(one.account.public_id)
            elif adopting.mean(one, CADENCES[one.interval], now) and price != one.amount:
                taken.others.append(one.account.public_id)


def work_out(mode: str, since: datetime, actor: Actor, tell: Tell) -> Counter[str]:
    """Some customers at a time; whose past is known already is passed over. Counts what the action tells programs."""
    counted: Counter[str] = Counter()
    while customers := list_without_past(mode, since, AT_ONCE):
        ids = ",".join(one.mollie_id for one in customers)
        outcome = run(TAKE_PAST, actor, "company", {"customers": ids, "since": since.isoformat()})
        counted.update(outcome.data)
        tell("accounts", counted.total())
    return counted


def copy(gateway: Gateway, since: datetime, given: Given, tell: Tell) -> None:
    """All chapters, one after the other. One that was cut off goes on, and one that ended within a day is passed over,
    unless the operator says whose customers are. Raises MollieProblem.
    """
    for chapter in list_chapters(given):
        mark = marks.get(f"history: {chapter.name}", gateway.mode)
        until = None if chapter.is_whole else since
        is_same = mark.until == until and not given
        if is_same and mark.begun_at is None and mark.walked_at and mark.walked_at > clock.now() - IS_FRESH:
            continue
        if mark.begun_at is None or mark.until != until:
            marks.begin(mark, until, clock.now())
        is_over = False
        while not is_over:
            is_over = turn_page(gateway, chapter.listed(gateway), chapter.take, mark)
            tell(chapter.name, mark.seen)


def list_chapters(given: Given) -> list[Chapter]:
    """What others hang on comes first."""

    def take_customers(gateway: Gateway, found: Sequence[objects.Customer], asked: Asked) -> None:
        by_mail = _find_by_mail({one.email.lower() for one in found if one.email})
        for one in found:
            account_id = _find_told(one, given) or by_mail.get(one.email.lower())
            with suppress(Older):
                mirror.keep_customer(one, asked, account_id=None if _has_other(account_id, one) else account_id)

    return [
        Chapter("customers", lambda gateway: gateway.customers.list, take_customers, is_whole=True),
        Chapter("subscriptions", lambda gateway: gateway.subscriptions.list, take_subscriptions, is_whole=True),
        Chapter("payments", lambda gateway: gateway.payments.list, take_payments),
        Chapter("refunds", lambda gateway: gateway.refunds.list, take_refunds),
        Chapter("chargebacks", lambda gateway: gateway.chargebacks.list, take_chargebacks),
    ]


def _find_told(customer: objects.Customer, given: Given) -> int | None:
    """As the operator said; else as we wrote into it ourselves."""
    told = given.get(customer.id) or get_told(customer.metadata, "account")
    return BillingAccount.objects.filter(public_id=told).values_list("pk", flat=True).first() if told else None


def _find_by_mail(addresses: set[str]) -> dict[str, int]:
    """By a billing person's address, where that leads to one account alone."""
    now, found = clock.now(), defaultdict[str, set[int]](set)
    for person in Person.objects.annotate(address=Lower("email")).filter(address__in=addresses):
        for account in BillingAccount.objects.filter(pk__in=list_customer_account_ids(person, now)):
            if may_bill(person.pk, account, now):
                found[person.email.lower()].add(account.pk)
    return {address: ids.pop() for address, ids in found.items() if len(ids) == 1}


def _has_other(account_id: int | None, customer: objects.Customer) -> bool:
    """An account keeps the customer that it has; a second one stands in drift."""
    taken = MollieCustomer.objects.filter(account_id=account_id, mode=customer.mode.value)
    return account_id is not None and taken.exclude(mollie_id=customer.id).exists()


def take_subscriptions(gateway: Gateway, found: Sequence[objects.Subscription], asked: Asked) -> None:
    """Those that live, with the mandates by which they charge."""
    for one in found:
        customer = look.get_customer(gateway, one.customer_id)
        row = look.take_subscription(one, customer, asked)
        if row.status in LIVE and row.account_id is not None and row.mollie_mandate_id:
            look.look_at_mandate(gateway, customer, row.mollie_mandate_id)


def take_payments(gateway: Gateway, found: Sequence[objects.Payment], asked: Asked) -> None:
    customers = _by_id(MollieCustomer, {one.customer_id for one in found})
    subscriptions = _by_id(Subscription, {one.subscription_id for one in found})
    for one in found:
        customer, subscription = customers.get(one.customer_id), subscriptions.get(one.subscription_id)
        owner = find_owner(one, customer, subscription)
        if owner.kind is PaymentKind.OTHER and owner.account_id is not None and one.sequence == FIRST:
            owner = replace(owner, kind=PaymentKind.FIRST)
        try:
            with suppress(Older):
                adopting.note_history(mirror.keep_payment(one, owner, asked, None, None))
        except Nonsense as nonsense:
            log.warning("payment_left_out", id=one.id, why=str(nonsense))


def take_refunds(gateway: Gateway, found: Sequence[objects.Refund], asked: Asked) -> None:
    payments = _by_id(Payment, {one.payment_id for one in found})
    for one in found:
        if one.payment_id in payments:
            with suppress(Older):
                mirror.keep_refund(one, payments[one.payment_id], asked)


def take_chargebacks(gateway: Gateway, found: Sequence[objects.Chargeback], asked: Asked) -> None:
    payments = _by_id(Payment, {one.payment_id for one in found})
    for one in found:
        if one.payment_id in payments:
            with suppress(Older):
                mirror.keep_chargeback(one, payments[one.payment_id], asked)


def _by_id(model: type[M], ids: set[str]) -> dict[str, M]:
    rows = model._default_manager.filter(mollie_id__in=ids - {""})
    return {row.mollie_id: row for row in rows}  # type: ignore[attr-defined]  # all that are mirrored have one

"""What no webhook told: Mollie's lists are walked, newest first, and what differs from the mirror is looked at.

Mollie cannot be asked for what changed, nor for a span of time. So a short walk comes often, for what is new, and a
long one each day, for what may still change: a debit fails days after it was paid, a chargeback is reversed weeks
later, a subscription is ended by Mollie without a word. A walk that is cut off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Exists, F, OuterRef, Q

from bursar.core import clock
from bursar.payments import look, objects
from bursar.payments.errors import MollieProblem, NotThere
from bursar.payments.gateway import Gateway
from bursar.payments.models import Chargeback, Mandate, Payment, Refund, Subscription, SyncMark
from bursar.payments.objects import Page
from bursar.payments.states import RUNNING, RefundState
from bursar.payments.store import hints, marks, mirror
from bursar.payments.store.mirror import CURRENCY, Asked

List = Callable[[str | None], Page[Any]]
Take = Callable[[Gateway, Sequence[Any], Asked], None]

AT_ONCE = 500
"""Payments, refunds and mandates that one minute starts to ask about again."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE_CHARGE = timedelta(days=14)
PENDING_AT_MOST = timedelta(days=30)
"""A mandate of a cancelled first payment stays pending for good."""
MOVING = [RefundState.QUEUED.value, RefundState.PENDING.value, RefundState.PROCESSING.value]
log = structlog.get_logger()


@dataclass(frozen=True)
class Walk:
    """every: how often. reach: how far back it goes from where the last one began; None: to the end of the list.

    So what changed late is met too where nobody looked for weeks, and what came in while a walk was under way.
    """

    listed: Callable[[Gateway], List]
    compare: Take
    every: timedelta
    reach: timedelta | None

    def is_due(self, mark: SyncMark, now: datetime) -> bool:
        return mark.begun_at is not None or mark.walked_at is None or mark.walked_at <= now - self.every

    def find_until(self, mark: SyncMark, now: datetime) -> datetime | None:
        if self.reach is None:
            return None
        return (mark.walked_at or now) - self.reach


def step(gateway: Gateway, name: str, now: datetime) -> bool:
    """One page. False when the walk is over. Raises MollieProblem; then the same step is done again later."""
    walk, mark = WALKS[name], marks.get(name, gateway.mode)
    if mark.begun_at is None:
        marks.begin(mark, walk.find_until(mark, now), now)
    begun_at = mark.begun_at or now
    is_over = turn_page(gateway, walk.listed(gateway), walk.compare, mark)
    if is_over and walk.reach is None:
        look_for_missing(gateway, begun_at)
    return not is_over


def turn_page(gateway: Gateway, listed: List, take: Take, mark: SyncMark) -> bool:
    """The next page, whose items that are not too old `take` gets. Whether it was the last. Raises MollieProblem."""
    at = clock.now()
    try:
        page = listed(mark.next_id or None)
    except NotThere:
        if not mark.next_id:
            raise
        marks.begin_anew(mark)
        return False
    fresh = [one for one in page.items if mark.until is None or one.created_at >= mark.until]
    take(gateway, fresh, Asked(at, clock.now()))
    is_over = page.next_id is None or len(fresh) < len(page.items)
    marks.advance(mark, page.next_id, len(fresh), is_over=is_over)
    return is_over


def compare_payments(gateway: Gateway, found: Sequence[objects.Payment], asked: Asked) -> None:
    said = ("status", "refunded", "charged_back", "settlement_id")
    rows = Payment.objects.filter(mollie_id__in=[one.id for one in found])
    known = {row.mollie_id: [getattr(row, name) for name in said] for row in rows.only("mollie_id", *said)}
    for one in found:
        if one.amount.currency == CURRENCY and known.get(one.id) != [getattr(one, name) for name in said]:
            hints.hint(one.id, clock.now())


def compare_refunds(gateway: Gateway, found: Sequence[objects.Refund], asked: Asked) -> None:
    rows = Refund.objects.filter(mollie_id__in=[one.id for one in found])
    known = dict(rows.values_list("mollie_id", "state"))
    for one in found:
        if known.get(one.id) != one.status:
            hints.hint(one.payment_id, clock.now())


def compare_chargebacks(gateway: Gateway, found: Sequence[objects.Chargeback], asked: Asked) -> None:
    rows = Chargeback.objects.filter(mollie_id__in=[one.id for one in found])
    known = dict(rows.values_list("mollie_id", "reversed_at"))
    for one in found:
        if one.id not in known or known[one.id] != one.reversed_at:
            hints.hint(one.payment_id, clock.now())


def compare_subscriptions(gateway: Gateway, found: Sequence[objects.Subscription], asked: Asked) -> None:
    """A list tells all of them: what differs is taken from there, and often it differs because of its mandate."""
    said = ("status", "interval", "next_date", "canceled_at")
    rows = {row.mollie_id: row for row in Subscription.objects.filter(mollie_id__in=[one.id for one in found])}
    same = []
    for one in found:
        row = rows.get(one.id)
        if row is not None and all(getattr(row, name) == getattr(one, name) for name in said) and _is_as(row, one):
            same.append(row.pk)
            continue
        customer = look.get_customer(gateway, one.customer_id)
        look.move_subscription(look.take_subscription(one, customer, asked))
        if one.mandate_id:
            look.look_at_mandate(gateway, customer, one.mandate_id)
    mirror.note_seen(Subscription, same, asked)


def _is_as(row: Subscription, found: objects.Subscription) -> bool:
    return (row.amount, row.mollie_mandate_id) == (found.amount.value, found.mandate_id)


def look_for_missing(gateway: Gateway, begun_at: datetime) -> None:
    """Ours that the whole list did not name: Mollie ends what hangs on a customer who was deleted there."""
    live = Subscription.objects.filter(is_meant=True, mode=gateway.mode.value, answered_at__lt=begun_at)
    for row in live.exclude(mollie_id="").exclude(status__in=look.ENDED).select_related("customer"):
        if row.customer is not None:
            look.move_subscription(look.look_at_subscription(gateway, row.customer, row.mollie_id))


WALKS: dict[str, Walk] = {
    "payments": Walk(lambda gateway: gateway.payments.list, compare_payments, HOUR, 2 * HOUR),
    "payments, again": Walk(lambda gateway: gateway.payments.list, compare_payments, DAY, 10 * DAY),
    "refunds": Walk(lambda gateway: gateway.refunds.list, compare_refunds, HOUR, 2 * HOUR),
    "refunds, again": Walk(lambda gateway: gateway.refunds.list, compare_refunds, DAY, 30 * DAY),
    "chargebacks": Walk(lambda gateway: gateway.chargebacks.list, compare_chargebacks, HOUR, 2 * HOUR),
    "chargebacks, again": Walk(lambda gateway: gateway.chargebacks.list, compare_chargebacks, DAY, 180 * DAY),
    "subscriptions": Walk(lambda gateway: gateway.subscriptions.list, compare_subscriptions, HOUR, 2 * HOUR),
    "subscriptions, again": Walk(lambda gateway: gateway.subscriptions.list, compare_subscriptions, DAY, None),
}
"""By the name of their mark."""


def walk_all(gateway: Gateway, tell: Callable[[str, int], None]) -> None:
    """All of them, now, whether due or not; one that was cut off goes on. tell: hears how far each is, and how many it
    saw. Raises MollieProblem.
    """
    for name in WALKS:
        while step(gateway, name, clock.now()):
            tell(name, marks.get(name, gateway.mode).seen)
        tell(name, marks.get(name, gateway.mode).seen)


def list_due(gateway: Gateway, now: datetime) -> list[str]:
    return [name for name, walk in WALKS.items() if walk.is_due(marks.get(name, gateway.mode), now)]


def ask_again(gateway: Gateway, now: datetime) -> None:
    """About payments and refunds that will still become something else: each hour on their first day, then each day."""
    is_old = Q(answered_at__lt=now - HOUR, at__gt=now - DAY) | Q(answered_at__lt=now - DAY)
    running = Payment.objects.filter(is_old, status__in=RUNNING, mode=gateway.mode.value).exclude(mollie_id="")
    moving = Refund.objects.filter(state__in=MOVING, mode=gateway.mode.value, answered_at__lt=now - 6 * HOUR)
    ids = list(running.order_by("at").values_list("mollie_id", flat=True)[:AT_ONCE])
    ids += list(moving.order_by("created_at").values_list("payment__mollie_id", flat=True)[:AT_ONCE])
    for mollie_id in dict.fromkeys(ids):
        if not hints.is_waiting(mollie_id):
            hints.hint(mollie_id, now)


def ask_about_mandates(gateway: Gateway, now: datetime) -> int:
    """Those by which Mollie soon charges, each day; those that are not valid yet, each hour. Returns how many.

    Nothing tells of them: a bank may have ended one long ago. What cannot be asked now is asked the next time.
    """
    soon = Subscription.objects.filter(
        is_meant=True, mollie_mandate_id=OuterRef("mollie_id"), next_date__lte=(now + BEFORE_CHARGE).date()
    )
    valid = Q(Exists(soon), status=look.VALID, answered_at__lt=now - DAY)
    pending = Q(status="pending", answered_at__lt=now - HOUR, created_at__gt=now - PENDING_AT_MOST)
    due = Mandate.objects.filter(valid | pending, mode=gateway.mode.value, customer__account__isnull=False)
    asked = 0
    for mandate in due.select_related("customer").order_by(F("answered_at").asc())[:AT_ONCE]:
        try:
            look.look_at_mandate(gateway, mandate.customer, mandate.mollie_id)
        except MollieProblem as problem:
            log.warning("mandate_not_asked", id=mandate.mollie_id, why=str(problem))
            return asked
        asked += 1
    return asked

"""Notes that a payment is to be looked at. Whoever tells is not believed: only the id is taken."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from bursar.payments.ids import IdKind, checked, is_id
from bursar.payments.models import Hint, Payment
from bursar.payments.store.work import enqueue

SWEPT_AFTER = timedelta(minutes=2)
"""By then its job has looked; else the sweeper starts another."""
LONGEST_WAIT = timedelta(hours=1)
TRIES = 20
"""Of looks at a payment that Mollie does not know; after them it is forgotten."""


def hint(mollie_id: str, now: datetime, *, is_awaited: bool = False) -> None:
    """Stores it with its job, both or neither. Raises NotAnId."""
    mollie_id = checked(mollie_id, IdKind.PAYMENT)
    with transaction.atomic():
        row = Hint(mollie_id=mollie_id, told_at=now, due_at=now + SWEPT_AFTER, tries=0)
        Hint.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["mollie_id"],
            update_fields=["told_at", "due_at", "tries"],
        )
        start(mollie_id, is_awaited=is_awaited)


def start(mollie_id: str, *, is_awaited: bool = False) -> None:
    """One look at a time of one payment; at most one more of each queue waits behind it."""
    name = f"look:{mollie_id}"
    enqueue("payments.look", name, is_awaited=is_awaited, lock=name, mollie_id=mollie_id)


def list_waiting() -> QuerySet[Hint]:
    return Hint.objects.filter(Q(looked_at__isnull=True) | Q(looked_at__lt=F("told_at")))


def is_waiting(mollie_id: str) -> bool:
    return list_waiting().filter(pk=mollie_id).exists()


def note_looked(mollie_id: str, asked_at: datetime) -> None:
    """What was told up to then is answered; what was told since still waits."""
    Hint.objects.filter(pk=mollie_id).update(looked_at=asked_at, tries=0)


def put_off(mollie_id: str, now: datetime, seconds: float | None = None) -> None:
    """It could not be looked at. seconds: how long whoever refused asks us to wait."""
    for tries in Hint.objects.filter(pk=mollie_id).values_list("tries", flat=True):
        wait = timedelta(seconds=seconds) if seconds else min(timedelta(seconds=30 * 2 ** min(tries, 10)), LONGEST_WAIT)
        Hint.objects.filter(pk=mollie_id).update(due_at=now + wait, tries=F("tries") + 1)


def is_worth_another(mollie_id: str) -> bool:
    """Mollie does not know it: where we have it from Mollie itself, it may only be a moment too early."""
    is_ours = Payment.objects.filter(mollie_id=mollie_id).exists()
    return is_ours and Hint.objects.filter(pk=mollie_id, tries__lt=TRIES).exists()


def forget(mollie_id: str, asked_at: datetime) -> None:
    """Mollie knows no such payment; what was told since is asked all the same."""
    Hint.objects.filter(pk=mollie_id, told_at__lte=asked_at).delete()


def is_first(event_id: str, now: datetime) -> bool:
    """Whether this event of Mollie's was not heard yet; it is now. What is no event's id is always the first."""
    if not is_id(event_id, IdKind.EVENT):
        return True
    row = {"told_at": now, "looked_at": now, "due_at": now}
    return Hint.objects.get_or_create(mollie_id=event_id, defaults=row)[1]


KEPT = timedelta(days=7)


def list_looked_before(before: datetime) -> QuerySet[Hint]:
    return Hint.objects.filter(looked_at__gte=F("told_at"), told_at__lt=before)

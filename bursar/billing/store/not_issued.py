"""What could not be issued or booked: noted with its sentence until it can be."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F

from bursar.billing.models import NotIssued
from bursar.tenants.models import BillingAccount

AGAIN = timedelta(hours=1)
"""What it fails for may be a setting, which tells nobody that it changed."""


def note(account: BillingAccount, made_for: str, what: str, amount: Decimal, sentence: str, now: datetime) -> None:
    """`what`, `amount`: as in the model. The first day that it failed stays."""
    then = now + AGAIN
    made, is_new = NotIssued.objects.get_or_create(
        made_for=made_for,
        defaults={"account": account, "what": what, "amount": amount, "sentence": sentence, "since": now,
                  "next_try_at": then},
    )  # fmt: skip
    if not is_new:
        known = NotIssued.objects.filter(pk=made.pk)
        known.update(what=what, amount=amount, sentence=sentence, tries=F("tries") + 1, next_try_at=then)


def forget(made_for: Collection[str]) -> None:
    """It is issued, or is not to be."""
    NotIssued.objects.filter(made_for__in=made_for).delete()


def wake(account_ids: Collection[int], now: datetime) -> None:
    """What they fail for may be mended: they are looked at again with the next minute."""
    NotIssued.objects.filter(account_id__in=account_ids, next_try_at__gt=now).update(next_try_at=now)

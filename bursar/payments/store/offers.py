"""Plans that staff offer to one account."""

from __future__ import annotations

from datetime import datetime

from bursar.payments.models import Offer
from bursar.tenants.models import BillingAccount


def make(account: BillingAccount, tier: str, cadence: str, until: datetime, now: datetime, by_id: int | None) -> Offer:
    """It takes the place of what was offered before."""
    end(account, now)
    return Offer.objects.create(account=account, tier=tier, cadence=cadence, until=until, made_at=now, made_by_id=by_id)


def end(account: BillingAccount, now: datetime) -> None:
    Offer.objects.filter(account=account, ended_at=None).update(ended_at=now)


def take(account: BillingAccount, tier: str, now: datetime) -> None:
    """This tier is bought: it is offered no more."""
    Offer.objects.filter(account=account, tier=tier, ended_at=None).update(ended_at=now)

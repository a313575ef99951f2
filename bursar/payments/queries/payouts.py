"""Payouts of Mollie's among the lines of the bank, and what is known of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from bursar.billing.models import BankLine
from bursar.billing.queries.bank import list_payouts
from bursar.payments.models import Payout

AGAIN_AFTER = timedelta(hours=12)
TRIES = 20


def can_explain() -> bool:
    """With an access token alone: Mollie shows settlements to no key."""
    return bool(settings.BURSAR_MOLLIE_TOKEN and settings.BURSAR_MOLLIE_KEY)


def list_to_explain(now: datetime) -> QuerySet[BankLine]:
    """Those that Mollie was not asked about, or that it could not explain a while ago."""
    is_due = Q(payout__asked_at__lte=now - AGAIN_AFTER, payout__tries__lt=TRIES) & ~Q(payout__problem="")
    return list_payouts().filter(Q(payout=None) | is_due).select_related("payout")


def load_explained(line_ids: Collection[int]) -> dict[int, Payout]:
    return {one.line_id: one for one in Payout.objects.filter(line_id__in=line_ids)}

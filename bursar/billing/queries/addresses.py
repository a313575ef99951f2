"""Where documents of an account go."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from bursar.billing.models import BillingDetails
from bursar.billing.queries.details import get_details
from bursar.tenants.models import BillingAccount
from bursar.tenants.queries import has_billing_mail, list_billing_mails


def list_addresses(account: BillingAccount, now: datetime) -> list[str]:
    """Those that the billing details name; where they name none, those of billing people. May be empty."""
    details = get_details(account.pk)
    return (details.mails if details else []) or list_billing_mails(account, now)


def list_reached(account_ids: Collection[int], now: datetime) -> set[int]:
    """Of these accounts those of which `list_addresses` finds any; one statement for all."""
    named = BillingDetails.objects.filter(account=OuterRef("pk")).exclude(mails=[])
    rows = BillingAccount.objects.filter(Q(pk__in=account_ids) & (Q(Exists(named)) | has_billing_mail(now)))
    return set(rows.values_list("pk", flat=True))

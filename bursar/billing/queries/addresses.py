"""Where documents of an account go."""

from __future__ import annotations

from datetime import datetime

from bursar.billing.queries.details import get_details
from bursar.tenants.models import BillingAccount
from bursar.tenants.queries import list_billing_mails


def list_addresses(account: BillingAccount, now: datetime) -> list[str]:
    """Those that the billing details name; where they name none, those of billing people. May be empty."""
    details = get_details(account.pk)
    return (details.mails if details else []) or list_billing_mails(account, now)

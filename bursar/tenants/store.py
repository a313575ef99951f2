"""Making what tenants own. Called by actions of rooms above, inside their transaction."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from bursar.core import clock
from bursar.tenants.models import BillingAccount, Organisation, Scope


def lock_accounts(account_ids: list[int]) -> datetime:
    """Locks the accounts in id order and moves their clocks on. Returns the instant, never a step back."""
    moments = [clock.now()]
    if not account_ids:
        return moments[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_at FROM tenants_billingaccount WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [account_ids]
        )
        moments += [row[0] for row in cursor.fetchall() if row[0]]
        moments.append(clock.now())
        cursor.execute(
            "UPDATE tenants_billingaccount SET clock_at = %s WHERE id = ANY(%s)", [max(moments), account_ids]
        )
    return max(moments)


def get_pooled_account(organisation: Organisation, now: datetime) -> BillingAccount:
    """The account that pays for all the organisation's internal workspaces, made when first needed (DOMAIN 1)."""
    label = {"shown_label": organisation.name, "sort_key": organisation.sort_key}
    account, _ = BillingAccount.objects.get_or_create(
        organisation=organisation, scope=Scope.ORGANISATION, defaults={"created_at": now, **label}
    )
    return account

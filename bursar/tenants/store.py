"""Making what tenants own. Called by actions of rooms above, inside their transaction."""

from __future__ import annotations

from datetime import datetime

from bursar.tenants.models import BillingAccount, Organisation, Scope


def get_pooled_account(organisation: Organisation, now: datetime) -> BillingAccount:
    """The account that pays for all the organisation's internal workspaces, made when first needed (DOMAIN 1)."""
    label = {"shown_label": organisation.name, "sort_key": organisation.sort_key}
    account, _ = BillingAccount.objects.get_or_create(
        organisation=organisation, scope=Scope.ORGANISATION, defaults={"created_at": now, **label}
    )
    return account

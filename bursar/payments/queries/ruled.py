"""Which source says how an account pays: what files tell, or Mollie."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bursar.payments.models import MollieCustomer


def list_ruled(account_ids: Collection[int]) -> dict[int, datetime]:
    """Those of the accounts whose terms Mollie says, and since when."""
    found = MollieCustomer.objects.filter(account_id__in=account_ids, rules_since__isnull=False)
    return {
        account_id: since
        for account_id, since in found.order_by("-rules_since").values_list("account_id", "rules_since")
        if account_id is not None and since is not None
    }

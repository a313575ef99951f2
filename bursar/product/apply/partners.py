"""Lines about the referral ledger. What they come to is worked out by the job, as for entries that are made here."""

from __future__ import annotations

from datetime import datetime

from bursar.partners.store import history
from bursar.product.apply.batch import Records, takes
from bursar.product.lookup import Lookup
from bursar.tenants.store import Written

SAID = ("starts_on", "expires_on", "cap", "share", "with_other", "notes")


@takes("referral")
def take_referrals(records: Records, lookup: Lookup, now: datetime) -> Written:
    lines = [
        history.Told(
            partner_id=lookup.organisations[r.partner],
            client_id=lookup.account(r.account),
            **{name: getattr(r, name) for name in SAID},
        )
        for r in records
    ]
    return Written(refused=history.take_history(lines, now))

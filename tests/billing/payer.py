"""What tests of billing write down again and again: a German town, and who writes it."""

from __future__ import annotations

from typing import Any

from bursar.access.actor import Actor
from bursar.actions.run import run
from bursar.actions.spec import Outcome
from bursar.billing.models import BillingDetails
from bursar.tenants.models import BillingAccount

GERMAN = "DE136695976"
TOWN = {
    "name": "Stadt Köln", "street": "Rathausplatz 2", "street_more": "", "postcode": "50667", "city": "Köln",
    "country": "DE", "vat_id": "DE 136 695 976", "mails": "ap@koeln.example",
}  # fmt: skip
SET = "billing.account.set_billing_details"
GIVE = "billing.account.give_billing_details"
ACCEPT = "billing.account.accept_vat_id"
ASK = "billing.account.ask_vies"


def write_down(who: Actor, account: BillingAccount, key: str = SET, **other: str) -> Outcome:
    return run(key, who, account.public_id, {**TOWN, **other}, reason="They wrote to us" if key == SET else "")


def details_of(account: BillingAccount) -> BillingDetails:
    return BillingDetails.objects.get(account=account)


def shown(outcome: Any) -> dict[str, tuple[str, str]]:
    """The changes by their label."""
    return {change.label: (change.before, change.after) for change in outcome.changes}

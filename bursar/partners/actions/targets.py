"""What actions of partners act on, beside accounts, workspaces and organisations: one entry of the ledger."""

from __future__ import annotations

from bursar.actions.registry import Target, register_target
from bursar.partners.models import ReferralEntry
from bursar.partners.queries.ledger import get_entry
from bursar.tenants.store import lock_accounts

register_target(
    Target(
        slug="referral",
        model=ReferralEntry,
        label="referral entry",
        fetch=get_entry,
        accounts=lambda one: [one.client_id],
        lock=lock_accounts,
        stream=lambda one: one.client.public_id,
        touches=lambda one: [
            one.public_id,
            one.client.public_id,
            one.client.organisation.public_id,
            one.partner.public_id,
        ],
        parents=lambda one: [one.client],
    )
)

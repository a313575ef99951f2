"""What actions of billing act on, beside accounts: one issued document, one draft."""

from __future__ import annotations

from bursar.actions.registry import Target, register_target
from bursar.billing.models import Draft, Invoice
from bursar.billing.queries.documents import get_invoice
from bursar.billing.queries.drafts import get_draft
from bursar.tenants.store import lock_accounts

register_target(
    Target(
        slug="invoice",
        model=Invoice,
        label="invoice",
        fetch=get_invoice,
        accounts=lambda one: [one.account_id],
        lock=lock_accounts,
        stream=lambda one: one.account.public_id,
        touches=lambda one: [one.public_id, one.account.public_id, one.account.organisation.public_id],
        parents=lambda one: [one.account],
    )
)
register_target(
    Target(
        slug="draft",
        model=Draft,
        label="draft",
        fetch=get_draft,
        accounts=lambda one: [one.account_id],
        lock=lock_accounts,
        stream=lambda one: one.account.public_id,
        touches=lambda one: [one.public_id, one.account.public_id, one.account.organisation.public_id],
        parents=lambda one: [one.account],
    )
)

"""Drafts of invoices. Accounts are locked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bursar.billing.documents.document import Document
from bursar.billing.models import Draft, Invoice
from bursar.tenants.models import BillingAccount


def add(
    account: BillingAccount, verb: str, data: dict[str, Any], document: Document, now: datetime, staff_id: int | None
) -> Draft:
    """`data`: the form as it would be sent again."""
    return Draft.objects.create(
        account=account, verb=verb, data=data, says=document.as_json(), changed_at=now, changed_by_id=staff_id
    )


def change(row: Draft, data: dict[str, Any], document: Document, now: datetime, staff_id: int | None) -> None:
    row.data, row.says, row.changed_at, row.changed_by_id = data, document.as_json(), now, staff_id
    row.save(update_fields=["data", "says", "changed_at", "changed_by"])


def settle(row: Draft, invoice: Invoice) -> None:
    """It was issued as this one."""
    row.invoice = invoice
    row.save(update_fields=["invoice"])


def discard(row: Draft) -> None:
    row.delete()


TEXTS = frozenset({"description", "name", "street", "street_more", "order_number", "buyer_reference", "contract"})
"""What somebody wrote; the rest of a draft is amounts, days and words of ours."""


def reword(draft_id: int, **values: dict[str, Any]) -> None:
    """`values`: `data` or `says` as an eraser's choice leaves them; only what somebody wrote is taken from them."""
    row = Draft.objects.get(pk=draft_id)
    Draft.objects.filter(pk=draft_id).update(**{name: _take(getattr(row, name), one) for name, one in values.items()})


def _take(before: Any, after: Any) -> Any:
    if isinstance(before, dict):
        return {key: after[key] if key in TEXTS else _take(one, after[key]) for key, one in before.items()}
    if isinstance(before, list):
        return [_take(one, other) for one, other in zip(before, after, strict=True)]
    return before

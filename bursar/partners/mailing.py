"""The self-billing invoice is mailed to the partner: its files are made after commit, from what is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from bursar.access.actor import Actor, system
from bursar.billing import files
from bursar.billing.documents.document import Document, read_document
from bursar.billing.documents.ubl import Profile
from bursar.billing.queries.addresses import list_addresses
from bursar.billing.store.sending import Parcel, deliver_soon, put_mail
from bursar.outbox import store as outbox
from bursar.outbox.carriers import Outgoing, carrier
from bursar.outbox.models import OutboxRow
from bursar.partners import self_billing
from bursar.partners.models import Settlement
from bursar.tenants.store import lock_accounts
from bursar.tenants.store.accounts import get_pooled_account

KIND = "partners.paper"


def want(row: Settlement, now: datetime) -> None:
    """In the transaction that settles."""
    outbox.put(KIND, f"{row.public_id}:files", {"settlement": row.public_id}, now)


def _describe(rows: Sequence[OutboxRow]) -> dict[int, Outgoing]:
    ids = {row.pk: row.payload["settlement"] for row in rows}
    settlements = Settlement.objects.filter(public_id__in=ids.values()).select_related("partner")
    found = {one.public_id: one for one in settlements}
    return {key: _tell(found[one]) for key, one in ids.items() if one in found}


def _tell(row: Settlement) -> Outgoing:
    path = reverse("partners:partner", args=[row.partner.public_id])
    return Outgoing(f"Self-billing invoice {row.number}", str(row.partner), path)


@carrier(KIND, "self-billing invoice", describe=_describe)
def make_and_mail(outbox_row: OutboxRow) -> str:
    """Killed at any moment and repeated, each address has one mail."""
    row = Settlement.objects.select_related("partner").get(public_id=outbox_row.payload["settlement"])
    written = write_files(row)
    with transaction.atomic():
        account = get_pooled_account(row.partner, row.made_at)
        now = lock_accounts([account.pk])
        if OutboxRow.objects.filter(kind="mail", key__startswith=f"{row.public_id}:").exists():
            return "mailed before"
        to = list_addresses(account, now)
        if not to:
            return "there is no address"
        mail(row, written, to, system("partners"), f"{row.public_id}:", now)
    return f"mailed to {len(to)}"


def mail(row: Settlement, written: files.Made, to: Sequence[str], actor: Actor, key: str, now: datetime) -> None:
    """The invoice with its files, one mail an address, in the caller's transaction. `key`: what those of one round
    begin with.
    """
    document, account = document_of(row), get_pooled_account(row.partner, row.made_at)
    made = files.finish(document, account, written, actor, now)
    parcel = Parcel(self_billing.write_letter(document), made, [account.public_id, row.partner.public_id])
    for place, email in enumerate(to):
        put_mail(parcel, email, f"{key}{place}", now)
    deliver_soon()


def document_of(row: Settlement) -> Document:
    """As it was issued."""
    assert row.says is not None
    return read_document(row.says)


def write_files(row: Settlement) -> files.Made:
    return files.write_document(document_of(row), with_e_invoice=row.has_e_invoice, profile=Profile.SELF_BILLING)

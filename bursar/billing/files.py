"""The files of issued documents: wanted when one is issued, made after commit from what is frozen, kept for good."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from bursar.access.actor import Actor, system
from bursar.access.rights import Right
from bursar.billing import making
from bursar.billing.models import Invoice
from bursar.billing.store import documents
from bursar.core import clock
from bursar.files import store
from bursar.files.kinds import kind
from bursar.files.models import File
from bursar.outbox import store as outbox
from bursar.outbox.carriers import carrier
from bursar.outbox.models import OutboxRow
from bursar.tenants.models import BillingAccount
from bursar.tenants.queries import may_bill

KIND = "billing.files"
PDF, XML = "application/pdf", "application/xml"


def _may_fetch(actor: Actor, file: File) -> bool:
    """Staff who read, and that account's own billing people."""
    if actor.can(Right.READ):
        return True
    account = BillingAccount.objects.filter(public_id=file.owner_id).first()
    return account is not None and may_bill(actor.person_id, account, clock.now())


DOCUMENT = kind("document", _may_fetch, None)


def want(row: Invoice, now: datetime) -> None:
    """In the transaction that issues it."""
    outbox.put(KIND, f"{row.public_id}:files", {"invoice": row.public_id}, now)


@carrier(KIND)
def make_files(outbox_row: OutboxRow) -> str:
    row = Invoice.objects.select_related("account").get(public_id=outbox_row.payload["invoice"])
    if row.pdf_id is not None:
        return "made before"
    document, now = row.document, clock.now()
    made = making.make(document, with_e_invoice=row.wants_e_invoice)
    written = {name: _write(content, media) for name, content, media in
               (("pdf", made.pdf, PDF), ("xml", made.e_invoice, XML)) if content is not None}  # fmt: skip
    with transaction.atomic():
        kept = {
            name: store.finish(
                one, system("billing"), now, name=making.name_of(document, name), owner_id=row.account.public_id
            )
            for name, one in written.items()
        }
        documents.keep_files(row, kept["pdf"], kept.get("xml"))
    return f"{len(kept)} made"


def _write(content: bytes, media_type: str) -> store.Written:
    with store.writing(DOCUMENT, media_type) as writer:
        writer.write(content)
    return writer.written

"""The files of issued documents: wanted when one is issued, made after commit from what is frozen, kept for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from bursar.access.actor import Actor, system
from bursar.access.rights import Right
from bursar.actions.run import run
from bursar.billing import making
from bursar.billing.documents.document import Document
from bursar.billing.documents.ubl import Profile
from bursar.billing.models import Invoice
from bursar.billing.queries.sending import MADE_BY
from bursar.billing.store import documents
from bursar.core import clock
from bursar.files import store
from bursar.files.kinds import kind
from bursar.files.models import File
from bursar.outbox import store as outbox
from bursar.outbox.carriers import Outgoing, carrier
from bursar.outbox.models import OutboxRow
from bursar.tenants.models import BillingAccount
from bursar.tenants.queries import may_bill
from bursar.tenants.store import lock_accounts

SEND_OUT = "billing.invoice.send_out"
PDF, XML = "application/pdf", "application/xml"


def _may_fetch(actor: Actor, file: File) -> bool:
    """Staff who read, and that account's own billing people. Programs fetch documents by an address of their own."""
    if actor.can(Right.READ):
        return True
    account = BillingAccount.objects.filter(public_id=file.owner_id).first()
    return account is not None and may_bill(actor.person_id, account, clock.now())


DOCUMENT = kind("document", _may_fetch, None)


@dataclass(frozen=True)
class Made:
    """Their bytes are there; nobody can fetch them before `keep`."""

    pdf: store.Written
    e_invoice: store.Written | None


def want(row: Invoice, now: datetime) -> None:
    """In the transaction that issues it. Once they are there it is sent, and programs are told."""
    outbox.put(MADE_BY, f"{row.public_id}:files", {"invoice": row.public_id}, now)


def _describe(rows: Sequence[OutboxRow]) -> dict[int, Outgoing]:
    ids = {row.pk: row.payload["invoice"] for row in rows}
    invoices = Invoice.objects.filter(public_id__in=ids.values()).select_related("account").defer("says")
    found = {one.public_id: one for one in invoices}
    return {key: _tell(found[one]) for key, one in ids.items() if one in found}


def _tell(row: Invoice) -> Outgoing:
    return Outgoing(f"Files of {row.number}", str(row.account), reverse("panel:invoice", args=[row.public_id]))


@carrier(MADE_BY, "document files", describe=_describe)
def make_files(outbox_row: OutboxRow) -> str:
    """Killed at any moment and repeated, there is one pair of files, and one mail an address."""
    row = Invoice.objects.select_related("account").get(public_id=outbox_row.payload["invoice"])
    if row.pdf_id is not None or row.removed_at is not None:
        return "made before"
    made, actor = write(row), system("billing")
    with transaction.atomic():
        now = lock_accounts([row.account_id])
        keep(row, made, actor, now)
        return run(SEND_OUT, actor, row.public_id).sentence


def write(row: Invoice) -> Made:
    return write_document(row.document, with_e_invoice=row.wants_e_invoice)


def write_document(document: Document, *, with_e_invoice: bool, profile: Profile = Profile.PEPPOL) -> Made:
    """Some 50 ms of work for each, and a connection of its own."""
    made = making.make(document, with_e_invoice=with_e_invoice, profile=profile)
    return Made(_write(made.pdf, PDF), _write(made.e_invoice, XML) if made.e_invoice is not None else None)


def keep(row: Invoice, made: Made, actor: Actor, now: datetime) -> None:
    """In the caller's transaction."""
    row.pdf, row.e_invoice = finish(row.document, row.account, made, actor, now)
    documents.keep_files(row, row.pdf, row.e_invoice)


def finish(document: Document, of: BillingAccount, made: Made, actor: Actor, now: datetime) -> tuple[File, File | None]:
    """PDF and e-invoice, named as the document is; whoever bills for the account may fetch them."""

    def end(written: store.Written, suffix: str) -> File:
        return store.finish(written, actor, now, name=making.name_of(document, suffix), owner_id=of.public_id)

    return end(made.pdf, "pdf"), end(made.e_invoice, "xml") if made.e_invoice is not None else None


def _write(content: bytes, media_type: str) -> store.Written:
    with store.writing(DOCUMENT, media_type) as writer:
        writer.write(content)
    return writer.written

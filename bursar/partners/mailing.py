"""The self-billing invoice is mailed to the partner: its files are made after commit, from what is frozen."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from bursar.access.actor import system
from bursar.billing import files
from bursar.billing.documents.document import read_document
from bursar.billing.documents.ubl import Profile
from bursar.billing.queries.addresses import list_addresses
from bursar.outbox import store as outbox
from bursar.outbox.carriers import carrier
from bursar.outbox.models import OutboxRow
from bursar.partners import self_billing
from bursar.partners.models import Settlement
from bursar.tenants.queries import find_addressee
from bursar.tenants.store import lock_accounts
from bursar.tenants.store.accounts import get_pooled_account

KIND = "partners.paper"


def want(row: Settlement, now: datetime) -> None:
    """In the transaction that settles."""
    outbox.put(KIND, f"{row.public_id}:files", {"settlement": row.public_id}, now)


@carrier(KIND)
def make_and_mail(outbox_row: OutboxRow) -> str:
    """Killed at any moment and repeated, each address has one mail."""
    row = Settlement.objects.select_related("partner").get(public_id=outbox_row.payload["settlement"])
    assert row.says is not None
    document = read_document(row.says)
    written = files.write_document(document, with_e_invoice=row.has_e_invoice, profile=Profile.SELF_BILLING)
    with transaction.atomic():
        account = get_pooled_account(row.partner, row.made_at)
        now = lock_accounts([account.pk])
        if OutboxRow.objects.filter(kind="mail", key__startswith=f"{row.public_id}:").exists():
            return "mailed before"
        to = list_addresses(account, now)
        if not to:
            return "there is no address"
        made = files.finish(document, account, written, system("partners"), now)
        letter = self_billing.write_letter(document)
        for place, email in enumerate(to):
            payload = {
                "recipient": find_addressee(email), "to": email, "name": "", "subject": letter.subject,
                "text": letter.text, "language": letter.language,
                "files": [one.public_id for one in made if one is not None], "reply_to": settings.BURSAR_SELLER_MAIL,
            }  # fmt: skip
            outbox.put("mail", f"{row.public_id}:{place}", payload, now)
    return f"mailed to {len(to)}"

"""One document on its page: what it says, where its money stands, what it corrects and is corrected by, its files."""

from __future__ import annotations

from typing import Any

from bursar.billing.documents import content
from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice, LedgerEntry
from bursar.billing.present import describe_invoice
from bursar.billing.queries.ledger import list_credit_notes, list_entries
from bursar.billing.rules.ageing import count_days_over
from bursar.billing.rules.ledger import EntryKind
from bursar.billing.seller import seller_day
from bursar.billing.trail import describe_trail
from bursar.ui.sections import Look, Section

ENTRIES = {
    EntryKind.RECEIVED: ("arrived", "turned round"),
    EntryKind.RETURNED: ("came back", "went back"),
    EntryKind.MOVED: ("from the account’s credit", "to the account’s credit"),
    EntryKind.CREDITED: ("credited", "credited no more"),
    EntryKind.WRITTEN_OFF: ("written off", "not written off any more"),
    EntryKind.DIFFERENCE: ("let be", "asked for again"),
    EntryKind.OVERDRAWN: ("made up for", "went back beyond what had come"),
}
"""What an entry says, above zero and below."""


def _standing(look: Look) -> dict[str, Any] | None:
    row: Invoice = look.target
    if row.kind != DocumentKind.INVOICE.value:
        return None
    today = seller_day(look.now)
    late = count_days_over(row.due_on, today) if row.open > 0 else 0
    entries = [_entry(one) for one in list_entries(row)]
    return {**describe_invoice(row, today), "days_over": late, "entries": entries}


def _entry(entry: LedgerEntry) -> dict[str, Any]:
    """`taken`: by what it changes what is open."""
    return {"entry": entry, "words": ENTRIES[EntryKind(entry.kind)][entry.amount < 0], "taken": -entry.amount}


def _document(look: Look) -> dict[str, Any] | None:
    """As `content` sets it for the page that is printed; None once it is removed.

    `span`: columns before the amounts.
    """
    if look.target.removed_at:
        return None
    said = content.describe(look.target.document)
    return {"said": said, "span": 5 if said["columns"]["discount"] else 4}


def _related(look: Look) -> dict[str, Any] | None:
    row: Invoice = look.target
    notes = list(list_credit_notes(row))
    return {"corrects": row.corrects, "notes": notes} if notes or row.corrects else None


def _trail(look: Look) -> dict[str, Any]:
    return {"trail": describe_trail(look.target, look.now)}


def _files(look: Look) -> dict[str, Any]:
    return {"row": look.target}


STANDING = Section("standing", "How it stands", "billing/_standing.html", _standing)
DOCUMENT = Section("document", "What it says", "billing/_document.html", _document)
RELATED = Section("related", "Corrections", "billing/_related.html", _related)
SENT = Section("sent", "What was sent and asked", "billing/_trail.html", _trail)
FILES = Section("files", "Files", "billing/_files.html", _files)

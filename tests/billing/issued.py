"""Documents that stand in the books already, without the doors that brought them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bursar.billing.documents.document import Document, DocumentKind, Item, Party, Preceding
from bursar.billing.models import Invoice
from bursar.billing.rules import ledger
from bursar.billing.rules.ledger import Entry
from bursar.billing.store import documents
from bursar.billing.store import ledger as books
from bursar.billing.store.documents import Issue
from bursar.billing.store.ledger import Cause
from bursar.tenants.models import BillingAccount
from tests.billing.documents import samples


def at_noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


def issue(account: BillingAccount, document: Document, day: date, **how: Any) -> Invoice:
    document = replace(document, number="", issued_on=day, reference="RF00" if document.preceding is None else "")
    return documents.issue(account, document, Issue(**how), lambda: at_noon(day))


def invoice(
    account: BillingAccount, day: date, *items: Item, buyer: Party = samples.DUTCH, days: int = 14, **more: Any
) -> Invoice:
    """Due `days` after it was issued. `more`: of the document."""
    return issue(account, samples.invoice(buyer, *items, due_on=day + timedelta(days=days), **more), day, counts=True)


def credit_note(row: Invoice, day: date, *items: Item) -> Invoice:
    """Of all of it, or of `items`; booked."""
    about = Preceding(row.number, row.issued_on)
    document = replace(
        row.document, kind=DocumentKind.CREDIT_NOTE, preceding=about, due_on=None, payee=None, received=(),
        items=items or row.document.items,
    )  # fmt: skip
    note = issue(row.account, document, day, corrects=row)
    book(row, ledger.credit(note.gross, row.standing), day, note.public_id)
    return note


def book(row: Invoice, entries: Sequence[Entry], day: date, what: str = "", reference: str = "") -> Invoice:
    """`row` as it stands then."""
    cause = Cause(day, what, reference)
    books.book(row.account, books.hold([row]), entries, cause, at_noon(day))
    row.refresh_from_db()
    return row


def pay(row: Invoice, day: date, amount: Decimal | None = None, reference: str = "") -> Invoice:
    return book(row, ledger.receive(amount or row.gross, [row.standing]), day, reference=reference)


def write_off(row: Invoice, day: date) -> Invoice:
    return book(row, ledger.write_off(row.standing), day)

"""What the demo's year of invoices must hold: every state, and statements with one suggestion of each kind."""

from __future__ import annotations

from pathlib import Path

from bursar.billing.bank.reading import read_statements
from bursar.billing.documents.document import DocumentKind, ItemKind
from bursar.billing.models import AccountCredit, Invoice
from bursar.billing.queries.documents import list_invoices
from bursar.billing.rules import Treatment, open_items
from bursar.billing.rules.ledger import InvoiceState, say_state
from bursar.billing.rules.matching import Ground, Verdict, match_entries
from bursar.billing.rules.open_items import OpenItems, Payer
from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.demo.statements import PAYERS, write_statements
from bursar.plans.models import PaidPeriod, PeriodSource


def look_at_invoices() -> None:
    rows = list(Invoice.objects.filter(kind=DocumentKind.INVOICE.value))
    today = seller_day(clock.now())
    assert {say_state(row.standing, row.due_on, today) for row in rows} == set(InvoiceState) - {InvoiceState.PART_PAID}
    items = [item for row in rows for item in row.document.items]
    assert {item.kind for item in items} >= {ItemKind.SUBSCRIPTION, ItemKind.TRAINING, ItemKind.PILOT}
    assert {item.vat.treatment for item in items} >= {Treatment.CHARGED, Treatment.REVERSE_CHARGE}
    assert {row.document.language for row in rows} == {"en", "nl"} and any(row.wants_e_invoice for row in rows)
    assert AccountCredit.objects.filter(amount__gt=0).exists()
    for period in PaidPeriod.objects.filter(source=PeriodSource.MANAGED):
        asked = list_invoices(period.account_id).get(public_id=period.external_id.split(":")[0])
        assert (asked.gross, asked.paid > 0) == (period.gross, period.credited_at is None)


def look_at_statements(folder: Path) -> None:
    paths = write_statements(folder, seller_day(clock.now()))
    statements = [one for path in paths for one in read_statements(path.read_bytes())]
    assert len(statements) == 3 and all(one.is_proved and not one.remarks for one in statements)
    items, found = _open_items(), []
    for statement in statements:
        found += list(match_entries(statement.entries, items, may_book=True))
    assert {one.verdict for one in found} == set(Verdict)
    assert {one.suggestions[0].ground for one in found if one.suggestions} >= set(Ground) - {Ground.AMOUNT}
    assert any(len(one.suggestions[0].shares) == 2 for one in found if one.suggestions)


def _open_items() -> OpenItems:
    rows = list(Invoice.objects.filter(kind=DocumentKind.INVOICE.value).select_related("account"))
    payers = [
        Payer(
            str(row.account_id), (row.document.buyer.name,), (PAYERS[0],) if row.paid == 0 and row.open > 5000 else ()
        )
        for row in rows
    ]
    known = {True: open_items.InvoiceState.OPEN, False: open_items.InvoiceState.PAID}
    return OpenItems.of(
        (
            open_items.Invoice(row.number, str(row.account_id), row.open, row.reference, known[row.open > 0])
            for row in rows
        ),
        payers,
    )

"""What tests of bank statements do again and again: issue invoices, and upload a statement as the door and job do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bursar.access.actor import Actor
from bursar.actions.run import run
from bursar.billing import banking
from bursar.billing.actions.bank_files import UPLOAD
from bursar.billing.bank import Entry
from bursar.billing.models import BankFile, BankLine, Invoice
from bursar.billing.store import documents
from bursar.billing.store.documents import Issue
from bursar.core import clock
from bursar.files.store import take_up
from bursar.tenants.models import BillingAccount
from tests.billing.bank.writing import entry, statement, to_camt
from tests.billing.documents import samples

UPLOADED, CONFIRM, SPLIT = "billing.company.upload_statements", "billing.bank_line.confirm", "billing.bank_line.split"
ASIDE, UNDO = "billing.bank_line.set_aside", "billing.bank_line.undo"


def issue(account: BillingAccount, net: str = "100.00") -> Invoice:
    """Of a year of one seat from today on, which counts; with VAT it is `net` × 1.21."""
    today = clock.now().date()
    last = today.replace(year=today.year + 1) - timedelta(days=1)
    item = samples.seats(quantity="1", price=net, service_from=today, service_until=last)
    document = samples.invoice(samples.DUTCH, item, issued_on=today, reference="RF00")
    return documents.issue(account, document, Issue(counts=True), clock.now)


def send_up(who: Actor, name: str, content: bytes) -> str:
    return take_up(UPLOAD, who, name, [content], clock.now()).public_id


def upload(who: Actor, content: bytes, name: str = "november.xml") -> BankFile:
    """Up, through the action, and what its job does."""
    made = run(UPLOADED, who, "company", {"uploads": send_up(who, name, content)})
    [file_id] = made.data["files"]
    banking.carry_out(file_id)
    return BankFile.objects.get(public_id=file_id)


def arrive(who: Actor, *entries: Entry, number: int = 12, **said: Any) -> list[BankLine]:
    """Lines of one statement, in their order."""
    file = upload(who, to_camt(statement(*entries, number=number, **said)), f"number-{number}.xml")
    assert file.state == "done", file.problem
    return list(BankLine.objects.filter(statement__file=file).order_by("pk"))


def paid(row: Invoice, amount: str = "", **said: Any) -> Entry:
    """With the reference of the invoice."""
    return entry(amount or str(row.open), references=(row.reference,), name="Jan Bos", **said)


def now_of(*rows: Any) -> None:
    for row in rows:
        row.refresh_from_db()

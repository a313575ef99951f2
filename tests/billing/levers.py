"""Every lever of invoices pulled once, for tests that want each of their events or lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bursar.actions.run import run
from bursar.billing.models import Invoice
from bursar.billing.rules import ledger
from bursar.billing.store import ledger as books
from bursar.billing.store import set_details
from bursar.billing.store.ledger import Cause
from tests.billing.bank.writing import entry
from tests.billing.bank_desk import arrive
from tests.billing.payer import TOWN
from tests.billing.test_proposing import PUBLIC
from tests.cast import NOW, Cast

TODAY = NOW.date().isoformat()


def pull_levers_of_invoices(cast: Cast) -> None:
    """Of an account that pays by bank. The seller's settings are those of the fixture `seller`."""

    def do(key: str, target: Any, **data: Any) -> Any:
        return run(key, cast.iris, target.public_id, data, reason="Agreed with them").data

    set_details({cast.oost.pk: PUBLIC}, NOW)
    asked = {"with_seats": True, "cadence": "yearly", "first_day": TODAY}
    row = Invoice.objects.get(public_id=do("billing.account.issue_invoice", cast.oost, **asked)["invoice"])
    do("billing.invoice.mark_paid", row, amount=str(row.gross + 1), on=TODAY, keeps_rest=True)
    do("billing.account.pay_back_credit", cast.oost, amount="1.00")
    do("billing.invoice.reverse_payment", row, amount=str(row.gross))
    do("billing.invoice.write_off", row)
    do("billing.invoice.credit", row)
    books.book(cast.oost, {}, ledger.overdraw(Decimal(3)), Cause(NOW.date()), NOW)
    do("billing.account.mark_owed_paid", cast.oost, amount="1.00", on=TODAY)
    do("billing.account.write_off_owed", cast.oost)
    do("billing.account.ask_owed_again", cast.oost, amount="2.00")
    [line] = arrive(cast.iris, entry("1.00", "for nothing"))
    do("billing.bank_line.split", line, parts=f"{cast.oost.public_id} 1.00")
    do("billing.account.set_billing_details", cast.oost, **TOWN)
    row = Invoice.objects.get(public_id=do("billing.account.issue_invoice", cast.oost, **asked)["invoice"])
    do("billing.account.accept_vat_id", cast.oost, consultation="WAPI1")
    do("payments.invoice.correct_vat", row)

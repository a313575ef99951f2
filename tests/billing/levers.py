"""Every lever of invoices pulled once, for tests that want each of their events or lines."""

from __future__ import annotations

from typing import Any

from bursar.actions.run import run
from bursar.billing.models import Invoice
from bursar.billing.store import set_details
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

"""From when on charges are invoiced, and which payments have news that documents and ledger do not follow yet."""

from __future__ import annotations

from datetime import date

from bursar.payments.keys import Mode
from bursar.payments.models import Charge, InvoicesFrom, Payment


def begin(mode: Mode, today: date) -> date:
    """The first day on which this was asked; it stays."""
    made, _ = InvoicesFrom.objects.get_or_create(mode=mode.value, defaults={"first_day": today})
    return made.first_day


def note_to_book(payment: Payment) -> None:
    """News of what went back of it: whoever holds its row to compare, waits or is waited for."""
    Payment.objects.filter(pk=payment.pk).update(to_book=True)


def hold(charge: Charge) -> None:
    """Until the transaction ends nothing new comes in of its payments."""
    list(Payment.objects.filter(charge=charge).select_for_update(no_key=True).order_by("pk").values_list("pk"))


def note_booked(charge: Charge) -> None:
    """Documents and ledger say what Mollie does, or it is noted why not. `hold` it before that is looked at."""
    Payment.objects.filter(charge=charge, to_book=True).update(to_book=False)

"""Two workers at one charge, and one that is killed: real processes, real locks; one document, one booking."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing import get_context
from typing import Any

import pytest
from django.db import connection

from bursar.billing.models import Invoice, LedgerEntry, Series
from bursar.billing.store import set_details
from bursar.core import clock
from bursar.payments import gateway as gateways
from bursar.payments import invoicing
from bursar.payments.actions import invoicing as actions
from tests.cast import NOW, Cast, prove
from tests.payments.billed import Bought, buy, check_books, let_invoice, minute
from tests.payments.buying import DETAILS
from tests.payments.till import KEY

pytestmark = pytest.mark.django_db(transaction=True)
FORK = get_context("fork")


@pytest.fixture
def unbilled(committed: Cast, settings: Any) -> Iterator[Bought]:
    """Paid, refunded in part, and nothing of it is issued."""
    clock.set_fixed(NOW)
    let_invoice(settings)
    settings.BURSAR_MOLLIE_KEY = KEY
    gateways.forget()
    set_details({committed.samen.pk: DETAILS}, NOW)
    made = buy(committed.samen)
    made.refund("10.00")
    yield made
    gateways.forget()


def _work(gate: Any) -> None:
    connection.close()
    gate.wait(60)
    invoicing.invoice(clock.now())


def test_whoever_works_at_it_at_once_makes_it_once(unbilled: Bought, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        actions, "_check", lambda document, with_e_invoice: actions.Made(document)
    )  # a fork draws nothing
    gate = FORK.Barrier(3)
    workers = [FORK.Process(target=_work, args=(gate,)) for _ in range(3)]
    connection.close()
    for one in workers:
        one.start()
    for one in workers:
        one.join(120)
    assert [one.exitcode for one in workers] == [0, 0, 0]
    minute()
    assert (Invoice.objects.filter(kind="invoice").count(), len(unbilled.notes)) == (1, 1)
    assert [one.last for one in Series.objects.order_by("kind")] == [1, 1]
    assert LedgerEntry.objects.filter(kind="received").count() == 1
    check_books()
    prove()

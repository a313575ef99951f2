"""How many statements it takes to move an account by news of a payment: what is done to ten thousand in one night.

A time would say more of the machine than of the code; what grows here was read twice, or written row by row.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.core import clock
from bursar.payments.actions.apply import apply_payment
from bursar.payments.models import Payment
from tests.cast import NOW, Cast, fact, prove
from tests.payments import mirrored

FIRST = 73  # terms, tier, price, subscription, charges, the call to Mollie, notice and webhook; the account once
RENEWAL = 60  # what the clock ended and what is renewed, from one load of the account
UNDER_WAY = 42  # a charge that changes its state, and what the clock ended: no term, price or figure is written


def statements_of(payment: Payment) -> list[str]:
    with CaptureQueriesContext(connection) as caught:
        apply_payment(payment.pk, clock.now())
    payment.refresh_from_db()
    assert not payment.to_apply
    return [query["sql"].replace('"', "") for query in caught.captured_queries]


def count_loads(statements: list[str]) -> int:
    """How often all members of the account's workspaces are read, as a whole load of it does."""
    return sum("FROM tenants_workspacemembership" in sql for sql in statements)


@pytest.fixture(autouse=True)
def key(settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = "test_key"


def test_a_first_payment_and_a_renewal(cast: Cast) -> None:
    held = mirrored.mandate(cast.samen)
    charge = mirrored.check_out(cast.samen)
    first = statements_of(mirrored.payment(charge, "paid", mollie_mandate_id=held.mollie_id, method="ideal"))
    assert len(first) <= FIRST, "\n".join(sql[:150] for sql in first)
    meant = mirrored.answer(cast.samen)
    with clock.frozen(NOW + timedelta(days=30)):
        row = mirrored.payment(meant, "pending")
        meant.next_date = date(2027, 1, 24)
        meant.save(update_fields=["next_date"])
        under_way = statements_of(row)
        Payment.objects.filter(pk=row.pk).update(status="paid", paid_at=clock.now(), to_apply=True)
        paid = statements_of(row)
        assert fact(cast.samen).status == "active" and fact(cast.samen).mrr == 86
        prove()
    assert len(under_way) <= UNDER_WAY, "\n".join(sql[:150] for sql in under_way)
    assert len(paid) <= RENEWAL, "\n".join(sql[:150] for sql in paid)
    assert [count_loads(sqls) for sqls in (first, under_way, paid)] == [1, 1, 1]


def test_a_renewal_on_the_day_on_which_the_price_ends(cast: Cast) -> None:
    """The clock's own news come first, and the renewal goes on from what was loaded for them."""
    meant = mirrored.begin(cast.samen)
    with clock.frozen(NOW + timedelta(days=30)):
        row = mirrored.payment(meant, "paid")
        meant.next_date = date(2027, 1, 24)
        meant.save(update_fields=["next_date"])
        paid = statements_of(row)
    assert len(paid) <= RENEWAL, "\n".join(sql[:150] for sql in paid)
    assert count_loads(paid) == 1 and any(sql.startswith("INSERT INTO plans_grantendtold") for sql in paid)

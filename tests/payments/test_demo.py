"""The demo's year of payments: everything occurs, it fits the terms, and the demo's Mollie says the same."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from bursar.core import clock
from bursar.core.calendar import Month
from bursar.demo import load, mollie
from bursar.mollie_sim.records import load as load_records
from bursar.mollie_sim.server import serving
from bursar.mollie_sim.simulator import Simulator
from bursar.payments.gateway import Gateway
from bursar.payments.models import Charge, MollieCustomer, Payment, Refund, Subscription
from bursar.payments.queries.drift import list_drift
from bursar.payments.queries.gap import calc_gap
from bursar.payments.rules.drift import Drift
from bursar.payments.rules.gap import Cause
from bursar.payments.states import ChargeKind, ChargeState, PaymentKind, PaymentState
from bursar.payments.store.history import History
from bursar.payments.words import BANK_CAUSES, CARD_CAUSES
from bursar.plans.models import PaidPeriod
from tests.billing.demo_year import look_at_invoices, look_at_statements
from tests.billing.test_proposing import seller
from tests.cast import prove
from tests.partners.demo_year import look_at_partners

__all__ = ["seller"]


@pytest.fixture
def history(db: None, now: Any, seller: Any, monkeypatch: pytest.MonkeyPatch) -> History:
    kept: list[History] = []
    monkeypatch.setattr(load, "tell_simulator", kept.append)
    assert not load.load(clock.now()).bad
    return kept[0]


def test_a_year_of_payments_and_invoices(history: History, tmp_path: Path) -> None:
    look_at_invoices()
    look_at_statements(tmp_path)
    look_at_partners()
    _everything_occurs()
    _it_fits_the_terms()
    _mollie_says_the_same(history)
    prove()


def _everything_occurs() -> None:
    assert set(Payment.objects.values_list("status", flat=True)) == set(PaymentState)
    assert set(Payment.objects.values_list("kind", flat=True)) >= set(PaymentKind) - {PaymentKind.INVOICE}
    assert set(Charge.objects.values_list("kind", flat=True)) >= set(ChargeKind) - {
        ChargeKind.INVOICE,
        ChargeKind.METHOD,
    }
    assert set(Charge.objects.values_list("state", flat=True)) == set(ChargeState)
    assert set(Refund.objects.values_list("state", flat=True)) >= {"asked", "queued", "pending", "refunded", "failed"}
    assert set(Payment.objects.exclude(reason="").values_list("reason", flat=True)) == {*BANK_CAUSES, *CARD_CAUSES}
    assert {one.drift for one in list_drift(clock.now())} == set(Drift)
    now, causes = clock.now(), set()
    for back in range(13):
        gap = calc_gap(Month.of(now).plus(-back), now)
        assert gap.difference == sum(gap.parts.values())
        causes |= {cause for cause, amount in gap.parts.items() if amount}
    assert causes == set(Cause)


def _it_fits_the_terms() -> None:
    """Each interval paid through Mollie has one charge of its amount, paid in full; each account one planned renewal."""
    for period in PaidPeriod.objects.filter(source="mollie"):
        charge = Charge.objects.get(
            account_id=period.account_id, interval_from=period.service_from, kind__in=["first", "renewal"], state="paid"
        )
        assert (charge.net, charge.gross) == (period.net, period.gross)
        paid = charge.payments.filter(status="paid").aggregate(total=Sum("amount"))["total"]
        assert paid == period.gross
    assert not Payment.objects.filter(paid_at__gt=clock.now()).exists()
    charging = Subscription.objects.filter(is_meant=True, status="active").exclude(
        account__workspaces__deleted_at__isnull=False
    )
    for one in charging:
        planned = one.charges.get(state="planned")
        assert planned.due_on == one.next_date and planned.gross == one.wanted
    ruled = MollieCustomer.objects.filter(rules_since__isnull=False).values("account_id")
    assert not PaidPeriod.objects.filter(source="mollie").exclude(account_id__in=ruled).exists()


def _mollie_says_the_same(history: History) -> None:
    simulator = Simulator(clock.now(), seed=0)
    load_records(simulator.world, mollie.list_records(history))
    with serving(simulator) as address:
        gateway = Gateway(address, "test_key")
        found: dict[str, Any] = {}
        after = None
        while True:
            page = gateway.payments.list(after)
            found |= {one.id: one for one in page.items}
            after = page.next_id
            if after is None:
                break
    rows = {one.mollie_id: one for one in Payment.objects.all()}
    assert rows.keys() == found.keys()
    for id, row in rows.items():
        one = found[id]
        said = (one.status, one.amount.value, one.refunded, one.method, one.paid_at, one.customer_id)
        assert said == (row.status, row.amount, row.refunded, row.method, row.paid_at, row.mollie_customer_id), id
        assert (one.failure_reason or one.bank_code) == row.reason and one.charged_back in (
            row.charged_back,
            Decimal(0),
        )
    assert clock.now() - min(row.at for row in rows.values()) > timedelta(days=330)

"""How quickly news of payments move accounts."""

from __future__ import annotations

from datetime import date, timedelta
from time import perf_counter
from typing import Any

import pytest

from bursar.core import clock
from bursar.payments.models import Subscription
from bursar.tenants.models import BillingAccount
from tests.cast import NOW, Cast, bring_all, organisation, person, seat, workspace
from tests.payments import mirrored

pytestmark = pytest.mark.soak
MANY = 100
LEAST = 20  # transitions a second, on one process


def make_accounts() -> list[BillingAccount]:
    old = NOW - timedelta(days=100)
    lines: list[dict[str, Any]] = []
    for n in range(MANY):
        ref = f"many-{n}"
        lines += [*person(ref, f"Person {n}"), *organisation(ref, f"Council {n:03}", old)]
        lines += [*workspace(ref, ref, f"Panel {n}", old), seat(ref, ref, "owner", old)]
    bring_all(*lines)
    return list(BillingAccount.objects.filter(organisation__external_id__startswith="many-").order_by("id"))


def test_transitions_a_second(cast: Cast, settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = "test_key"
    accounts = make_accounts()
    rows = []
    for account in accounts:
        held = mirrored.mandate(account)
        rows.append(mirrored.payment(mirrored.check_out(account), "paid", mollie_mandate_id=held.mollie_id))
    began = perf_counter()
    for row in rows:
        mirrored.apply(row)
    first = MANY / (perf_counter() - began)
    subscriptions = [mirrored.answer(account) for account in accounts]
    with clock.frozen(NOW + timedelta(days=30)):
        rows = [mirrored.payment(one, "paid") for one in subscriptions]
        Subscription.objects.update(next_date=date(2027, 1, 24))
        began = perf_counter()
        for row in rows:
            mirrored.apply(row)
        renewed = MANY / (perf_counter() - began)
    assert first >= LEAST and renewed >= LEAST, f"first payments {first:.0f}/s, renewals {renewed:.0f}/s"

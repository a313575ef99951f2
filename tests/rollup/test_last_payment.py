"""Which payment the rollup calls the last: the mirror's where Mollie rules the account, else what was told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from bursar.core import clock
from bursar.core.calendar import Month
from bursar.payments.models import MollieCustomer
from bursar.rollup.queries import last_payments
from tests.cast import NOW, Cast, bring_all, export, sign_in
from tests.payments.ledger import customer, payment

TOLD = {
    "kind": "paid", "external_id": "p-9", "account": {"organisation": "haarlem"}, "gross": "1089.00", "net": "900.00",
    "from": NOW - timedelta(days=20), "until": NOW + timedelta(days=345), "booked_at": NOW - timedelta(days=20),
}  # fmt: skip


def last_of(cast: Cast) -> Any:
    return last_payments([cast.haarlem.pk], Month.of(clock.now()).end).get(cast.haarlem.pk)


def test_the_mirror_says_it_once_mollie_rules(cast: Cast) -> None:
    bring_all({**TOLD, "source": "mollie"})
    payment(cast.haarlem, NOW - timedelta(days=30), amount=Decimal("121.00"))
    payment(cast.haarlem, NOW - timedelta(days=2), "failed")
    assert last_of(cast).gross == Decimal("1089.00")
    ruled = customer(cast.haarlem)
    assert last_of(cast) == (NOW - timedelta(days=30), Decimal("121.00"))
    MollieCustomer.objects.filter(pk=ruled.pk).update(rules_since=None)
    assert last_of(cast).gross == Decimal("1089.00")


def test_money_that_came_by_the_bank_counts_beside_it(cast: Cast) -> None:
    customer(cast.haarlem)
    payment(cast.haarlem, NOW - timedelta(days=30))
    bring_all({**TOLD, "source": "managed"})
    assert last_of(cast).gross == Decimal("1089.00")


def test_page_file_and_sort_say_the_same(cast: Cast) -> None:
    customer(cast.haarlem)
    payment(cast.haarlem, NOW - timedelta(days=3), amount=Decimal("77.00"))
    iris = sign_in("iris@agora.example")
    page = iris.get("/panel/usage/?sort=-payment").content.decode()
    assert "21 Nov</span> · 77.00" in page
    assert page.index("Gemeente Haarlem") < page.index("Universiteit Oost")
    [row] = [row for row in export(iris) if row["account"] == "Gemeente Haarlem"]
    assert row["last_payment_at"] == (NOW - timedelta(days=3)).isoformat()

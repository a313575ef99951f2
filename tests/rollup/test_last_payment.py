"""Which payment the rollup calls the last: the mirror's where Mollie rules the account, else what was told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from bursar.core import clock
from bursar.core.calendar import Month
from bursar.payments.models import MollieCustomer
from bursar.payments.queries.latest import last_paid_at, list_last_payments
from bursar.rollup.models import AccountMonth
from bursar.tenants.models import BillingAccount
from tests.cast import NOW, Cast, bring_all, export, organisation, sign_in
from tests.payments.ledger import customer, payment

TOLD = {
    "kind": "paid", "external_id": "p-9", "account": {"organisation": "haarlem"}, "gross": "1089.00", "net": "900.00",
    "from": NOW - timedelta(days=20), "until": NOW + timedelta(days=345), "booked_at": NOW - timedelta(days=20),
}  # fmt: skip


def last_of(cast: Cast) -> Any:
    return list_last_payments([cast.haarlem.pk], Month.of(clock.now()).end).get(cast.haarlem.pk)


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
    assert "21 Nov · 77.00" in page
    assert page.index("Gemeente Haarlem") < page.index("Universiteit Oost")
    [row] = [row for row in export(iris) if row["account"] == "Gemeente Haarlem"]
    assert row["last_payment_at"] == (NOW - timedelta(days=3)).isoformat()


def test_the_file_has_instants_to_the_microsecond(cast: Cast) -> None:
    customer(cast.haarlem)
    for micros in (1, 120400, 999999):
        at = NOW - timedelta(days=3) + timedelta(microseconds=micros)
        payment(cast.haarlem, at)
        [row] = [row for row in export(sign_in("iris@agora.example")) if row["account"] == "Gemeente Haarlem"]
        assert row["last_payment_at"] == at.isoformat()


def test_one_account_and_a_month_of_them_are_asked_the_same(cast: Cast) -> None:
    """Each account pays in its own way; what one statement finds for a page, the other finds for a file."""
    bring_all(*organisation("never", "Never paid", NOW - timedelta(days=60)))
    ruled, told, both, neither = cast.haarlem, cast.samen, cast.oost, BillingAccount.objects.latest("pk")
    end = Month.of(clock.now()).end
    for number, (ref, source) in enumerate((("haarlem", "mollie"), ("samen", "mollie"), ("oost", "managed"))):
        bring_all({**TOLD, "external_id": f"t-{number}", "account": {"organisation": ref}, "source": source})
    for account, days in ((ruled, 3), (both, 30)):
        customer(account)
        payment(account, NOW - timedelta(days=days), amount=Decimal("77.00"))
        payment(account, end, amount=Decimal("1.00"))
    found = list_last_payments([ruled.pk, told.pk, both.pk, neither.pk], end)
    rows = AccountMonth.objects.filter(month=Month.of(NOW).first)
    instants = dict(rows.annotate(at=last_paid_at(end)).values_list("account_id", "at"))
    wanted = {ruled.pk: 3, told.pk: 20, both.pk: 20}
    assert {pk: paid.at for pk, paid in found.items()} == {pk: NOW - timedelta(days=n) for pk, n in wanted.items()}
    assert {pk: at for pk, at in instants.items() if at} == {pk: paid.at for pk, paid in found.items()}

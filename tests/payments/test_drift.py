"""What Mollie does that nobody meant: each kind found, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.payments.drift_words import LEVERS
from bursar.payments.models import Call
from bursar.payments.queries.drift import count_drift, list_drift
from bursar.payments.rules.drift import LABELS, Drift, Money, Standing, judge_payment, judge_subscription
from bursar.tenants.models import Workspace
from tests.cast import NOW, Cast, shown_by, sign_in
from tests.payments.ledger import GROSS, charge, chargeback, customer, mandate, payment, refund, subscription

PAGE = "/panel/payments/drift/"
FINE = Standing(
    status="active", has_account=True, is_meant=True, has_meant=True, is_changing=False, is_end_asked=False,
    amount=GROSS, wanted=GROSS, interval="1 month", cadence="monthly", next_date=date(2026, 12, 5),
    has_workspaces=True, mandate="valid",
)  # fmt: skip
D = Drift


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, []),
        ({"has_account": False}, [D.UNKNOWN]),
        ({"is_meant": False}, [D.SECOND]),
        ({"is_meant": False, "has_meant": False}, [D.UNKNOWN]),
        ({"is_meant": False, "is_changing": True}, []),
        ({"amount": Decimal("99.00")}, [D.AMOUNT]),
        ({"amount": Decimal("99.00"), "is_changing": True}, []),
        ({"interval": "12 months"}, [D.INTERVAL]),
        ({"interval": "12 months", "cadence": "yearly"}, []),
        ({"interval": "4 weeks"}, [D.INTERVAL]),
        ({"has_workspaces": False, "mandate": "invalid"}, [D.NOBODY_THERE, D.MANDATE]),
        ({"mandate": "pending"}, []),
        ({"mandate": ""}, []),
        ({"card_expires": date(2026, 11, 30)}, [D.MANDATE]),
        ({"card_expires": date(2026, 12, 31)}, []),
        ({"status": "canceled"}, [D.ENDED_THERE]),
        ({"status": "suspended"}, [D.ENDED_THERE]),
        ({"status": "canceled", "is_end_asked": True}, []),
        ({"status": "canceled", "is_meant": False, "has_account": False}, []),
    ],
)  # fmt: skip
def test_subscriptions(change: dict[str, Any], wanted: list[Drift]) -> None:
    assert judge_subscription(replace(FINE, **change)) == wanted


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({}, []),
        ({"refunded": GROSS, "charged_back": Decimal("0.01")}, [D.RETURNED_MORE]),
        ({"refunded": GROSS, "charged_back": Decimal("0.01"), "is_made_up": True}, []),
        ({"refunded": GROSS}, []),
        ({"is_ours": False}, [D.AFTER_END]),
        ({"is_ours": False, "refunded": GROSS}, []),
        ({"is_ours": False, "has_account": False}, []),
        ({"is_ours": False, "is_paid": False}, []),
    ],
)
def test_payments(change: dict[str, Any], wanted: list[Drift]) -> None:
    fine = Money(
        is_paid=True, has_account=True, is_ours=True, amount=GROSS, refunded=Decimal(0), charged_back=Decimal(0)
    )
    assert judge_payment(replace(fine, **change)) == wanted


@pytest.fixture
def drifted(cast: Cast) -> Cast:
    """One of each, each in its own way."""
    subscription(cast.haarlem, amount=Decimal("99.00"), interval="12 months")
    subscription(cast.haarlem, is_meant=False)
    subscription(None, is_meant=False)
    bad = mandate(customer(cast.oost), "invalid")
    subscription(cast.oost, mollie_mandate_id=bad.mollie_id)
    Workspace.objects.filter(account=cast.samen).update(deleted_at=NOW)
    subscription(cast.samen)
    chargeback(payment(cast.haarlem, NOW, owed=charge(cast.haarlem, NOW.date())), NOW)
    refund(payment(cast.oost, NOW, owed=charge(cast.oost, NOW.date(), state="ended")), "21.00", NOW)
    both = payment(cast.oost, NOW, owed=charge(cast.oost, date(2026, 11, 1), "seat"))
    refund(both, "100.00", NOW)
    chargeback(both, NOW)
    payment(cast.samen, NOW, kind="method", amount=Decimal("0.01"))
    payment(cast.samen, NOW, kind="other", to_apply=True)
    return cast


def test_every_kind_is_found_and_nothing_that_is_fine(drifted: Cast) -> None:
    found = list_drift(NOW)
    assert [one.drift for one in found] == [
        D.UNKNOWN, D.SECOND, D.AMOUNT, D.INTERVAL, D.NOBODY_THERE, D.MANDATE, D.RETURNED_MORE, D.AFTER_END,
    ]  # fmt: skip
    assert count_drift(NOW) == 8


def test_the_page_says_each_in_a_sentence(drifted: Cast) -> None:
    page = shown_by(sign_in("iris@agora.example").get(PAGE))
    for said in (
        "who has no account here", "the customer pays twice", "ours is € 121.00", "ours is billed monthly",
        "every workspace of the account is gone", "it will fail", "went back of € 121.00", "Ask for the € 100.00", "€ 100.00 arrived on 24 November",
    ):  # fmt: skip
        assert said in page, said


def test_what_a_call_of_ours_is_changing_is_left_alone(cast: Cast) -> None:
    subscription(cast.haarlem, amount=Decimal("99.00"))
    assert count_drift(NOW) == 1
    call = Call.objects.create(account=cast.haarlem, op="subscription.update", mode="test", made_at=NOW)
    assert count_drift(NOW) == 0
    Call.objects.filter(pk=call.pk).update(state="done")
    assert count_drift(NOW) == 1


def test_what_mollie_ended_stands_until_somebody_acts(cast: Cast) -> None:
    one = subscription(cast.haarlem, status="canceled", canceled_at=NOW - timedelta(days=1))
    assert [found.drift for found in list_drift(NOW)] == [D.ENDED_THERE]
    one.is_meant = False
    one.save()
    assert count_drift(NOW) == 0


def test_it_is_counted_in_the_bar_and_the_statements_are_the_same(drifted: Cast) -> None:
    iris = sign_in("iris@agora.example")

    def count() -> int:
        with CaptureQueriesContext(connection) as caught:
            iris.get(PAGE)
        return len(caught)

    iris.get(PAGE)
    few = count()
    for _ in range(20):
        subscription(None, is_meant=False)
        payment(drifted.haarlem, NOW, kind="other")
    assert count() == few


def test_every_kind_has_a_label_and_something_to_do() -> None:
    assert set(Drift) == set(LABELS) == set(LEVERS)


def test_nothing_drifted(cast: Cast) -> None:
    subscription(cast.haarlem)
    assert "Mollie does what was meant" in sign_in("iris@agora.example").get(PAGE).content.decode()

"""What becomes of things by themselves in the simulator: debits, mandates, refunds, chargebacks."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bursar.payments.errors import RefusedThere
from bursar.payments.gateway.links import NewLink
from bursar.payments.gateway.payments import NewPayment, Sequence
from bursar.payments.objects import Payment
from tests.payments.till import BACK, HTTP, START, Till, euros, new_key

TUESDAY, FRIDAY = date(2026, 3, 3), date(2026, 3, 6)


def charge(till: Till, first: Payment, amount: str = "10.00") -> Payment:
    """By the mandate, as a seat charge is."""
    new = NewPayment(
        euros(amount), "Seats", Sequence.RECURRING, first.customer_id, till.shop.url, mandate_id=first.mandate_id
    )
    return till.gateway.payments.create(new_key(), new)


def refuses(till: Till, path: str, **body: object) -> str:
    """The problem in words; and nothing changed."""
    before = till.simulator.world.counts()
    answer = HTTP.post(f"{till.simulator.base}/control/{path}", json=body)
    assert answer.status_code == 422 and till.simulator.world.counts() == before
    problem: str = answer.json()["problem"]
    return problem


# Direct debits


def test_a_debit_is_pending_over_the_weekend_and_then_paid(till: Till) -> None:
    first = till.paid_first()
    subscription = till.subscribe(first, FRIDAY)
    till.wait(days=6)
    [debit] = till.charges(subscription)
    assert (debit.status, debit.method, debit.due_date) == ("pending", "directdebit", date(2026, 3, 9))
    assert till.shop.ids == [first.id]  # of what is pending Mollie does not tell
    till.wait(days=1)
    [debit] = till.charges(subscription)
    assert debit.status == "paid" and debit.paid_at == datetime(2026, 3, 9, 6, tzinfo=UTC)
    assert till.shop.ids == [first.id, debit.id]


def test_a_debit_that_waits_longer(till: Till) -> None:
    till.control("config", debit_days=5)
    subscription = till.subscribe(till.paid_first(), TUESDAY)
    till.wait(days=7)
    assert till.charges(subscription)[0].status == "pending"
    till.wait(days=1)
    assert till.charges(subscription)[0].status == "paid"


def test_a_debit_can_fail_after_it_was_paid_for_five_business_days(till: Till) -> None:
    subscription = till.subscribe(till.paid_first(), TUESDAY)
    till.wait(days=6)
    [debit] = till.charges(subscription)
    assert debit.status == "paid"
    till.control(f"payments/{debit.id}", outcome="failed:AM04")
    [debit] = till.charges(subscription)
    assert (debit.status, debit.bank_code, debit.paid_at) == ("failed", "AM04", None)
    till.simulator.tick()
    assert till.shop.ids.count(debit.id) == 2


def test_a_debit_is_charged_back_weeks_later_but_fails_no_more(till: Till) -> None:
    subscription = till.subscribe(till.paid_first(), TUESDAY)
    till.wait(days=28)
    [debit] = till.charges(subscription)
    assert "final" in refuses(till, f"payments/{debit.id}", outcome="failed:AM04")
    till.control(f"payments/{debit.id}/chargeback", reason="MD06")
    [debit] = till.charges(subscription)
    assert (debit.status, debit.charged_back) == ("paid", debit.amount.value)
    [chargeback] = till.gateway.chargebacks.list_of_payment(debit.id).items
    assert (chargeback.reason_code, chargeback.reason) == ("MD06", "Disputed by the debtor")
    assert "nothing" in refuses(till, f"payments/{debit.id}/chargeback")
    till.control(f"chargebacks/{chargeback.id}/reverse")
    assert till.gateway.payments.get(debit.id).charged_back == 0
    assert till.gateway.chargebacks.get(debit.id, chargeback.id).reversed_at is not None


def test_a_debit_can_be_cancelled_until_the_bank_has_it(till: Till) -> None:
    first = till.paid_first()
    debit = charge(till, first)
    assert debit.is_cancelable
    assert till.gateway.payments.cancel(debit.id).status == "canceled"
    till.wait(days=3)
    assert till.gateway.payments.get(debit.id).status == "canceled"
    card = till.first()
    assert not card.is_cancelable
    with pytest.raises(RefusedThere, match="cannot be cancelled"):
        till.gateway.payments.cancel(card.id)


# How charges end


def test_charges_end_as_they_were_told_to_and_then_well(till: Till) -> None:
    first = till.paid_first("creditcard")
    till.control(f"mandates/{first.mandate_id}", next=["failed:insufficient_funds", "pending"])
    subscription = till.subscribe(first, date(2026, 4, 2))
    till.wait(days=100)
    ends = [(one.status, one.failure_reason) for one in till.charges(subscription)]
    assert ends == [("failed", "insufficient_funds"), ("pending", ""), ("paid", "")]
    waiting = till.charges(subscription)[1]
    till.control(f"payments/{waiting.id}", outcome="failed:card_expired")
    assert till.gateway.payments.get(waiting.id).failure_reason == "card_expired"
    assert "no outcome" in refuses(till, f"mandates/{first.mandate_id}", next=["failed:badly"])


def test_two_failed_debits_in_a_row_end_the_subscription_but_not_for_a_lack_of_funds(till: Till) -> None:
    first = till.paid_first()
    till.control(f"mandates/{first.mandate_id}", next=["failed:AM04", "failed:AM04", "failed:AC04", "failed:AC04"])
    subscription = till.subscribe(first, date(2026, 4, 2))
    till.wait(days=110)
    assert till.read(subscription).status == "active"
    till.wait(days=30)
    gone = till.read(subscription)
    assert (gone.status, gone.next_date, len(till.charges(subscription))) == ("canceled", None, 4)


# Mandates and subscriptions


def test_revoking_a_mandate_cancels_its_subscriptions_and_no_other(till: Till) -> None:
    first = till.paid_first()
    other = till.pay(till.first(till.gateway.customers.get(first.customer_id)))
    connected = till.subscribe(first, TUESDAY)
    till.gateway.subscriptions.update(first.customer_id, connected.id, mandate_id=other.mandate_id)
    till.gateway.mandates.revoke(first.customer_id, first.mandate_id)
    assert till.read(connected).status == "active"
    till.gateway.mandates.revoke(first.customer_id, other.mandate_id)
    assert till.read(connected).status == "canceled"
    till.wait(days=60)
    assert till.charges(connected) == []


def test_a_chargeback_ends_a_cards_mandate_and_suspends_what_hangs_on_it(till: Till) -> None:
    first = till.paid_first("creditcard")
    subscription = till.subscribe(first, TUESDAY)
    till.control(f"payments/{first.id}/chargeback")
    assert till.gateway.mandates.get(first.customer_id, first.mandate_id).status == "invalid"
    assert till.read(subscription).status == "suspended"
    till.wait(days=60)
    assert till.charges(subscription) == []


def test_mollie_gives_up_only_while_it_is_told_to(till: Till) -> None:
    till.control("config", gives_up=False)
    first = till.paid_first("creditcard")
    subscription = till.subscribe(first, TUESDAY)
    till.control(f"payments/{first.id}/chargeback")
    assert till.read(subscription).status == "active"


def test_mollie_suspends_wakes_and_cancels_by_itself(till: Till) -> None:
    subscription = till.subscribe(till.paid_first("creditcard"), date(2026, 3, 10))
    till.control(f"subscriptions/{subscription.id}", status="suspended")
    till.wait(days=20)
    assert (till.read(subscription).status, till.charges(subscription)) == ("suspended", [])
    till.control(f"subscriptions/{subscription.id}", status="active")
    assert till.read(subscription).next_date == date(2026, 4, 10)
    till.control(f"subscriptions/{subscription.id}", status="canceled")
    assert till.read(subscription).canceled_at == till.simulator.world.now()
    assert "canceled" in refuses(till, f"subscriptions/{subscription.id}", status="active")
    with pytest.raises(RefusedThere, match="cancelled"):
        till.gateway.subscriptions.update(subscription.customer_id, subscription.id, amount=euros("1.00"))


def test_a_mandate_may_be_pending_for_days(till: Till) -> None:
    till.control("config", mandate_days=2)
    first = till.paid_first()
    assert till.gateway.mandates.get(first.customer_id, first.mandate_id).status == "pending"
    subscription = till.subscribe(first, date(2026, 3, 2))
    assert subscription.status == "pending"
    with pytest.raises(RefusedThere, match="valid mandate"):
        charge(till, first)
    till.wait(days=4)
    assert till.read(subscription).status == "active"
    assert len(till.charges(subscription)) == 1


def test_a_cancelled_first_payment_leaves_a_pending_mandate(till: Till) -> None:
    """A trap of Mollie's: a mandate alone does not mean that anything was paid."""
    first = till.pay(till.first(), "canceled")
    assert (first.status, first.mandate_id) == ("canceled", "")
    [mandate] = till.gateway.mandates.list(first.customer_id).items
    assert mandate.status == "pending"
    failed = till.pay(till.first(), "failed")
    assert till.gateway.mandates.list(failed.customer_id).items == ()


def test_a_subscription_needs_a_mandate_and_a_name_of_its_own(till: Till) -> None:
    first = till.paid_first()
    till.subscribe(first, TUESDAY)
    with pytest.raises(RefusedThere, match="same description") as caught:
        till.subscribe(first, TUESDAY)
    assert caught.value.field == "description"
    till.gateway.mandates.revoke(first.customer_id, first.mandate_id)
    with pytest.raises(RefusedThere, match="mandate"):
        till.subscribe(first, TUESDAY)
    assert len(till.gateway.subscriptions.list().items) == 1


# Refunds


def test_a_refund_is_with_the_bank_after_two_hours_and_done_on_the_next_day(till: Till) -> None:
    paid = till.paid_first()
    till.simulator.tick()
    refund = till.gateway.refunds.create(new_key(), paid.id, amount=euros("21.00"), description="Too much")
    assert refund.status == "pending"
    till.wait(hours=2)
    assert till.gateway.refunds.get(paid.id, refund.id).status == "processing"
    with pytest.raises(RefusedThere):
        till.gateway.refunds.cancel(paid.id, refund.id)
    till.wait(days=1)
    assert till.gateway.refunds.get(paid.id, refund.id).status == "refunded"
    assert till.shop.ids == [paid.id] * 3


def test_the_same_refund_again_within_the_hour_is_refused(till: Till) -> None:
    paid = till.paid_first()
    till.gateway.refunds.create(new_key(), paid.id, amount=euros("21.00"), description="Too much")
    with pytest.raises(RefusedThere, match="duplicate"):
        till.gateway.refunds.create(new_key(), paid.id, amount=euros("21.00"), description="Too much")
    till.wait(hours=1)
    till.gateway.refunds.create(new_key(), paid.id, amount=euros("21.00"), description="Again")
    with pytest.raises(RefusedThere, match="higher than the maximum") as caught:
        till.gateway.refunds.create(new_key(), paid.id, amount=euros("80.00"), description="More than is left")
    assert caught.value.field == "amount" and len(till.gateway.refunds.list().items) == 2


def test_a_refund_waits_for_the_balance_and_may_fail(till: Till) -> None:
    till.control("config", balance="10.00")
    paid = till.paid_first()
    refund = till.gateway.refunds.create(new_key(), paid.id, amount=euros("21.00"), description="Too much")
    assert refund.status == "queued"
    till.wait(days=5)
    assert till.gateway.refunds.get(paid.id, refund.id).status == "queued"
    till.control(f"refunds/{refund.id}", status="failed")
    assert till.gateway.payments.get(paid.id).refunded == 0
    with pytest.raises(RefusedThere, match="not paid"):
        till.gateway.refunds.create(new_key(), till.first().id, amount=euros("1.00"), description="Nothing came")


# The checkout


@pytest.mark.parametrize("outcome", ["paid", "failed", "canceled", "expired", "pending", "open"])
def test_each_end_of_a_checkout(till: Till, outcome: str) -> None:
    payment = till.pay(till.first(), outcome)
    assert payment.status == outcome and bool(payment.checkout) == (outcome == "open")
    till.simulator.tick()
    assert till.shop.ids == ([] if outcome in ("open", "pending") else [payment.id])
    page = HTTP.get(f"{till.simulator.base}/checkout/{payment.id}").text
    assert ("How it ends" in page) == (outcome == "open")


def test_a_payment_nobody_makes_expires(till: Till) -> None:
    payment = till.first()
    till.wait(hours=1)
    expired = till.gateway.payments.get(payment.id)
    assert (expired.status, expired.expired_at) == ("expired", payment.expires_at)
    assert expired.created_at == START and till.shop.ids == [payment.id]


def test_cards_fail_by_mollies_amounts_of_test_mode(till: Till) -> None:
    payment = till.pay(till.first(amount="1007.00"), "failed", "creditcard")
    assert payment.failure_reason == "insufficient_funds"


def test_a_closed_payment_is_not_paid_again(till: Till) -> None:
    payment = till.paid_first()
    again = HTTP.post(f"{till.simulator.base}/checkout/{payment.id}", data={"method": "ideal", "outcome": "failed"})
    assert "closed" in again.text and till.gateway.payments.get(payment.id).status == "paid"


def test_a_method_that_was_not_offered_is_refused(till: Till) -> None:
    customer = till.customer()
    new = NewPayment(
        euros("5.00"), "x", Sequence.FIRST, customer.id, till.shop.url, redirect_url=BACK, method="creditcard"
    )
    payment = till.gateway.payments.create(new_key(), new)
    answer = HTTP.post(payment.checkout, data={"method": "ideal", "outcome": "paid"})
    assert answer.status_code == 422 and till.gateway.payments.get(payment.id).status == "open"


def test_a_link_is_paid_once_and_not_after_its_end(till: Till) -> None:
    link = till.gateway.links.create(
        new_key(), NewLink(euros("75.00"), "Workshop", till.shop.url, expires_at=datetime(2026, 3, 9, tzinfo=UTC))
    )
    opened = HTTP.get(link.url)
    payment = till.gateway.links.list_payments(link.id).items[0]
    assert opened.headers["location"].endswith(f"/checkout/{payment.id}")
    till.pay(payment)
    assert "paid already" in HTTP.get(link.url).text
    other = till.gateway.links.create(
        new_key(), NewLink(euros("75.00"), "Workshop", till.shop.url, expires_at=datetime(2026, 3, 9, tzinfo=UTC))
    )
    till.wait(days=8)
    assert "expired" in HTTP.get(other.url).text and till.gateway.links.list_payments(other.id).items == ()


def test_the_pages_for_tests_change_what_nobody_checks_out(till: Till) -> None:
    first = till.paid_first()
    debit = charge(till, first)
    change = f"{till.simulator.base}/change/{debit.id}"
    assert "failed: Account closed" in HTTP.get(change).text
    assert HTTP.post(change, data={"outcome": "failed:AC04"}).status_code == 303
    assert till.gateway.payments.get(debit.id).bank_code == "AC04"
    paid = f"{till.simulator.base}/change/{first.id}"
    HTTP.post(paid, data={"outcome": "chargeback"})
    assert till.gateway.payments.get(first.id).charged_back == first.amount.value
    assert HTTP.post(paid, data={"outcome": "open"}).status_code == 422


def test_the_desk_shows_what_there_is_and_moves_the_clock(till: Till) -> None:
    till.subscribe(till.paid_first(), TUESDAY)
    nasty = till.gateway.customers.create(new_key(), name="<script>alert(1)</script>", email="x@y.example")
    till.first(nasty)
    desk = till.simulator.base + "/"
    assert "2 March 2026, 09:00 UTC" in HTTP.get(desk).text
    assert HTTP.post(desk, data={"days": "7"}).status_code == 303
    assert "9 March 2026, 09:00 UTC" in HTTP.get(desk).text
    shown = HTTP.get(f"{till.simulator.base}/dashboard/customers/{nasty.id}").text
    assert "<script>" not in shown and "&lt;script&gt;" in shown
    assert HTTP.get(till.simulator.base + "/nothing").status_code == 404
    assert HTTP.get(f"{till.simulator.base}/checkout/tr_none").status_code == 404

"""What staff do about drift, through the door; what is refused changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.billing.store import set_details
from bursar.core import clock
from bursar.outbox.models import OutboxRow
from bursar.payments.models import Call, Charge, Subscription
from bursar.payments.queries.drift import count_drift, list_drift
from bursar.payments.rules.drift import Drift
from tests.cast import NOW, Cast, fact, prove, refusal_of, sign_in
from tests.payments.buying import DETAILS, Buyer
from tests.payments.counter import Counter
from tests.payments.ledger import customer, payment, subscription

STRAYS, RIGHT = "payments.account.end_strays", "payments.account.set_as_meant"
START = "payments.account.start_interval"


@pytest.fixture
def keyed(cast: Cast, settings: Any) -> Cast:
    settings.BURSAR_MOLLIE_KEY = "test_key"
    customer(cast.haarlem)
    return cast


def refused(cast: Cast, key: str, data: dict[str, Any] | None = None) -> str:
    before = Call.objects.count(), OutboxRow.objects.count(), Charge.objects.count()
    sentence = refusal_of(key, cast.iris, cast.haarlem.public_id, data or {}, reason="drift").sentence
    assert before == (Call.objects.count(), OutboxRow.objects.count(), Charge.objects.count())
    return sentence


def test_strays_are_ended_and_the_plan_stays(keyed: Cast) -> None:
    meant = subscription(keyed.haarlem, interval="12 months", cadence="yearly")
    assert "nothing but what is meant" in refused(keyed, STRAYS)
    stray = subscription(keyed.haarlem, is_meant=False)
    page = sign_in("iris@agora.example").get("/panel/payments/drift/").content.decode()
    assert "Cancel stray subscriptions…" in page
    run(STRAYS, keyed.iris, keyed.haarlem.public_id, {}, reason="Made in the dashboard by mistake.")
    [call] = Call.objects.all()
    assert (call.op, call.body) == ("subscription.cancel", {"subscription": stray.public_id})
    stray.refresh_from_db()
    meant.refresh_from_db()
    assert stray.end_asked_at is not None and meant.end_asked_at is None
    assert count_drift(NOW) == 0  # Mollie is being told
    assert "nothing but what is meant" in refused(keyed, STRAYS)


def test_mollie_is_set_right(keyed: Cast) -> None:
    assert "by no subscription" in refused(keyed, RIGHT)
    meant = subscription(keyed.haarlem)
    assert "that are meant" in refused(keyed, RIGHT)
    Subscription.objects.filter(pk=meant.pk).update(amount=Decimal("99.00"))
    outcome = run(RIGHT, keyed.iris, keyed.haarlem.public_id, {}, reason="Ours is right.")
    assert [change.after for change in outcome.changes] == ["€ 121.00"]
    [call] = Call.objects.all()
    assert (call.op, call.body) == ("subscription.update", {"subscription": meant.public_id})


def test_without_a_key_nothing_is_told(cast: Cast) -> None:
    for key in (STRAYS, RIGHT, START):
        assert "not set up" in refused(cast, key)


@pytest.fixture
def buyer(cast: Cast, counter: Counter, settings: Any) -> Buyer:
    """A customer who bought a month, cancelled, and whose plan is over."""
    settings.BURSAR_TERMS_VERSION = "2026-11"
    made = Buyer(cast, counter)
    set_details({made.account.pk: DETAILS}, clock.now())
    made.do("check_out", {"tier": "changemaker", "cadence": "monthly", "agrees": True})
    counter.pay(made.newest().payments.get())
    made.do("cancel_plan", {})
    clock.set_fixed(clock.now() + timedelta(days=33))
    return made


def test_money_after_an_end_starts_an_interval(buyer: Buyer) -> None:
    cast, account = buyer.cast, buyer.account
    assert "No money" in refusal_of(START, cast.iris, account.public_id, {}, reason="x").sentence
    late = payment(account, clock.now(), kind="other", amount=Decimal("104.06"))
    assert [one.drift for one in list_drift(clock.now())] == [Drift.AFTER_END]
    assert fact(account).mrr == 0
    run(START, cast.iris, account.public_id, {"payment": late.public_id}, reason="They want to go on.")
    late.refresh_from_db()
    assert late.charge is not None and late.charge.state == "paid" and late.charge.gross == late.amount
    assert (buyer.terms().status, buyer.tier(), fact(account).mrr) == ("active", "changemaker", 86)
    assert buyer.meant().next_date in (date(2027, 1, 27), None) and not list_drift(clock.now())
    assert "pays already" in refusal_of(START, cast.iris, account.public_id, {}, reason="x").sentence
    prove()


def test_another_amount_starts_nothing(buyer: Buyer) -> None:
    late = payment(buyer.account, clock.now(), kind="other", amount=Decimal("100.00"))
    before = Charge.objects.count()
    data = {"payment": late.public_id}
    refusal = refusal_of(START, buyer.cast.iris, buyer.account.public_id, data, reason="x")
    assert "costs € 104.06 now, and € 100.00 arrived" in refusal.sentence
    assert Charge.objects.count() == before and buyer.terms().status != "active"


def test_exports_are_actions_of_their_own(cast: Cast) -> None:
    for key in ("payments.company.export_payments", "payments.company.export_gap"):
        assert run(key, cast.ties, "company", {}).data["rows"] == 0


def test_what_was_taken_back_is_paid_beside_a_new_checkout(buyer: Buyer) -> None:
    """The first interval is owed once more, and is no checkout: nothing stands in the way of another."""
    taken = Charge.objects.get(account=buyer.account, kind="first")
    Charge.objects.filter(pk=taken.pk).update(state="failed", failed_at=clock.now())
    buyer.do("check_out", {"tier": "changemaker", "cadence": "monthly", "agrees": True})
    buyer.do("pay_now", {"how": "checkout"})
    states = Charge.objects.filter(account=buyer.account, kind="first").values_list("state", flat=True)
    assert set(states) <= {"asked", "open"} and len(states) == 2
    buyer.counter.work()
    for payment_ in Charge.objects.get(pk=taken.pk).payments.filter(status="open"):
        buyer.counter.pay(payment_)
    taken.refresh_from_db()
    assert taken.state == "paid" and buyer.terms().status != "active"
    buyer.do("check_out", {"tier": "changemaker", "cadence": "monthly", "agrees": True})
    taken.refresh_from_db()
    assert taken.state == "paid" and buyer.newest().state in ("asked", "open")


def test_an_interval_started_with_money_takes_the_place_of_an_open_checkout(buyer: Buyer) -> None:
    cast, account = buyer.cast, buyer.account
    buyer.do("check_out", {"tier": "changemaker", "cadence": "monthly", "agrees": True})
    opened = buyer.newest()
    late = payment(account, clock.now(), kind="other", amount=Decimal("104.06"))
    data = {"payment": late.public_id}
    Charge.objects.filter(pk=opened.pk).update(state="under_way")
    assert "under way" in refusal_of(START, cast.iris, account.public_id, data, reason="x").sentence
    Charge.objects.filter(pk=opened.pk).update(state="open")
    run(START, cast.iris, account.public_id, data, reason="They want to go on.")
    opened.refresh_from_db()
    assert (opened.state, buyer.terms().status) == ("ended", "active")
    prove()

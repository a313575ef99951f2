"""What is at Mollie and belongs to nobody here: ended, or taken over by the account whose it is."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.actions.run import run
from bursar.core import clock
from bursar.payments.actions import strangers
from bursar.payments.models import Call, MollieCustomer, Payment, Subscription
from bursar.payments.queries.drift import list_drift
from bursar.payments.queries.strangers import name_strangers
from bursar.payments.rules.drift import Drift
from bursar.payments.sync import walks
from tests.cast import NOW, Cast, bring_all, fact, prove, refusal_of, sign_in
from tests.payments import mirrored
from tests.payments.counter import Counter
from tests.payments.test_sync import past

PAID = {"kind": "tier", "workspace": "panel", "tier": "changemaker", "from": NOW}
END, TAKE = "payments.subscription.end", "payments.account.take_customer"


@pytest.fixture
def stranger(cast: Cast, counter: Counter) -> Any:
    """A customer of a year at Mollie whom nobody matched, met by the daily walk."""
    subscription = past(counter)[1]
    walks.walk_all(counter.gateway, lambda *_: None)
    counter.work()
    assert [one.drift for one in list_drift(clock.now())] == [Drift.UNKNOWN]
    return Subscription.objects.get(mollie_id=subscription.id)


def test_it_is_ended_at_mollie(cast: Cast, counter: Counter, stranger: Subscription) -> None:
    page = sign_in("iris@agora.example").get("/panel/payments/drift/").content.decode()
    assert "End at Mollie…" in page and "take it over" in page
    run(END, cast.iris, stranger.public_id, {}, reason="Somebody tried something out.")
    assert not list_drift(clock.now())  # Mollie is being told
    assert "being told" in refusal_of(END, cast.iris, stranger.public_id, {}, reason="x").sentence
    counter.work()
    assert counter.simulator.world.subscriptions[stranger.mollie_id].status == "canceled"
    stranger.refresh_from_db()
    assert stranger.status == "canceled" and Call.objects.get().state == "done" and not list_drift(clock.now())
    assert "charges nobody" in refusal_of(END, cast.iris, stranger.public_id, {}, reason="x").sentence


def test_it_is_taken_over_with_what_was_paid(cast: Cast, counter: Counter, stranger: Subscription) -> None:
    data = {"customer": stranger.customer and stranger.customer.mollie_id}
    assert "pays by invoice" in refusal_of(TAKE, cast.iris, cast.oost.public_id, data, reason="x").sentence
    assert "costs anything" in refusal_of(TAKE, cast.iris, cast.samen.public_id, data, reason="x").sentence
    assert not Subscription.objects.filter(is_meant=True).exists()
    bring_all(PAID)
    outcome = run(TAKE, cast.iris, cast.samen.public_id, data, reason="They wrote to us.")
    stranger.refresh_from_db()
    assert stranger.account == cast.samen and stranger.is_meant and "charges Stichting Samen" in outcome.sentence
    assert mirrored.terms(cast.samen).status == "active" and fact(cast.samen).mode == "self_serve"
    assert mirrored.planned(cast.samen).due_on == stranger.next_date
    assert set(Payment.objects.filter(account=cast.samen).values_list("kind", flat=True)) == {"renewal", "other"}
    assert not [one for one in list_drift(clock.now()) if one.drift is not Drift.AMOUNT]
    assert "has a customer" in refusal_of(TAKE, cast.iris, cast.samen.public_id, data, reason="x").sentence
    prove()
    counter.is_deaf = False
    counter.wait(days=31)
    walks.walk_all(
        counter.gateway, lambda *_: None
    )  # its hook is still that of before: the hourly walk finds the charge
    counter.work()
    assert mirrored.terms(cast.samen).status == "active"
    assert Payment.objects.filter(account=cast.samen, charge__state="paid").count() == 1


def test_two_who_take_it_at_once_get_one(cast: Cast, counter: Counter, stranger: Subscription) -> None:
    """The second dialog was open before: its choice is gone by the time that it has the lock."""
    customer = stranger.customer
    assert customer is not None
    choices = name_strangers()
    bring_all(PAID)
    run(TAKE, cast.iris, cast.samen.public_id, {"customer": customer.mollie_id}, reason="Theirs.")
    other = past(counter)[1]
    walks.walk_all(counter.gateway, lambda *_: None)
    with pytest.MonkeyPatch.context() as late:
        late.setattr(strangers, "name_strangers", lambda: [*choices, (other.customer_id, "x")])
        refusal = refusal_of(TAKE, cast.ties, cast.haarlem.public_id, {"customer": customer.mollie_id}, reason="Ours.")
    assert "a moment ago" in refusal.sentence
    customer.refresh_from_db()
    stranger.refresh_from_db()
    assert customer.account == stranger.account == cast.samen


def test_where_nobody_is_strange_nothing_is_offered(cast: Cast, counter: Counter) -> None:
    assert "has an account here" in refusal_of(TAKE, cast.iris, cast.samen.public_id, {}, reason="x").sentence
    assert not MollieCustomer.objects.exists()

"""What no webhook told is noticed all the same, and a first history is taken in as it was."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bursar.core import clock
from bursar.core.ticks import TICKS
from bursar.payments.errors import Away
from bursar.payments.gateway import shared
from bursar.payments.models import Chargeback, Hint, Mandate, MollieCustomer, Payment, Refund, Subscription, SyncMark
from bursar.payments.queries.past import CADENCES
from bursar.payments.states import PaymentKind
from bursar.payments.sync import walks
from bursar.plans.store import tiers
from bursar.tenants.models import BillingAccount, Person
from tests.cast import Cast
from tests.payments.counter import Counter
from tests.payments.test_look import subscribe
from tests.payments.till import HTTP, Shop, Till, euros, new_key


def sync(counter: Counter) -> None:
    """The minute's tick, and what it starts."""
    TICKS["payments.sync"](clock.now())
    counter.work()


def same(counter: Counter) -> None:
    """The mirror holds what the simulator holds."""
    world = counter.simulator.world
    payments = {row.mollie_id: row for row in Payment.objects.exclude(mollie_id="")}
    assert set(payments) == set(world.payments)
    for there in world.payments.values():
        row = payments[there.id]
        assert (row.status, row.refunded, row.charged_back) == (there.status, there.refunded, there.charged_back)
    assert set(Refund.objects.values_list("mollie_id", "state")) == {(o.id, o.status) for o in world.refunds.values()}
    assert set(Chargeback.objects.values_list("mollie_id", "reversed_at")) == {
        (one.id, one.reversed_at) for one in world.chargebacks.values()
    }
    assert set(Subscription.objects.exclude(mollie_id="").values_list("mollie_id", "status", "amount")) == {
        (one.id, one.status, one.amount.value) for one in world.subscriptions.values()
    }


def test_nothing_is_asked_without_a_key(counter: Counter, settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = ""
    sync(counter)
    assert not SyncMark.objects.exists()


def test_what_no_webhook_told_is_noticed(counter: Counter) -> None:
    ours = subscribe(counter)
    open_one = counter.first()
    counter.is_deaf = True
    counter.wait(days=32)
    assert Payment.objects.filter(kind=PaymentKind.RENEWAL.value).count() == 0
    sync(counter)
    renewal = Payment.objects.get(kind=PaymentKind.RENEWAL.value)
    open_one.refresh_from_db()
    assert renewal.account == counter.account and open_one.status == "expired"
    same(counter)
    base = counter.simulator.base
    HTTP.post(f"{base}/control/payments/{renewal.mollie_id}/chargeback", json={"value": "21.00"})
    HTTP.post(f"{base}/control/subscriptions/{ours.mollie_id}", json={"status": "suspended"})
    counter.gateway.refunds.create(new_key(), renewal.mollie_id, amount=euros("10.00"), description="by hand")
    counter.wait(days=1, hours=1)
    sync(counter)
    same(counter)
    (chargeback,) = Chargeback.objects.all()
    HTTP.post(f"{base}/control/chargebacks/{chargeback.mollie_id}/reverse")
    counter.wait(days=2)
    sync(counter)
    same(counter)
    assert Refund.objects.get().state == "refunded"


def test_a_debit_that_failed_days_after_it_was_paid_is_noticed(counter: Counter) -> None:
    subscribe(counter)
    counter.is_deaf = True
    counter.wait(days=32)
    sync(counter)
    renewal = Payment.objects.get(kind=PaymentKind.RENEWAL.value)
    HTTP.post(f"{counter.simulator.base}/control/payments/{renewal.mollie_id}", json={"outcome": "failed:AM04"})
    counter.wait(days=1, hours=1)
    sync(counter)
    renewal.refresh_from_db()
    assert (renewal.status, renewal.reason) == ("failed", "AM04")


def test_a_walk_that_finds_nothing_new_asks_about_nothing(counter: Counter) -> None:
    subscribe(counter)
    sync(counter)
    before = list(Payment.objects.values())
    counter.wait(hours=2)
    Hint.objects.all().delete()
    sync(counter)
    assert list(Payment.objects.values()) == before and not Hint.objects.exists()


def test_a_subscription_of_a_customer_who_was_deleted_there_charges_no_more(counter: Counter) -> None:
    ours = subscribe(counter)
    del counter.simulator.world.subscriptions[ours.mollie_id]
    counter.wait(days=1)
    sync(counter)
    ours.refresh_from_db()
    assert ours.status == "canceled" and ours.is_meant


def test_a_mandate_that_the_bank_ended_is_noticed_before_the_next_charge(counter: Counter) -> None:
    ours = subscribe(counter)
    counter.simulator.world.mandates[ours.mollie_mandate_id].status = "invalid"
    counter.wait(days=10)
    sync(counter)
    assert Mandate.objects.get().status == "valid"
    counter.wait(days=10)
    sync(counter)
    assert Mandate.objects.get().status == "invalid"


def test_a_mandate_that_stopped_its_subscription_is_asked_about(counter: Counter) -> None:
    ours = subscribe(counter)
    HTTP.post(f"{counter.simulator.base}/control/mandates/{ours.mollie_mandate_id}", json={"status": "invalid"})
    counter.wait(days=1)
    sync(counter)
    ours.refresh_from_db()
    assert (ours.status, Mandate.objects.get().status) == ("suspended", "invalid")


def test_a_walk_goes_on_where_it_was_cut_off(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    till = Till(counter.simulator, counter.gateway, Shop(url="http://127.0.0.1:9/x"))
    for _ in range(7):
        till.first()
    listed = counter.gateway.payments.list
    monkeypatch.setattr(counter.gateway.payments, "list", lambda next_id: listed(next_id, 2))
    assert walks.step(counter.gateway, "payments", clock.now())
    assert walks.step(counter.gateway, "payments", clock.now())
    counter.fault("down")
    with pytest.raises(Away):
        walks.step(counter.gateway, "payments", clock.now())
    till.first()
    assert walks.list_due(counter.gateway, clock.now())[0] == "payments"
    assert walks.step(counter.gateway, "payments", clock.now())
    assert not walks.step(counter.gateway, "payments", clock.now())
    assert SyncMark.objects.get(name="payments").seen == 7 and Hint.objects.count() == 7
    counter.wait(hours=1)
    while walks.step(counter.gateway, "payments", clock.now()):
        pass
    assert Hint.objects.count() == 8
    assert shared.PAGE == 250


def past(counter: Counter) -> tuple[Till, Any, Any]:
    """A year at Mollie that Bursar knows nothing of: one who pays each month, one who paid once."""
    till = Till(counter.simulator, counter.gateway, Shop(url="http://127.0.0.1:9/x"))
    first = till.paid_first()
    subscription = till.subscribe(first, (clock.now() + timedelta(days=30)).date())
    other = till.pay(
        till.first(counter.gateway.customers.create(new_key(), name="Lotte", email="lotte@client.example"))
    )
    counter.is_deaf = True
    counter.wait(days=100)
    HTTP.post(f"{counter.simulator.base}/control/payments/{other.id}/chargeback", json={"value": "21.00"})
    counter.gateway.refunds.create(new_key(), first.id, amount=euros("1.00"), description="x")
    return till, subscription, other


def take_in(*words: str) -> str:
    out = StringIO()
    call_command("payments", "sync", *words, stdout=out)
    return out.getvalue()


def test_a_first_history_is_taken_in_and_moves_nobody(counter: Counter, tmp_path: Path) -> None:
    _, subscription, other = past(counter)
    file = tmp_path / "customers.csv"
    file.write_text(f"customer,account\n{subscription.customer_id},haarlem\n")
    said = take_in("--from", "2026-01-01", "--customers", str(file))
    matched, worked_out, others = said.splitlines()
    assert matched == "2 of 2 customers have an account here, 1 of these accounts a subscription."
    assert worked_out == "How 0 accounts paid before was worked out; of 1 it was known."
    haarlem = BillingAccount.objects.get(organisation__external_id="haarlem")
    assert others.startswith("1 pay another amount at Mollie") and others.endswith(f" {haarlem.public_id}.")
    same(counter)
    meant = Subscription.objects.get(is_meant=True)
    assert meant.account and meant.account.organisation.external_id == "haarlem" and meant.cadence == "monthly"
    assert meant.customer and meant.customer.rules_since is not None
    kinds = set(Payment.objects.filter(subscription=meant).values_list("kind", flat=True))
    assert kinds == {PaymentKind.RENEWAL.value} and not Payment.objects.filter(to_apply=True).exists()
    lotte = Payment.objects.get(mollie_id=other.id)
    assert (lotte.account, lotte.kind) == (counter.account, PaymentKind.FIRST.value)
    assert (lotte.applied_status, lotte.applied_charged_back) == ("paid", Decimal("21.00"))
    assert MollieCustomer.objects.get(account=counter.account).rules_since is None
    before = [list(model.objects.values("pk", "raw")) for model in (Payment, Refund, Chargeback, Subscription)]
    assert take_in("--from", "2026-01-01").startswith(matched)
    assert [list(model.objects.values("pk", "raw")) for model in (Payment, Refund, Chargeback, Subscription)] == before


def test_a_subscription_of_an_account_that_costs_nothing_here_is_left_alone_until_its_tier_is_there(
    counter: Counter, cast: Cast, tmp_path: Path
) -> None:
    """Its amount would follow what is had here: it would end at Mollie."""
    _, subscription, _ = past(counter)
    haarlem = cast.haarlem
    paid = {one.pk: "free" for one in haarlem.workspaces.all()}
    tiers.set_base_tiers(list(paid), "free", clock.now())
    file = tmp_path / "customers.csv"
    file.write_text(f"customer,account\n{subscription.customer_id},haarlem\n")
    said = take_in("--from", "2026-01-01", "--customers", str(file))
    assert "1 cost nothing here, though Mollie charges them" in said and haarlem.public_id in said
    left = MollieCustomer.objects.get(account=haarlem)
    assert not Subscription.objects.filter(is_meant=True).exists()
    assert left.rules_since is None and left.past_from is None
    tiers.set_base_tiers(list(paid), "changemaker", clock.now())
    again = take_in("--from", "2026-01-01")
    assert "cost nothing here" not in again
    assert Subscription.objects.get(is_meant=True).mollie_id == subscription.id
    left.refresh_from_db()
    assert left.rules_since is not None and left.past_from is not None


def test_a_history_reaches_back_to_its_day_alone(counter: Counter) -> None:
    _, subscription, _ = past(counter)
    take_in("--from", (clock.now() - timedelta(days=40)).date().isoformat())
    days = [one.created_at for one in counter.simulator.world.payments.values()]
    since = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=40)
    assert Payment.objects.count() == sum(day >= since for day in days) < len(days)
    assert Subscription.objects.get().mollie_id == subscription.id


def test_a_history_that_was_cut_off_goes_on(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    past(counter)
    monkeypatch.setattr("bursar.payments.management.commands.payments.get_gateway", lambda **_: counter.gateway)
    listed = counter.gateway.payments.list
    pages: list[str | None] = []

    def list_some(next_id: str | None) -> Any:
        pages.append(next_id)
        return listed(next_id, 2)

    monkeypatch.setattr(counter.gateway.payments, "list", list_some)
    counter.fault("down", path="/payments", method="GET")
    with pytest.raises(CommandError, match="goes on where this one stopped"):
        take_in("--from", "2026-01-01")
    assert SyncMark.objects.get(name="history: customers").walked_at and not Payment.objects.exists()
    take_in("--from", "2026-01-01")
    assert len(pages) == len(set(pages)) + 1
    same(counter)


def test_an_address_of_two_accounts_is_nobodys(counter: Counter) -> None:
    past(counter)
    Person.objects.filter(external_id="jan").update(email="Lotte@client.example")
    take_in("--from", "2026-01-01")
    assert not MollieCustomer.objects.filter(account__isnull=False).exists()


@pytest.mark.parametrize("text", ["customer,account\ncst_x,nobody\n", "a,b\n1,2\n", "customer,account\n../x,haarlem\n"])
def test_a_file_that_is_not_whole_takes_nothing_in(counter: Counter, tmp_path: Path, text: str) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(text)
    with pytest.raises(CommandError, match="line 2"):
        take_in("--from", "2026-01-01", "--customers", str(file))
    assert not SyncMark.objects.exists() and not MollieCustomer.objects.exists()
    with pytest.raises(CommandError, match="goes with --from"):
        take_in("--customers", str(file))


def test_the_command_compares_with_mollie(counter: Counter) -> None:
    subscribe(counter)
    counter.is_deaf = True
    counter.wait(days=32)
    assert "looked at by the worker" in take_in()
    counter.work()
    same(counter)


def test_history_knows_every_cadence(counter: Counter) -> None:
    assert CADENCES == {"1 month": "monthly", "12 months": "yearly"}

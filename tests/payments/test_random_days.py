"""Random days in the life of the simulator, without sockets: whatever is asked, it never breaks and never charges twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from werkzeug.test import Client

from bursar.mollie_sim.app import App
from bursar.mollie_sim.objects import Payment
from bursar.mollie_sim.records import dump, load
from bursar.mollie_sim.schedule import MonthEnds
from bursar.mollie_sim.simulator import Simulator
from bursar.mollie_sim.words import BANK_FAILURES, CARD_FAILURES
from tests.payments.till import BACK, KEY, START

OUTCOMES = st.sampled_from(
    ["paid", "paid", "failed", "canceled", "expired", "pending", "open"]
    + [f"failed:{reason}" for reason in (*CARD_FAILURES, *BANK_FAILURES)]
)
BOUGHT = st.sampled_from(["paid", "paid", "paid", "paid", "paid", "failed", "canceled", "open"])
PICK = st.integers(0, 10**6)


class Days(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.simulator = Simulator(START, send=lambda parcel: 200)
        self.client = Client(App(self.simulator))
        self.finals: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What was said. Fails for what only a broken server says."""
        answer = self.client.open(path, method=method, json=body or {}, headers={"Authorization": f"Bearer {KEY}"})
        assert answer.status_code < 500, answer.text
        return answer.get_json(silent=True)

    def pick(self, kind: str, number: int) -> Any:
        things = list(getattr(self.simulator.world, kind).values())
        return things[number % len(things)]

    @rule(method=st.sampled_from(["ideal", "creditcard", "paypal"]), outcome=BOUGHT)
    def somebody_buys(self, method: str, outcome: str) -> None:
        customer = self.ask("POST", "/v2/customers", {"name": "Ann"})["id"]
        body = {
            "amount": {"currency": "EUR", "value": "121.00"}, "description": "First", "redirectUrl": BACK,
            "customerId": customer, "sequenceType": "first", "webhookUrl": "http://127.0.0.1:9/hook",
        }  # fmt: skip
        payment = self.ask("POST", "/v2/payments", body)["id"]
        self.client.post(f"/checkout/{payment}", data={"method": method, "outcome": outcome})

    @precondition(lambda self: self.simulator.world.mandates)
    @rule(
        number=PICK, interval=st.sampled_from(["1 month", "12 months", "1 week", "10 days"]), after=st.integers(0, 40)
    )
    def a_subscription(self, number: int, interval: str, after: int) -> None:
        start = (self.simulator.clock.now() + timedelta(days=after)).date().isoformat()
        body = {
            "amount": {"currency": "EUR", "value": "60.50"}, "interval": interval, "startDate": start,
            "description": f"Bursar {number}", "webhookUrl": "http://127.0.0.1:9/hook",
        }  # fmt: skip
        self.ask("POST", f"/v2/customers/{self.pick('mandates', number).customer_id}/subscriptions", body)

    @precondition(lambda self: self.simulator.world.subscriptions)
    @rule(number=PICK, cents=st.integers(1, 99_999), interval=st.sampled_from([None, "1 month", "2 weeks"]))
    def a_subscription_changes(self, number: int, cents: int, interval: str | None) -> None:
        one = self.pick("subscriptions", number)
        body: dict[str, Any] = {"amount": {"currency": "EUR", "value": f"{cents / 100:.2f}"}}
        body |= {"interval": interval} if interval else {}
        self.ask("PATCH", f"/v2/customers/{one.customer_id}/subscriptions/{one.id}", body)

    @precondition(lambda self: self.simulator.world.subscriptions)
    @rule(number=PICK, status=st.sampled_from(["suspended", "canceled", "active", "DELETE"]))
    def a_subscription_stops(self, number: int, status: str) -> None:
        one = self.pick("subscriptions", number)
        if status == "DELETE":
            self.ask("DELETE", f"/v2/customers/{one.customer_id}/subscriptions/{one.id}")
        else:
            self.ask("POST", f"/control/subscriptions/{one.id}", {"status": status})

    @precondition(lambda self: self.simulator.world.mandates)
    @rule(
        number=PICK, ends=st.lists(OUTCOMES, max_size=3), status=st.sampled_from([None, "valid", "invalid", "DELETE"])
    )
    def a_mandate_changes(self, number: int, ends: list[str], status: str | None) -> None:
        one = self.pick("mandates", number)
        if status == "DELETE":
            self.ask("DELETE", f"/v2/customers/{one.customer_id}/mandates/{one.id}")
        else:
            self.ask("POST", f"/control/mandates/{one.id}", {"next": ends} | ({"status": status} if status else {}))

    @precondition(lambda self: self.simulator.world.payments)
    @rule(number=PICK, outcome=OUTCOMES)
    def a_payment_ends(self, number: int, outcome: str) -> None:
        self.ask("POST", f"/control/payments/{self.pick('payments', number).id}", {"outcome": outcome})

    @precondition(lambda self: self.simulator.world.payments)
    @rule(number=PICK, cents=st.integers(1, 15_000), way=st.sampled_from(["refund", "chargeback"]))
    def money_goes_back(self, number: int, cents: int, way: str) -> None:
        one, value = self.pick("payments", number), f"{cents / 100:.2f}"
        if way == "refund":
            self.ask("POST", f"/v2/payments/{one.id}/refunds", {"amount": {"currency": "EUR", "value": value}})
        else:
            self.ask("POST", f"/control/payments/{one.id}/chargeback", {"value": value})

    @rule(days=st.integers(0, 120))
    def time_passes(self, days: int) -> None:
        self.simulator.advance(timedelta(days=days))

    @rule(reading=st.sampled_from(MonthEnds), debit_days=st.integers(0, 6), mandate_days=st.integers(0, 4))
    def mollie_changes(self, reading: MonthEnds, debit_days: int, mandate_days: int) -> None:
        self.simulator.configure(month_ends=reading.value, debit_days=debit_days, mandate_days=mandate_days)

    @invariant()
    def nobody_is_charged_twice_for_a_day(self) -> None:
        for one in self.simulator.world.subscriptions.values():
            days = [payment.created_at.date() for payment in one.payments]
            assert len(days) == len(set(days)) and len(days) == one.made
            assert (one.next_date is None) == (one.status not in ("active", "pending"))

    @invariant()
    def no_more_goes_back_than_came(self) -> None:
        for one in self.simulator.world.payments.values():
            assert 0 <= one.refunded <= one.amount.value and 0 <= one.charged_back <= one.amount.value

    @invariant()
    def what_is_final_stays(self) -> None:
        for one in self.simulator.world.payments.values():
            before = self.finals.get(one.id, one.status)
            assert one.status == before or (before, one.status, one.method) == ("paid", "failed", "directdebit")
            if one.is_final:
                self.finals[one.id] = one.status

    def teardown(self) -> None:
        """Every list can be shown; and kept and read again it is the same."""
        for path in ("payments?limit=250", "subscriptions", "customers", "refunds", "chargebacks"):
            assert "_embedded" in self.ask("GET", f"/v2/{path}")
        other = Simulator(self.simulator.clock.now())
        load(other.world, dump(self.simulator.world))
        assert dump(other.world) == dump(self.simulator.world)
        assert all(isinstance(one, Payment) for one in other.world.payments.values())


TestDays = Days.TestCase
TestDays.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)

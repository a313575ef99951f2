"""Whatever the simulator says, Mollie's own SDK reads: no field missing, none unknown, no word that it does not know.

Where MOLLIE_OPENAPI names a copy of Mollie's OpenAPI file, every exchange is held against that as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date
from enum import Enum
from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest
from mollie import ClientSDK, Security
from mollie.types import BaseModel

from bursar.mollie_sim.simulator import Simulator
from bursar.mollie_sim.words import BANK_FAILURES, CARD_FAILURES
from bursar.payments.gateway.links import NewLink
from tests.payments import openapi
from tests.payments.till import HTTP, KEY, Till, euros, new_key

SENT_BY_MOLLIE_ITSELF = {"_embedded", "settlementAmount"}
TOKEN = "access_ofTheTill"
Ask = Callable[[Any], Any]
"""One call of the SDK. Untyped: what its types take and what it takes differ."""


def faults(raw: Any, read: Any, path: str = "") -> Iterator[str]:
    """Each key that the SDK's model does not know, and each word that its enumerations do not know."""
    if isinstance(raw, dict) and isinstance(read, BaseModel):
        fields = {made.alias or name: (name, made) for name, made in type(read).model_fields.items()}
        for key, value in raw.items():
            if key not in fields:
                if key not in SENT_BY_MOLLIE_ITSELF:
                    yield f"{path}.{key}"
                continue
            name, made = fields[key]
            inner = getattr(read, name)
            if isinstance(value, str) and any(_enums(made.annotation)) and not isinstance(inner, Enum):
                yield f"{path}.{key}: {value}"
            yield from faults(value, inner, f"{path}.{key}")
    elif isinstance(raw, list) and isinstance(read, list):
        for one, other in zip(raw, read, strict=True):
            yield from faults(one, other, f"{path}[]")
    elif isinstance(raw, dict) and isinstance(read, dict):
        for key, value in raw.items():
            yield from faults(value, read[key], f"{path}.{key}")


def _enums(annotation: Any) -> Iterator[type[Enum]]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        yield annotation
    for inner in get_args(annotation):
        yield from _enums(inner)


class Reader:
    """The SDK, and what it was sent."""

    def __init__(self, address: str, credential: str) -> None:
        self._answer: httpx.Response | None = None
        client = httpx.Client(event_hooks={"response": [self._keep]})
        security = Security(api_key=credential) if credential == KEY else Security(advanced_access_token=credential)
        self.sdk = ClientSDK(server_url=address, security=security, client=client, retry_config=None)

    def _keep(self, response: httpx.Response) -> None:
        self._answer = response

    def check(self, ask: Ask) -> Any:
        """What the SDK read of it. Fails for whatever it did not know."""
        read = ask(self.sdk)
        assert self._answer is not None
        if self._answer.status_code == 204:
            return None
        assert self._answer.headers["content-type"] == "application/hal+json"
        raw = self._answer.json()
        result = getattr(read, "result", read)
        assert list(faults(raw, result)) == []
        return result


@pytest.fixture
def reader(address: str) -> Reader:
    return Reader(address, KEY)


def test_the_walk_finds_what_is_unknown(reader: Reader, till: Till) -> None:
    """Of the walk itself: a key and a word that do not exist."""
    customer = till.customer()
    read = reader.check(lambda sdk: sdk.customers.get(customer_id=customer.id))
    assert list(faults({**customer.raw, "colour": "red"}, read)) == [".colour"]
    payment = till.first(customer)
    odd = reader.sdk.payments.get(payment_id=payment.id)
    odd.status = "lost"  # type: ignore[assignment]  # what the SDK does with a word that it does not know
    assert list(faults({**payment.raw, "status": "lost"}, odd)) == [".status: lost"]


def _make_everything(till: Till) -> dict[str, str]:
    """Every kind of object, in as many states as there are. The ids of one of each."""
    first = till.paid_first()
    subscription = till.subscribe(first, date(2026, 3, 3))
    for outcome in ("failed:card_declined", "canceled", "expired", "pending", "open"):
        till.pay(till.first(), outcome, "creditcard")
    card = till.paid_first("creditcard")
    till.subscribe(card, date(2026, 3, 3), amount="40.00")
    till.wait(days=40)
    debit = till.charges(subscription)[0]
    refund = till.gateway.refunds.create(new_key(), first.id, amount=euros("21.00"), description="Too much")
    chargeback = till.control(f"payments/{debit.id}/chargeback", reason="AC04")["id"]
    till.control(f"payments/{card.id}/chargeback", value="10.00")
    link = till.gateway.links.create(
        new_key(), NewLink(euros("75.00"), "Workshop", till.shop.url, redirect_url="https://shop.example/")
    )
    HTTP.get(link.url)
    return {
        "customer_id": first.customer_id,
        "mandate_id": first.mandate_id,
        "payment_id": first.id,
        "subscription_id": subscription.id,
        "debit": debit.id,
        "refund_id": refund.id,
        "chargeback_id": chargeback,
        "payment_link_id": link.id,
    }


def _questions(ids: dict[str, str]) -> list[Ask]:
    def of(*names: str) -> dict[str, str]:
        return {name: ids[name] for name in names}

    debit = {"payment_id": ids["debit"]}
    return [
        lambda sdk: sdk.customers.get(**of("customer_id")),
        lambda sdk: sdk.customers.list(),
        lambda sdk: sdk.customers.list_payments(**of("customer_id")),
        lambda sdk: sdk.mandates.get(**of("customer_id", "mandate_id")),
        lambda sdk: sdk.mandates.list(**of("customer_id")),
        lambda sdk: sdk.subscriptions.get(**of("customer_id", "subscription_id")),
        lambda sdk: sdk.subscriptions.list(**of("customer_id")),
        lambda sdk: sdk.subscriptions.all(),
        lambda sdk: sdk.subscriptions.list_payments(**of("customer_id", "subscription_id")),
        lambda sdk: sdk.payments.get(**of("payment_id"), embed="refunds"),
        lambda sdk: sdk.payments.get(**debit, embed="chargebacks"),
        lambda sdk: sdk.payments.list(limit=250),
        lambda sdk: sdk.payments.list(limit=2),
        lambda sdk: sdk.refunds.get(**of("payment_id", "refund_id")),
        lambda sdk: sdk.refunds.list(**of("payment_id"), embed="payment"),
        lambda sdk: sdk.refunds.all(),
        lambda sdk: sdk.chargebacks.get(**debit, **of("chargeback_id")),
        lambda sdk: sdk.chargebacks.list(**debit),
        lambda sdk: sdk.chargebacks.all(),
        lambda sdk: sdk.payment_links.get(**of("payment_link_id")),
        lambda sdk: sdk.payment_links.list(),
        lambda sdk: sdk.payment_links.list_payments(**of("payment_link_id")),
        lambda sdk: sdk.methods.list(sequence_type="recurring"),
        lambda sdk: sdk.methods.get(method_id="ideal"),
    ]


def _changes(ids: dict[str, str]) -> list[Ask]:
    """Those that change something, in an order in which each is allowed."""
    amount = {"currency": "EUR", "value": "5.00"}
    customer = {"customer_id": ids["customer_id"]}
    both = {**customer, "subscription_id": ids["subscription_id"]}
    iban = {"method": "directdebit", "consumer_name": "Ann", "consumer_account": "NL55INGB0000000000"}
    charge = {**_charge(ids), "sequence_type": "recurring"}
    return [
        lambda sdk: sdk.customers.create(entity_customer={"name": "Bo"}, idempotency_key=str(uuid4())),
        lambda sdk: sdk.customers.update(**customer, request_body={"name": "Bea", "locale": "nl_NL"}),
        lambda sdk: sdk.mandates.create(**customer, mandate_request=iban, idempotency_key=str(uuid4())),
        lambda sdk: sdk.payments.create(payment_request=charge, idempotency_key=str(uuid4())),
        lambda sdk: sdk.customers.create_payment(
            **customer, payment_request=_charge(ids), idempotency_key=str(uuid4())
        ),
        lambda sdk: sdk.payments.update(payment_id=ids["payment_id"], request_body={"description": "Changed"}),
        lambda sdk: sdk.subscriptions.update(**both, request_body={"amount": amount}),
        lambda sdk: sdk.subscriptions.cancel(**both, request_body={}),
        lambda sdk: sdk.payment_links.update(payment_link_id=ids["payment_link_id"], request_body={"archived": True}),
        lambda sdk: sdk.refunds.cancel(payment_id=ids["payment_id"], refund_id=ids["refund_id"]),
        lambda sdk: sdk.mandates.revoke(**customer, mandate_id=ids["mandate_id"], request_body={}),
        lambda sdk: sdk.customers.delete(**customer, request_body={}),
    ]


def _charge(ids: dict[str, str]) -> dict[str, Any]:
    return {
        "amount": {"currency": "EUR", "value": "7.00"},
        "description": "Once more",
        "redirect_url": "https://shop.example/",
        "customer_id": ids["customer_id"],
    }


def test_every_answer_is_read_by_the_sdk(till: Till, reader: Reader) -> None:
    ids = _make_everything(till)
    for ask in [*_questions(ids), *_changes(ids)]:
        reader.check(ask)
    statuses = {one.raw["status"] for one in till.gateway.payments.list().items}
    assert statuses == {"open", "pending", "paid", "failed", "canceled", "expired"}


@pytest.mark.parametrize(("method", "reasons"), [("creditcard", CARD_FAILURES), ("ideal", BANK_FAILURES)])
def test_every_reason_is_one_of_mollies(till: Till, reader: Reader, method: str, reasons: dict[str, str]) -> None:
    till.control("config", gives_up=False)
    first = till.paid_first(method)
    till.control(f"mandates/{first.mandate_id}", next=[f"failed:{reason}" for reason in reasons])
    subscription = till.subscribe(first, date(2026, 3, 3), "1 week")
    till.wait(days=7 * len(reasons) - 1)
    charges = till.charges(subscription)
    assert [one.failure_reason or one.bank_code for one in charges] == list(reasons)
    reader.check(lambda sdk: sdk.payments.list())


def test_settlements_are_read_by_the_sdk(simulator: Simulator, address: str, till: Till) -> None:
    live = Till(simulator, type(till.gateway)(address, "live_ofTheTill", TOKEN), till.shop)
    paid = live.paid_first()
    live.gateway.refunds.create(new_key(), paid.id, amount=euros("1.00"), description="A euro")
    live.control(f"payments/{paid.id}/chargeback", value="2.00")
    live.wait(days=3)
    settlement = live.control("settlements")["id"]
    reader = Reader(address, TOKEN)
    for ask in [
        lambda sdk: sdk.settlements.list(),
        lambda sdk: sdk.settlements.get(settlement_id=settlement),
        lambda sdk: sdk.settlements.get_open(),
        lambda sdk: sdk.settlements.get_next(),
        lambda sdk: sdk.settlements.list_payments(settlement_id=settlement),
        lambda sdk: sdk.settlements.list_refunds(settlement_id=settlement),
        lambda sdk: sdk.settlements.list_chargebacks(settlement_id=settlement),
    ]:
        reader.check(ask)
    assert live.gateway.settlements.get(settlement).amount == euros("118.00")


@pytest.mark.skipif(
    not os.environ.get("MOLLIE_OPENAPI"),
    reason="MOLLIE_OPENAPI does not name a copy of Mollie's OpenAPI file; its licence keeps it out of here",
)
def test_every_exchange_is_as_mollies_openapi_file_has_it(simulator: Simulator, till: Till, reader: Reader) -> None:
    simulator.records = True
    ids = _make_everything(till)
    for ask in [*_questions(ids), *_changes(ids)]:
        reader.check(ask)
    description = openapi.load(os.environ["MOLLIE_OPENAPI"])
    assert [fault for one in simulator.exchanges for fault in description.faults(one)] == []

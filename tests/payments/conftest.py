from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bursar.core import clock
from bursar.mollie_sim import app
from bursar.mollie_sim.server import serving
from bursar.mollie_sim.simulator import Simulator
from bursar.payments import gateway as gateways
from bursar.payments import look
from bursar.payments.gateway import Gateway, caller
from tests.cast import Cast
from tests.payments.counter import Counter
from tests.payments.till import KEY, START, Shop, Till


@pytest.fixture
def simulator() -> Simulator:
    """Its clock stands at START until it is moved; its webhooks go out over HTTP, to whoever listens."""
    return Simulator(START)


@pytest.fixture
def address(simulator: Simulator) -> Iterator[str]:
    with serving(simulator) as address:
        yield address


@pytest.fixture
def gateway(address: str) -> Gateway:
    return Gateway(address, KEY)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What should take the simulator some time takes until this is set."""
    gate = threading.Event()
    monkeypatch.setattr(app, "sleep", lambda seconds: gate.wait(60))
    yield gate
    gate.set()


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Where Mollie's webhooks arrive."""
    with Shop.open() as shop:
        yield shop


@pytest.fixture
def till(simulator: Simulator, gateway: Gateway, shop: Shop) -> Till:
    return Till(simulator, gateway, shop)


@pytest.fixture
def counter(cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Counter]:
    """Both clocks stand at the cast's instant. Nothing is tried for twenty seconds: each fault is met at once."""
    monkeypatch.setattr(caller, "PATIENT", None)
    monkeypatch.setattr(look, "_try", lambda apply, row: apply(row.pk, clock.now()))  # no fault of ours stays unseen
    made: list[Counter] = []
    simulator = Simulator(clock.now(), send=lambda parcel: made[0].take(parcel))
    with serving(simulator) as address:
        settings.BURSAR_MOLLIE_KEY, settings.BURSAR_MOLLIE_URL = KEY, address
        gateways.forget()
        made.append(Counter(simulator, gateways.get_gateway(patient=True), cast.samen))
        yield made[0]
    gateways.forget()

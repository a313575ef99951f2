from __future__ import annotations

from collections.abc import Iterator

import pytest

from bursar.mollie_sim.server import serving
from bursar.mollie_sim.simulator import Simulator
from bursar.payments.gateway import Gateway
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
def shop() -> Iterator[Shop]:
    """Where Mollie's webhooks arrive."""
    with Shop.open() as shop:
        yield shop


@pytest.fixture
def till(simulator: Simulator, gateway: Gateway, shop: Shop) -> Till:
    return Till(simulator, gateway, shop)

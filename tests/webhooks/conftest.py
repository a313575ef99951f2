from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bursar.core import clock
from tests.cast import Cast
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def here(db: None, settings: Any) -> Cast:
    """The cast under the running clock, because receivers refuse signatures that are not of now."""
    settings.BURSAR_WEBHOOK_INSECURE = True
    return Cast.gather(clock.now())


@pytest.fixture
def product() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.billing.register import Register, open_register


@pytest.fixture
def register(settings: Any) -> Iterator[Register]:
    """VIES is on, and is this one."""
    with open_register() as register:
        settings.BURSAR_VIES, settings.BURSAR_VIES_URL = True, register.url
        yield register

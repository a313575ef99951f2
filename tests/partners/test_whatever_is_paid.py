"""Random lives of a client before a simulator of Mollie and a bank: what its partners get is right at each step. The same
few in `test`; many in `soak` (SOAK_STEPS, SOAK_SEED). What fails tells the whole life.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.db import transaction

from bursar.core import clock
from tests.cast import NOW, Cast
from tests.partners import referred
from tests.payments.life import DONE, Life


@pytest.fixture
def lives(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.BURSAR_TERMS_VERSION = "2026-11"

    def live(seed: int, steps: int) -> None:
        """In a company of its own, which never was afterwards."""
        with transaction.atomic():
            clock.set_fixed(NOW)
            life = Life(cast, settings, monkeypatch)
            life.story.append(f"seed {seed}, {steps} steps")
            with life.lived():
                referred.live(life, cast, seed, steps)
            transaction.set_rollback(True)
        clock.set_fixed(NOW)

    return live


def test_what_partners_get_is_right_whatever_is_paid(lives: Any) -> None:
    DONE.clear()
    lives(1, 14)
    assert DONE["came to something"] and DONE["looked"] == 14, DONE


@pytest.mark.soak
def test_what_partners_get_is_right_for_thousands_of_steps(lives: Any) -> None:
    first, steps = int(os.environ.get("SOAK_SEED", "100")), int(os.environ.get("SOAK_STEPS", "3000"))
    for number in range(max(1, steps // 40)):
        lives(first + number, 40)

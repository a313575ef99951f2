"""20,000 hostile requests, really committed."""

from __future__ import annotations

import os
import random

import pytest

from tests.cast import Cast, prove
from tests.hostile import Storm

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]
REQUESTS = int(os.environ.get("SOAK_REQUESTS", 20_000))
SEED = int(os.environ.get("SOAK_SEED", 20_261_126))


def test_hostile_text_at_every_door(committed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.config.middleware.BAD_TOKENS", 10**9)
    storm = Storm(committed, random.Random(SEED))
    storm.run(REQUESTS)
    assert sum(storm.counts.values()) >= REQUESTS
    assert not storm.faults, f"{len(storm.faults)} of {REQUESTS}\n" + "\n".join(storm.faults[:100])
    prove()

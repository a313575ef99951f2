"""Hostile text at every door: refused with a sentence, or done; never a 5xx, and never both refused and done."""

from __future__ import annotations

import random

import pytest

from tests.cast import Cast, prove
from tests.hostile import Storm


def test_a_quick_sample_of_every_door(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.config.middleware.BAD_TOKENS", 10**9)
    storm = Storm(cast, random.Random(9))
    storm.run(600)
    assert not storm.faults, f"{len(storm.faults)}\n" + "\n".join(storm.faults[:20])
    assert storm.counts[200] > 20 and storm.counts[422] > 50, storm.counts
    prove()

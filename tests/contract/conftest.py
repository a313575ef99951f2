from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cast import Cast
from tests.contract.crowd import Crowd


@pytest.fixture
def crowd(cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Crowd:
    monkeypatch.setattr("bursar.config.middleware.BAD_TOKENS", 10**6)  # the walk knocks more often than a guesser may
    settings.BURSAR_HANDBOOK = tmp_path
    return Crowd(cast)

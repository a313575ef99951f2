"""The one clock. Doors read it once and pass `now` down; rules never call it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_fixed: datetime | None = None


def now() -> datetime:
    """The present instant, aware, UTC, to the microsecond (what PostgreSQL keeps)."""
    return _fixed if _fixed is not None else datetime.now(UTC)


def set_fixed(at: datetime | None) -> None:
    """Stops the clock at `at` for this process, or lets it run again (None). For tests and the demo loader."""
    global _fixed
    _fixed = at.astimezone(UTC) if at is not None else None


@contextmanager
def frozen(at: datetime) -> Iterator[datetime]:
    before = _fixed
    set_fixed(at)
    try:
        yield at
    finally:
        set_fixed(before)

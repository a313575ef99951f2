"""What the product is told of usage (what it tells of usage itself comes in by `ingest.py`)."""

from __future__ import annotations

from bursar.actions.webhook_events import Event

EVENTS = {
    "usage.reset": Event(
        "Counting starts at zero for a workspace with a cap; it may record again at once.",
        {"counted_seconds_before": 3720},
        (("Counted hours", "1 h 02", "0 h 00"),),
        of_workspace=True,
    ),
}

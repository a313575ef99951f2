"""One file that holds all, so that a demo goes on where it stopped."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bursar.mollie_sim.posting import Delivery, Parcel
from bursar.mollie_sim.records import dump, load
from bursar.mollie_sim.simulator import Simulator


def save(simulator: Simulator, path: Path) -> None:
    """Whole or not at all: the new file takes the old one's place."""
    with simulator.world.lock:
        state = {
            "ahead": simulator.clock.ahead.total_seconds(),
            "config": asdict(simulator.world.config),
            "records": dump(simulator.world),
            "webhooks": [_written(one) for one in simulator.post.waiting],
            "random": [one.getstate() for one in (simulator.world.random, simulator.post.random)],
        }
        simulator.is_changed = False
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(state, default=str))
    fresh.replace(path)


def restore(simulator: Simulator, path: Path) -> None:
    """Nothing without a file. Raises ValueError for one that cannot be read."""
    if not path.exists():
        return
    try:
        state = json.loads(path.read_text())
        simulator.configure(**state["config"])
        load(simulator.world, state["records"])
        for one in state["webhooks"]:
            simulator.post.again(_read(one))
        for one, (version, numbers, rest) in zip(
            (simulator.world.random, simulator.post.random), state["random"], strict=True
        ):
            one.setstate((version, tuple(numbers), rest))  # else ids would come again
        simulator.clock.move_to(simulator.clock.now() + timedelta(seconds=state["ahead"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} cannot be read ({error}): remove it to start afresh") from None


def _written(delivery: Delivery) -> dict[str, Any]:
    return {**asdict(delivery), "parcel": {**asdict(delivery.parcel), "body": delivery.parcel.body.decode()}}


def _read(values: dict[str, Any]) -> Delivery:
    parcel = values["parcel"]
    due_at = datetime.fromisoformat(values["due_at"])
    parcel = Parcel(parcel["url"], parcel["body"].encode(), parcel["headers"])
    return Delivery(**{**values, "due_at": due_at, "parcel": parcel})

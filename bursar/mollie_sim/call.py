"""What a request asks."""

from __future__ import annotations

from dataclasses import dataclass

from bursar.mollie_sim.answers import Json
from bursar.mollie_sim.world import World


@dataclass(frozen=True)
class Call:
    """mode: test or live, of its key. base: where this simulator answers, for links. ids: from the path."""

    world: World
    mode: str
    is_token: bool
    base: str
    path: str
    ids: dict[str, str]
    query: dict[str, str]
    body: Json

    def embeds(self, name: str) -> bool:
        return name in self.query.get("embed", "").split(",")

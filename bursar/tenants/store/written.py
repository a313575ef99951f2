"""What a pen says of its writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Written:
    """`accounts`: those whose figures may move, and the first instant concerned. `recount`: workspaces whose usage
    may belong to other tiers now. `refused`: place in the set → the sentence; nothing was written for it.
    """

    accounts: dict[int, datetime] = field(default_factory=dict)
    recount: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)

    def touch(self, account_id: int, at: datetime) -> None:
        self.accounts[account_id] = min(at, self.accounts.get(account_id, at))

    def touch_all(self, accounts: Mapping[int, datetime]) -> None:
        for account_id, at in accounts.items():
            self.touch(account_id, at)

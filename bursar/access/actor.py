"""Who does something. Never None: jobs act as a named system actor; API keys and customers are actors too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bursar.access.rights import By, Own, Right


class ActorKind(StrEnum):
    STAFF = "staff"
    CUSTOMER = "customer"
    SYSTEM = "system"
    OPERATOR = "operator"
    API_KEY = "api_key"


class Door(StrEnum):
    PAGE = "page"
    API = "api"
    CLI = "cli"
    JOB = "job"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Actor:
    """`hat` is what the book names: a person with two hats wears one at a time.

    `all_accounts` is true for staff, the system and the operator; else only `account_ids` and `workspace_ids` are in
    reach. `own_account_ids` are the accounts of which this person is a customer: no lever there (DOMAIN 0).
    `customer_id`: the public id that the book names under the customer's hat. `token`: the public id of the one that a
    program carries for a person. `confirmed_at`: when whoever sits at the browser last proved who they are.
    """

    kind: ActorKind
    id: str
    name: str
    door: Door
    rights: frozenset[Right] = frozenset()
    all_accounts: bool = False
    account_ids: frozenset[int] = frozenset()
    own_account_ids: frozenset[int] = frozenset()
    workspace_ids: frozenset[int] = frozenset()
    customer_id: str = ""
    user_id: int | None = None
    staff_id: int | None = None
    person_id: int | None = None
    roles: tuple[str, ...] = field(default=())
    scopes: frozenset[str] = frozenset()
    token: str = ""
    confirmed_at: datetime | None = None

    def can(self, right: str | None) -> bool:
        """A staff right, the scope of a program's key, or what no role opens."""
        return right is None or right in self.rights or right in self.scopes

    def as_customer(self) -> Actor:
        """The same person in the customer's hat: their own accounts, no staff right."""
        return replace(
            self,
            kind=ActorKind.CUSTOMER,
            id=self.customer_id,
            rights=frozenset(),
            scopes=frozenset(Own.values),
            all_accounts=False,
            account_ids=self.own_account_ids,
            staff_id=None,
            roles=(),
        )

    def through(self, door: Door) -> Actor:
        return replace(self, door=door)

    def reference(self) -> dict[str, Any]:
        """What a job carries to act later as the same actor: never with more than now, and with what still holds then
        (`bursar/access/carried.py`).
        """
        return {
            "kind": self.kind.value,
            "id": self.id,
            "name": self.name,
            "user_id": self.user_id,
            "door": self.door.value,
            "rights": sorted(self.rights),
            "token": self.token,
            "confirmed_at": self.confirmed_at.isoformat() if self.confirmed_at else None,
        }


def system(name: str, door: Door = Door.JOB) -> Actor:
    """The named system actor of a job."""
    return Actor(
        ActorKind.SYSTEM,
        f"system:{name}",
        f"Bursar ({name})",
        door,
        frozenset(Right),
        all_accounts=True,
        scopes=frozenset(By.values),
    )


def operator(name: str) -> Actor:
    """The person at the operator's shell: whoever can run the command can do everything, and is named."""
    return Actor(
        ActorKind.OPERATOR,
        f"operator:{name}",
        f"{name} (shell)",
        Door.CLI,
        frozenset(Right),
        all_accounts=True,
        scopes=frozenset({By.SHELL.value}),
    )

"""Pure rules about people and workspaces, and what a customer's role lets them see (DOMAIN 0, 1 and 2, decision 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

NAME_LENGTH = 100
"""Of workspaces that are asked for or made here."""
GOVERNING = frozenset({"owner", "admin"})
BILLING = GOVERNING | {"billing"}
OUTSIDE = frozenset({"external", "observer"})
MAY_ADMINISTER = frozenset({"owner", "admin", "member", "billing"})


@dataclass(frozen=True)
class Sight:
    """One person before one workspace. `role`: their direct one; `above`: theirs in its organisation; "" for none."""

    role: str = ""
    above: str = ""

    @property
    def governs(self) -> bool:
        return self.role in GOVERNING or self.above in GOVERNING

    @property
    def bills(self) -> bool:
        """Prices, discounts and payments."""
        return self.role in BILLING or self.above in BILLING

    @property
    def is_outside(self) -> bool:
        """Guests from another organisation see the plan and whom to ask, and nothing of the people or the past."""
        return self.role in OUTSIDE and not self.bills

    @property
    def sees_people(self) -> bool:
        """Who has a role here, and by name who recorded."""
        return not self.is_outside

    @property
    def may_ask(self) -> bool:
        """A member's ask goes to their own people too; who `bills` requests."""
        return self.bills or bool(self.role and not self.is_outside)

    @property
    def rights(self) -> frozenset[str]:
        """What of `Own` a customer's role opens here: nowhere else is that decided (DOMAIN 8)."""
        runs = self.above in GOVERNING
        opened = {
            "ask": self.may_ask,
            "add_workspace": runs,
            "ask_training": runs,
            "withdraw": self.bills,
            "let_in": self.governs,
        }
        return frozenset(right for right, is_open in opened.items() if is_open)

    @property
    def words(self) -> str:
        return self.role or f"organisation {self.above}"


def why_not_change_admin(candidates: int) -> str | None:
    if candidates == 0:
        return "Nobody else could take over: it needs another direct member who is not external or observer."
    return None


def why_not_hand_over(new_role: str) -> str | None:
    """The new admin is promoted in the same step, so the workspace never lacks one."""
    if new_role in GOVERNING:
        return "That person administers the workspace already."
    return None


def why_not_partner(is_partner: bool, wanted: bool) -> str | None:
    if is_partner == wanted:
        return "It is a partner already." if is_partner else "It is no partner now."
    return None


def why_not_visible(present: str, wanted: str, words: str) -> str | None:
    return f"It is {words} already." if present == wanted else None


def why_not_hand_off(kind: str, is_gone: bool, organisation: str, client: str, client_is_gone: bool) -> str | None:
    """For a workspace of `organisation`, made for `client`; "" where only the data owner's address is known."""
    if is_gone:
        return "The workspace was deleted."
    if kind != "external_client":
        return f"It is {organisation}'s own workspace. Only one for an external client is handed off, to that client."
    return why_not_in_ended(client) if client_is_gone else None


NO_OTHER_ORGANISATION = "A workspace moves to another organisation by a handoff, which staff do."
NO_OTHER_KIND = "A workspace stays internal, or for an external client, as it was made."
NO_OTHER_WORKSPACE = "An invitation stays with its workspace: withdraw it, and make another one."
NO_OTHER_PAYER = "Who pays for a workspace changes by a handoff, which staff do: it keeps the account it has."


NOT_ERASED = "This person was erased here, and stays so: a file does not bring them back."
NO_ERASED_ADDRESS = "The address was erased here and is not kept."
VISIBILITY_IS_SAID = "Who finds it, staff have said here since: “Set visibility…” in the panel changes it."
PARTNER_IS_SAID = "Whether it is a partner, staff have said here since: “Partner…” in the panel changes it."
LIVES_ON = "The product has pushed since then that it lives on, and that stays."


def why_not_overrule(names: Sequence[str]) -> str | None:
    """`names`: attributes that a file says otherwise than the product, which pushed the thing."""
    if not names:
        return None
    words = ", ".join(name.removesuffix("_id").replace("_", " ") for name in names)
    return f"The product pushed this itself, and what it says stays ({words}): say the same, or let it push the change."


def why_not_begin(begins: datetime, made_here: datetime | None, first_end: datetime | None) -> str | None:
    """For a file's beginning of a workspace. `first_end`: when it first went, or moved to another payer."""
    if made_here is not None and begins > made_here:
        return f"It was there on {made_here.isoformat()} already, when it was made here: it does not begin later."
    if first_end is not None and begins >= first_end:
        return f"Its first payer was done with it on {first_end.isoformat()}: it does not begin then or later."
    return None


def why_not_gone(at: datetime | None, changed_at: datetime | None, gone_here: datetime | None) -> str | None:
    """For a file's end of what the product pushed at `changed_at`. `gone_here`: when it pushed that it went."""
    if at is None or changed_at is None:
        return None
    if gone_here is None:
        return LIVES_ON if at <= changed_at else None
    if at > gone_here:
        return f"The product pushed that it was gone by {gone_here.isoformat()}: a file moves that back only."
    return None


def why_not_in_ended(organisation: str) -> str:
    """For a workspace that is made, or comes back."""
    return f"The organisation {organisation} was deleted."


def pays_alone(kind: str, *, own_account: bool) -> bool:
    """External-client work pays for itself; everything else draws on the pooled account, unless it was made apart."""
    return own_account or kind == "external_client"


def why_not_role(role: str, kind: str) -> str | None:
    if role == "observer" and kind == "internal":
        return "Observers exist only in workspaces for external clients."
    return None


def why_no_data_owner(data_owner_id: int | None, data_owner_email: str) -> str | None:
    """For an internal workspace."""
    if data_owner_id is not None or data_owner_email:
        return "Only a workspace for an external client has a data owner."
    return None


def why_not_for_client(
    organisation: str, is_partner: bool, organisation_id: int, data_owner_id: int | None
) -> str | None:
    """For a workspace that is made for an external client, or becomes one."""
    if not is_partner:
        return f"Only a partner makes workspaces for external clients, and {organisation} is none."
    if data_owner_id is None:
        return "A workspace for an external client names the organisation that owns its data."
    if data_owner_id == organisation_id:
        return "The data of a workspace for an external client belongs to another organisation than its own."
    return None


def why_not_end(organisation: str, workspaces: list[str]) -> str:
    """`workspaces`: names of those that live on; at most five are said."""
    names = ", ".join(f"“{name}”" for name in workspaces[:5])
    more = f" and {len(workspaces) - 5} more" if len(workspaces) > 5 else ""
    return f"{organisation} cannot end while workspaces of it live on: {names}{more}. End them first."

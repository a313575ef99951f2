"""Every verb of staff. Importing this registers them."""

from bursar.staff.actions import adding, members, targets, tokens

__all__ = ["adding", "members", "targets", "tokens"]

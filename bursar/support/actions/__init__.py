"""Every verb of support access, all of them on the workspace. Importing this registers them."""

from bursar.support.actions import by_clock, decisions, handoff, likely, sessions, switch

__all__ = ["by_clock", "decisions", "handoff", "likely", "sessions", "switch"]

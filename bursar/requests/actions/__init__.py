"""Every verb of requests. Importing this registers them."""

from bursar.requests.actions import asks, decisions, handoff, likely, workspaces

__all__ = ["asks", "decisions", "handoff", "likely", "workspaces"]

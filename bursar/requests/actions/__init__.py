"""Every verb of requests. Importing this registers them."""

from bursar.requests.actions import asks, decisions, likely, workspaces

__all__ = ["asks", "decisions", "likely", "workspaces"]

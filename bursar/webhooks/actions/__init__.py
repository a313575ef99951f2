"""Every verb of the outgoing webhooks. Importing this registers them, in the order of the kebab."""

from bursar.webhooks.actions import endpoints, messages, waiting

__all__ = ["endpoints", "messages", "waiting"]

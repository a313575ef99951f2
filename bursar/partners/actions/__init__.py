"""Every verb of partners. Importing this registers them."""

from bursar.partners.actions import clients, entries, export, settling, targets

__all__ = ["clients", "entries", "export", "settling", "targets"]

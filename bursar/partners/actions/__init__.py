"""Every verb of partners. Importing this registers them."""

from bursar.partners.actions import entries, export, settling, targets

__all__ = ["entries", "export", "settling", "targets"]

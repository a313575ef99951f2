"""Every verb of partners. Importing this registers them."""

from bursar.partners.actions import entries, settling, targets

__all__ = ["entries", "settling", "targets"]

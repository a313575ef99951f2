"""Every verb of partners. Importing this registers them, and what needs a human here."""

from bursar.partners.actions import clients, entries, entries_back, export, handoff, self_billing, settling, targets
from bursar.partners.queries import leading

__all__ = ["clients", "entries", "entries_back", "export", "handoff", "leading", "self_billing", "settling", "targets"]

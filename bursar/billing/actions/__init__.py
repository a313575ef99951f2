"""Every verb of billing. Importing this registers them."""

from bursar.billing.actions import details, vat_ids

__all__ = ["details", "vat_ids"]

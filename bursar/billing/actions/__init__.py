"""Every verb of billing. Importing this registers them."""

from bursar.billing.actions import details, invoices, vat_ids

__all__ = ["details", "invoices", "vat_ids"]

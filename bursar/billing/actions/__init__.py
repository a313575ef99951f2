"""Every verb of billing. Importing this registers them."""

from bursar.billing.actions import crediting, details, invoices, settling, targets, vat_ids

__all__ = ["crediting", "details", "invoices", "settling", "targets", "vat_ids"]

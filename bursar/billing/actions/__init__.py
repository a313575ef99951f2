"""Every verb of billing. Importing this registers them."""

from bursar.billing.actions import (
    bank_files,
    bank_lines,
    bank_money,
    credit,
    crediting,
    details,
    invoices,
    settling,
    targets,
    vat_ids,
)

__all__ = [
    "bank_files",
    "bank_lines",
    "bank_money",
    "credit",
    "crediting",
    "details",
    "invoices",
    "settling",
    "targets",
    "vat_ids",
]

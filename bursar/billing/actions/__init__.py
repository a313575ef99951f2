"""Every verb of billing. Importing this registers them."""

from bursar.billing.actions import (
    credit,
    crediting,
    details,
    drafts,
    due,
    extra_seats,
    invoices,
    settling,
    targets,
    vat_ids,
)

__all__ = [
    "credit",
    "crediting",
    "details",
    "drafts",
    "due",
    "extra_seats",
    "invoices",
    "settling",
    "targets",
    "vat_ids",
]

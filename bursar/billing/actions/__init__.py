"""Every verb of billing. Importing this registers them."""

from bursar.billing.actions import (
    credit,
    crediting,
    details,
    drafts,
    due,
    exports,
    extra_seats,
    invoices,
    not_issued,
    reminding,
    removing,
    sending,
    settling,
    targets,
    turning,
    vat_ids,
)

__all__ = [
    "credit",
    "crediting",
    "details",
    "drafts",
    "due",
    "exports",
    "extra_seats",
    "invoices",
    "not_issued",
    "reminding",
    "removing",
    "sending",
    "settling",
    "targets",
    "turning",
    "vat_ids",
]

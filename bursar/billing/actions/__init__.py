"""Every verb of billing. Importing this registers them."""

from bursar.billing.actions import (
    credit,
    crediting,
    details,
    exports,
    invoices,
    reminding,
    removing,
    sending,
    settling,
    targets,
    vat_ids,
)

__all__ = [
    "credit",
    "crediting",
    "details",
    "exports",
    "invoices",
    "reminding",
    "removing",
    "sending",
    "settling",
    "targets",
    "vat_ids",
]
